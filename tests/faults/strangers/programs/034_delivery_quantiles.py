"""10 %, 50 % and 90 % quantiles of delivery times by the pinball loss."""
import numpy as np
import torch
from torch import nn
from recipe import Experiment

QUANTILES = torch.tensor([0.1, 0.5, 0.9])
rng = np.random.default_rng(27)


def deliveries(n):
    km = rng.uniform(0.5, 15, n)
    traffic = rng.beta(2, 3, n)
    parcels = rng.integers(1, 8, n)
    minutes = 5 + 2.2 * km * (1 + traffic) + 1.5 * parcels + rng.gamma(2, 1 + 2 * traffic * km / 5, n)
    x = np.column_stack([km / 4 - 2, traffic * 4 - 1.6, parcels / 2 - 2])
    return x.astype(np.float32), (minutes / 20 - 2).astype(np.float32)


def pinball(prediction, target):
    prediction = torch.as_tensor(prediction)
    error = torch.as_tensor(target).reshape(-1, 1) - prediction
    return torch.maximum(QUANTILES * error, (QUANTILES - 1) * error).mean()


class QuantileNet(nn.Module):
    def __init__(self, hidden=40):
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(3, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.low = nn.Linear(hidden, 1)
        self.gaps = nn.Linear(hidden, 2)

    def forward(self, x):
        h = self.shared(x)
        low = self.low(h)
        gaps = nn.functional.softplus(self.gaps(h))
        return torch.cat([low, low + gaps[:, :1], low + gaps.sum(1, keepdim=True)], dim=1)


train, val = deliveries(3000), deliveries(800)

experiment = Experiment(
    model=QuantileNet,
    train=train,
    val=val,
    task="regression",
    loss=pinball,
    metric=lambda out, tgt: -float(pinball(out, tgt)),
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=12,
)
