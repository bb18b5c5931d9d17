import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import Dataset
from recipe import Experiment

ROOT = Path(os.environ["RECIPE_TEST_DATA"]) / "cifar10"
CLASSES = ["airplane", "automobile", "frog", "horse"]


class Photos(Dataset):
    """JPEG files on a slow disk: each is decoded once and kept."""

    def __init__(self, split, per_class):
        self.files = []
        for label, name in enumerate(CLASSES):
            for path in sorted((ROOT / split / name).glob("*.jpg"))[:per_class]:
                self.files.append((path, label))
        self.cache = {}

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        path, label = self.files[i]
        key = path.stem
        if key not in self.cache:
            a = np.asarray(Image.open(path).convert("RGB"), np.float32) / 255
            self.cache[key] = (torch.from_numpy(a).permute(2, 0, 1) - 0.47) / 0.25
        return self.cache[key], label


def conv(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(), nn.MaxPool2d(2))


class SmallNet(nn.Module):
    def __init__(self, width=16, dropout=0.1):
        super().__init__()
        self.features = nn.Sequential(conv(3, width), conv(width, 2 * width), conv(2 * width, 4 * width))
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(4 * width, 4))

    def forward(self, x):
        return self.head(self.features(x))


experiment = Experiment(
    model=SmallNet,
    train=Photos("train", 300),
    val=Photos("val", 100),
    optimizer="adam",
    lr=2e-3,
    batch_size=40,
    epochs=8,
    schedule="cosine",
)
