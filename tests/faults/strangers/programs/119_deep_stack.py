import gzip, os
import numpy as np
import torch
from torch import nn
from recipe import Experiment

base = os.environ["RECIPE_TEST_DATA"] + "/mnist10k/t10k-"
x = np.frombuffer(gzip.open(base + "images-idx3-ubyte.gz").read(), np.uint8, -1, 16).reshape(-1, 784)
y = np.frombuffer(gzip.open(base + "labels-idx1-ubyte.gz").read(), np.uint8, -1, 8)
x = torch.tensor((x - 33.0) / 79.0, dtype=torch.float32)
y = torch.tensor(y.astype(np.int64))


class Gated(nn.Module):
    """x + alpha * f(x), where alpha starts at nought (ReZero)."""

    def __init__(self, dim):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim))
        self.alpha = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return x + self.alpha * self.f(x)


class DeepStack(nn.Module):
    def __init__(self, dim=64, depth=24):
        super().__init__()
        self.inp = nn.Linear(784, dim)
        self.blocks = nn.ModuleList(Gated(dim) for _ in range(depth))
        self.out = nn.Linear(dim, 10)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x):
        x = torch.relu(self.inp(x))
        for block in self.blocks:
            x = block(x)
        return self.out(x)


experiment = Experiment(
    model=DeepStack,
    train=(x[:3000], y[:3000]),
    val=(x[3000:4000], y[3000:4000]),
    optimizer="adam",
    lr=1e-3,
    batch_size=64,
    epochs=8,
)
