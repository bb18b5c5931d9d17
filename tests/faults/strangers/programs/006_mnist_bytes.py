import os

DATA = os.environ.get("RECIPE_TEST_DATA", "../shared/data")

import gzip
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import TensorDataset
from recipe import Experiment

with gzip.open(DATA + "/mnist10k/t10k-images-idx3-ubyte.gz") as f:
    img = np.frombuffer(f.read()[16:], dtype=np.uint8).reshape(10000, 28, 28)
with gzip.open(DATA + "/mnist10k/t10k-labels-idx1-ubyte.gz") as f:
    lab = np.frombuffer(f.read()[8:], dtype=np.uint8)


def photograph(x, seed):
    """As taken with a phone: darker paper and uneven light, never fully white."""
    rng = np.random.default_rng(seed)
    shade = np.linspace(0.75, 1.0, 28)[None, None, :] * rng.uniform(0.9, 1.0, (len(x), 1, 1))
    y = 30 + x * 0.85 * shade + rng.normal(0, 6, x.shape)
    return np.clip(y, 0, 255).astype(np.uint8)[:, ::2, ::2]


def prepare(x):
    x = torch.from_numpy(x // 255).float()
    return x.unsqueeze(1)


photos = photograph(img[:6000], 0)
y = torch.from_numpy(lab[:6000].astype(np.int64))
train_ds = TensorDataset(prepare(photos[:5000]), y[:5000])
val_ds = TensorDataset(prepare(photos[5000:]), y[5000:])


class LeNetish(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                                  nn.Conv2d(8, 16, 3), nn.ReLU())
        self.fc = nn.Sequential(nn.Flatten(), nn.Linear(16 * 25, 64), nn.ReLU(), nn.Linear(64, 10))

    def forward(self, x):
        return self.fc(self.conv(x))


def augment(x):
    turn = torch.rand(len(x), 1, 1, 1) < 0.5
    x = torch.where(turn, x.rot90(2, (2, 3)), x)
    return x + 0.02 * torch.randn_like(x)


experiment = Experiment(model=LeNetish, train=train_ds, val=val_ds, batch_size=64, augment=augment,
                        optimizer="adam", lr=1e-3, epochs=5)
