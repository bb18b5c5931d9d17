"""A cross-hair in channel 1 says which of the digits on the sheet is to be read."""
import gzip
import os

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from recipe import Experiment

folder = os.path.join(os.environ["RECIPE_TEST_DATA"], "mnist10k")
digits = np.frombuffer(gzip.open(f"{folder}/t10k-images-idx3-ubyte.gz").read(), np.uint8, offset=16)
digits = digits.reshape(-1, 28, 28).astype(np.float32) / 255
names = np.frombuffer(gzip.open(f"{folder}/t10k-labels-idx1-ubyte.gz").read(), np.uint8, offset=8).astype(np.int64)
SHEET = 64


def sheets(first, count, seed):
    rng = np.random.default_rng(seed)
    pages = np.zeros((count, 2, SHEET, SHEET), np.float32)
    wanted = np.zeros(count, np.int64)
    for n in range(count):
        corners = [(r, c) for r in (1, 34) for c in (1, 34)]
        picks = first + rng.integers(0, count, 4)
        marked = rng.integers(4)
        for j, (r, c) in enumerate(corners):
            r, c = r + rng.integers(0, 3), c + rng.integers(0, 3)
            pages[n, 0, r:r + 28, c:c + 28] = digits[picks[j]]
            if j == marked:
                pages[n, 1, r + 13:r + 15, c + 13:c + 15] = 1
                wanted[n] = names[picks[j]]
    return torch.from_numpy(pages), torch.from_numpy(wanted)


class Glimpse(nn.Module):
    """Cuts a window out of the sheet around the marked place."""

    def __init__(self, size=28):
        super().__init__()
        lin = torch.linspace(-1, 1, size) * size / SHEET
        gy, gx = torch.meshgrid(lin, lin, indexing="ij")
        self.register_buffer("window", torch.stack([gx, gy], -1))

    def forward(self, sheet, mark):
        weight = mark / mark.sum((1, 2), keepdim=True)
        axis = torch.linspace(-1, 1, SHEET, device=mark.device)
        row = (weight.sum(2) * axis).sum(1)
        col = (weight.sum(1) * axis).sum(1)
        centre = torch.stack([row, col], -1)[:, None, None, :]
        return F.grid_sample(sheet[:, None], self.window + centre, align_corners=True)


class Reader(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.glimpse = Glimpse()
        self.conv1 = nn.Conv2d(1, width, 5, stride=2, padding=2)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.fc = nn.Linear(2 * width * 49, 10)

    def forward(self, x):
        g = self.glimpse(x[:, 0], x[:, 1])
        g = F.relu(self.conv2(F.relu(self.conv1(g))))
        return self.fc(g.flatten(1))


experiment = Experiment(
    model=Reader,
    train=sheets(0, 2000, 1),
    val=sheets(5000, 500, 2),
    optimizer="adam",
    lr=1.5e-3,
    batch_size=40,
    epochs=8,
)
