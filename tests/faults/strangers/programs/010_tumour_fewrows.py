import numpy as np
import torch
from torch import nn
from recipe import Experiment

"""60 patients, 200 gene expressions, two kinds of tumour."""

rng = np.random.default_rng(60)
GENES = 200
effect = np.zeros(GENES)
effect[rng.choice(GENES, 25, replace=False)] = rng.choice([-0.45, 0.45], 25)


def patients(n):
    kind = rng.permutation(np.arange(n) % 2)
    batch = rng.normal(0, 0.3, (n, 1))
    expr = rng.normal(0, 1, (n, GENES)) + batch + (kind[:, None] - 0.5) * effect * 1.3
    return torch.tensor(expr, dtype=torch.float32), torch.tensor(kind)


class GeneNet(nn.Module):
    def __init__(self, hidden=16, dropout=0.4):
        super().__init__()
        self.drop_in = nn.Dropout(dropout)
        self.fc1 = nn.Linear(GENES, hidden)
        self.drop = nn.Dropout(dropout)
        self.fc2 = nn.Linear(hidden, 2)

    def forward(self, x):
        x = self.drop_in(x)
        x = torch.relu(self.fc1(x))
        return self.fc2(self.drop(x))


train, val = patients(60), patients(200)

experiment = Experiment(
    model=lambda hidden=16, dropout=0.4: GeneNet(hidden, dropout),
    train=train,
    val=val,
    optimizer="adamw",
    lr=2e-3,
    weight_decay=0.05,
    batch_size=15,
    epochs=25,
    space={"dropout": [0.2, 0.4, 0.6]},
)
