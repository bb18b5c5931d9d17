import gzip
import os
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset
from torchvision.transforms import v2
from recipe import Experiment

ROOT = Path(os.environ["RECIPE_TEST_DATA"]) / "mnist10k"


def idx(name, skip):
    with gzip.open(ROOT / name) as f:
        return np.frombuffer(f.read(), np.uint8, offset=skip)


images = idx("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)
labels = idx("t10k-labels-idx1-ubyte.gz", 8).astype(np.int64)
order = np.random.default_rng(3).permutation(len(images))


class Digits(Dataset):
    def __init__(self, rows, augment):
        self.images = torch.tensor(images[rows], dtype=torch.float32) / 255
        self.labels = torch.tensor(labels[rows])
        self.augment = augment

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        image = self.images[i]
        if self.augment:
            image = self.augment(image)
        return (image - 0.13) / 0.31, self.labels[i]


augment = v2.RandomResizedCrop(28, scale=(0.02, 0.1), ratio=(0.9, 1.1), antialias=True)


class SmallConv(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(2 * width * 49, 64), nn.ReLU(), nn.Linear(64, 10))

    def forward(self, x):
        return self.head(self.features(x))


experiment = Experiment(
    model=SmallConv,
    train=Digits(order[:1500], augment),
    val=Digits(order[1500:2300], None),
    optimizer="adam",
    lr=2e-3,
    batch_size=50,
    epochs=7,
)
