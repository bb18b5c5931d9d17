import numpy as np
import torch
from torch import nn
from recipe import Experiment

# a low rate on purpose: Adam at 2e-4 for many epochs
rng = np.random.default_rng(1234)


def leaves(n):
    origin = rng.integers(0, 4, n)
    tannin = rng.normal([1.0, 1.4, 1.1, 0.7], 0.3, (n, 4))[np.arange(n), origin]
    caffeine = rng.normal([3.0, 3.3, 2.4, 2.9], 0.4, (n, 4))[np.arange(n), origin]
    colour = rng.normal(size=(n, 3)) * 0.6 + np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 1, 0]])[origin]
    moisture = rng.uniform(2, 7, n)
    x = np.column_stack([tannin / 0.4 - 2.6, caffeine / 0.5 - 5.8, colour, (moisture - 4.5) / 1.4])
    return torch.tensor(x, dtype=torch.float32), torch.tensor(origin)


class TeaNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(6, 96), nn.ReLU(),
            nn.Linear(96, 96), nn.ReLU(),
        )
        self.classify = nn.Linear(96, 4)

    def forward(self, x):
        return self.classify(self.trunk(x))


train = leaves(1500)
val = leaves(500)

experiment = Experiment(
    model=TeaNet,
    train=train,
    val=val,
    optimizer="adam",
    lr=2e-4,
    batch_size=50,
    epochs=40,
    schedule="constant",
)
