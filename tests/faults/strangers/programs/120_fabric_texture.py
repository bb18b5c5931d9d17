import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from recipe import Experiment

rng = np.random.default_rng(77)
N_CLASS = 6


def swatch(k):
    yy, xx = np.mgrid[:24, :24]
    f = [0.6, 0.9, 1.3][k % 3]
    ph = rng.uniform(0, 2 * np.pi, 2)
    if k < 3:
        weave = np.sin(f * xx + ph[0]) * np.sin(f * yy + ph[1])
    else:
        weave = np.sin(f * (xx + yy) / 1.4 + ph[0])
    tint = rng.uniform(-0.6, 0.6, 3)[:, None, None]
    return weave * rng.uniform(0.6, 1.2) + tint + rng.normal(0, 0.8, (3, 24, 24))


def swatches(n):
    y = rng.integers(0, N_CLASS, n)
    x = np.stack([swatch(k) for k in y]).astype(np.float32)
    return torch.from_numpy(x), torch.from_numpy(y)


class FabricNet(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.bn = nn.BatchNorm2d(width)
        self.fc = nn.Linear(width, N_CLASS)

    def forward(self, x):
        x = F.relu(self.bn(self.stem(x)))
        x = F.max_pool2d(x, 2)
        x = F.relu(self.bn(self.conv1(x)))
        x = F.max_pool2d(x, 2)
        x = F.relu(self.bn(self.conv2(x)))
        return self.fc(x.mean((2, 3)))


experiment = Experiment(
    model=FabricNet,
    train=swatches(1500),
    val=swatches(500),
    lr=0.05,
    momentum=0.9,
    weight_decay=5e-4,
    batch_size=50,
    epochs=8,
    schedule="cosine",
)
