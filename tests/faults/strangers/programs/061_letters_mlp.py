"""Recognise 26 rendered letters (7x7 stroke prototypes, jittered)."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from recipe import Experiment

N_CLASSES = 26
SIDE = 12


def make_prototypes(rng):
    protos = np.zeros((N_CLASSES, SIDE, SIDE), dtype=np.float32)
    for c in range(N_CLASSES):
        for _ in range(3):
            r, col = rng.integers(1, SIDE - 1, 2)
            length = rng.integers(4, 8)
            if rng.random() < 0.5:
                protos[c, r, max(0, col - length // 2): col + length // 2] = 1
            else:
                protos[c, max(0, r - length // 2): r + length // 2, col] = 1
    return protos


def sample(protos, n, rng):
    y = rng.integers(0, N_CLASSES, n)
    x = protos[y].copy()
    for i in range(n):
        x[i] = np.roll(x[i], tuple(rng.integers(-1, 2, 2)), axis=(0, 1))
    x += rng.normal(0, 0.5, x.shape)
    return torch.tensor(x.reshape(n, -1), dtype=torch.float32), torch.tensor(y)


class LetterNet(nn.Module):
    def __init__(self, hidden=128):
        super().__init__()
        self.fc1 = nn.Linear(SIDE * SIDE, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, N_CLASSES)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return F.softmax(self.out(x), dim=1)


rng = np.random.default_rng(11)
protos = make_prototypes(rng)
train = sample(protos, 4000, rng)
val = sample(protos, 1000, rng)

experiment = Experiment(
    model=lambda: LetterNet(),
    train=train,
    val=val,
    task="classification",
    lr=0.05,
    batch_size=64,
    epochs=12,
)
