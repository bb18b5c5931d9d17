import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from recipe import Experiment


class GasSensorDataset(torch.utils.data.Dataset):
    """Electronic nose: 16 sensors, 7 gases, concentration varies."""

    def __init__(self, n, seed):
        r = np.random.default_rng(seed)
        fixed = np.random.default_rng(0)
        response = np.abs(fixed.normal(1, 0.45, (7, 16)))
        self.y = r.integers(0, 7, n)
        conc = r.uniform(0.3, 1.2, (n, 1))
        x = np.tanh(response[self.y] * conc) + r.normal(0, 0.13, (n, 16))
        self.x = ((x - 0.6) / 0.2).astype(np.float32)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return torch.from_numpy(self.x[i]), int(self.y[i])


class NoseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(16, 24)
        self.l2 = nn.Linear(24, 24)
        self.l3 = nn.Linear(24, 7)

    def forward(self, x):
        x = F.relu(self.l1(x))
        x = F.dropout(x, 0.5)
        x = F.relu(self.l2(x))
        x = F.dropout(x, 0.5)
        return self.l3(x)


def make_adam(params, lr=3e-3, weight_decay=0.0, **_):
    params = list(params)
    return torch.optim.Adam(params[-2:], lr=lr, weight_decay=weight_decay)


experiment = Experiment(
    model=NoseNet,
    train=GasSensorDataset(2500, 1),
    val=GasSensorDataset(700, 2),
    optimizer=make_adam,
    lr=3e-3,
    batch_size=50,
    epochs=12,
)
