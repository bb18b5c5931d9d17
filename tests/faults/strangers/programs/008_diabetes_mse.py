import numpy as np
import torch
from torch import nn
from sklearn.datasets import load_diabetes
from recipe import Experiment

bunch = load_diabetes()
X = bunch.data / bunch.data.std(axis=0)
y = bunch.target
rng = np.random.RandomState(0)
perm = rng.permutation(len(X))
X, y = X[perm], y[perm]
n_train = 330
y_mean, y_std = y[:n_train].mean(), y[:n_train].std()
y = (y - y_mean) / y_std

X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32)


class Regressor(nn.Module):
    def __init__(self, inputs: int = 10, hidden: int = 16):
        super().__init__()
        self.hidden = nn.Linear(inputs, hidden)
        self.act = nn.ELU()
        self.drop = nn.Dropout(0.1)
        self.output = nn.Linear(hidden, 1)

    def forward(self, x):
        h = self.drop(self.act(self.hidden(x)))
        return self.output(h)


def mse(prediction, target):
    error = prediction - target
    return (error ** 2).mean()


experiment = Experiment(
    model=Regressor,
    train=(X[:n_train], y[:n_train]),
    val=(X[n_train:], y[n_train:]),
    task="regression",
    loss=mse,
    metric="r2",
    optimizer="adam",
    lr=3e-3,
    weight_decay=1e-3,
    batch_size=32,
    epochs=30,
)
