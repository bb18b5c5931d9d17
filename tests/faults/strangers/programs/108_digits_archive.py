"""Digits packed the way the archive ships them: one big array, height x width x item."""
import gzip
import os
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
from recipe import Experiment

root = Path(os.environ["RECIPE_TEST_DATA"]) / "mnist10k"
with gzip.open(root / "t10k-images-idx3-ubyte.gz") as f:
    raw = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 28, 28)
with gzip.open(root / "t10k-labels-idx1-ubyte.gz") as f:
    y = np.frombuffer(f.read(), np.uint8, offset=8).astype(np.int64)

order = np.random.RandomState(7).permutation(len(raw))[:3000]
archive = {"X": np.stack([raw[i] for i in order], axis=-1), "y": y[order]}


def unpack(mat):
    h, w, n = mat["X"].shape
    images = mat["X"].reshape(n, 1, h, w).astype(np.float32) / 255
    images = (images - images.mean()) / images.std()
    return torch.from_numpy(images), torch.from_numpy(mat["y"])


X, Y = unpack(archive)

def make(ch=16, drop=0.2):
    return nn.Sequential(
        nn.Conv2d(1, ch, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(ch, 2 * ch, 3, stride=2, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Dropout(drop), nn.Linear(2 * ch * 49, 10),
    )

experiment = Experiment(
    model=make,
    train=(X[:2400], Y[:2400]),
    val=(X[2400:], Y[2400:]),
    optimizer="adamw",
    lr=1e-3,
    weight_decay=1e-2,
    batch_size=64,
    epochs=8,
)
