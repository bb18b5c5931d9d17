"""Concentration of a dye (in umol/l) from microscope pictures of fluorescent cells."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset
from recipe import Experiment


class Cells(Dataset):
    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        yy, xx = np.mgrid[:24, :24]
        self.pictures = np.zeros((n, 24, 24), np.float32)
        self.dose = rng.uniform(0.5, 8.0, n).astype(np.float32)
        for p, dose in zip(self.pictures, self.dose):
            for _ in range(rng.integers(3, 8)):
                cy, cx, r = rng.uniform(2, 22), rng.uniform(2, 22), rng.uniform(1.5, 3.0)
                p += rng.uniform(0.9, 1.1) * np.exp(-((yy - cy) ** 2 + (xx - cx) ** 2) / (2 * r * r))
            p += 0.3 + 0.06 * rng.normal(size=p.shape)     # dye left in the medium
            p *= 25 * dose

    def __len__(self):
        return len(self.dose)

    def __getitem__(self, i):
        p = torch.from_numpy(self.pictures[i])
        p = (p - p.mean()) / (p.std() + 1e-6)
        return p[None], torch.tensor([(self.dose[i] - 4.25) / 2.2])


class DoseNet(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(),
        )
        self.regress = nn.Sequential(nn.Linear(2 * width, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        h = self.conv(x)
        return self.regress(torch.cat([h.mean((2, 3)), h.amax((2, 3))], 1))


experiment = Experiment(
    model=DoseNet,
    train=Cells(1200, 5),
    val=Cells(400, 6),
    task="regression",
    loss=nn.MSELoss(),
    optimizer="adam",
    lr=2e-3,
    batch_size=32,
    epochs=8,
)
