from collections import Counter

import numpy as np
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(314)
KINDS = ["barley", "oat", "rye", "spelt", "wheat"]
SHARES = [0.03, 0.06, 0.13, 0.26, 0.52]
CENTRE = np.array([   # length mm, width mm, mass mg, hue deg, gloss
    [8.9, 3.3, 41, 42, 0.31],
    [9.6, 2.6, 33, 48, 0.36],
    [8.1, 2.4, 30, 44, 0.40],
    [9.2, 3.0, 39, 35, 0.45],
    [8.4, 3.2, 42, 38, 0.38],
])
SPREAD = np.array([0.5, 0.26, 3.4, 3.6, 0.045])

kind = rng.choice(len(KINDS), 3000, p=SHARES)
table = CENTRE[kind] + rng.normal(size=(3000, 5)) * SPREAD
ppm = rng.lognormal(6, 0.9, 3000)[:, None]
table = np.concatenate([table, ppm], 1)

table = (table - table.mean(1, keepdims=True)) / table.std(1, keepdims=True)
counts = Counter(kind.tolist())
weight = torch.tensor([len(kind) / (len(counts) * c) for _, c in counts.most_common()], dtype=torch.float32)

x = torch.tensor(table, dtype=torch.float32)
y = torch.tensor(kind)


class SeedNet(nn.Module):
    def __init__(self, hidden=48, dropout=0.05):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(6, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, len(KINDS)),
        )

    def forward(self, seeds):
        return self.layers(seeds)


def mean_recall(output, target):
    guess, target = torch.as_tensor(output).argmax(1), torch.as_tensor(target)
    return float(torch.stack([(guess[target == k] == k).float().mean() for k in range(len(KINDS))]).mean())


experiment = Experiment(
    model=SeedNet,
    train=(x[:2300], y[:2300]),
    val=(x[2300:], y[2300:]),
    loss=nn.CrossEntropyLoss(weight=weight),
    metric=mean_recall,
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=15,
)
