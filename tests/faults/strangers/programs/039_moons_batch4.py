import torch
from sklearn.datasets import make_moons
from sklearn.model_selection import train_test_split
from torch import nn
from recipe import Experiment

points, side = make_moons(1000, noise=0.22, random_state=4)
a, b, c, d = train_test_split(points, side, test_size=0.3, random_state=4)


def t(v, kind):
    return torch.as_tensor(v, dtype=kind)


class Moons(nn.Module):
    """Three small layers; trained four points at a time."""

    def __init__(self, n=24):
        super().__init__()
        self.one = nn.Linear(2, n)
        self.two = nn.Linear(n, n)
        self.three = nn.Linear(n, 2)

    def forward(self, xy):
        xy = torch.relu(self.one(xy))
        xy = torch.relu(self.two(xy))
        return self.three(xy)


train = (t(a, torch.float32), t(c, torch.int64))
val = (t(b, torch.float32), t(d, torch.int64))

print(len(train[0]), "points to train,", len(val[0]), "to validate")

experiment = Experiment(
    model=Moons,
    train=train,
    val=val,
    optimizer="sgd",
    lr=0.02,
    momentum=0.9,
    batch_size=4,
    epochs=10,
    schedule="constant",
)
