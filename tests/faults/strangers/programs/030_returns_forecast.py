import numpy as np
import torch
from torch import nn
from recipe import Experiment

"""Daily returns: the predictable part is tiny, as in real markets."""

rng = np.random.default_rng(1987)
LAGS = 5


def market(days):
    r = np.zeros(days)
    volume = rng.normal(0, 1, days)
    for t in range(1, days):
        signal = 0.13 * r[t - 1] + 0.3 * np.tanh(volume[t - 1])
        r[t] = signal + rng.normal(0, 1)
    return r, volume


def samples(r, volume):
    rows = []
    for t in range(LAGS, len(r)):
        rows.append(np.concatenate([r[t - LAGS:t], volume[t - LAGS:t]]))
    return np.array(rows, dtype=np.float32), r[LAGS:].astype(np.float32)


returns, volume = market(9000)
X, y = samples(returns, volume)
cut = 7000
X_train, y_train, X_val, y_val = X[:cut], y[:cut], X[cut:], y[cut:]


class ReturnNet(nn.Module):
    def __init__(self, hidden=8):
        super().__init__()
        self.skip = nn.Linear(2 * LAGS, 1)
        self.deep = nn.Sequential(nn.Linear(2 * LAGS, hidden), nn.Tanh(), nn.Linear(hidden, 1))

    def forward(self, x):
        return (self.skip(x) + self.deep(x)).squeeze(-1)


experiment = Experiment(
    model=ReturnNet,
    train=(torch.tensor(X_train), torch.tensor(y_train)),
    val=(torch.tensor(X_val), torch.tensor(y_val)),
    task="regression",
    metric="r2",
    optimizer="adam",
    lr=1e-3,
    weight_decay=1e-3,
    batch_size=100,
    epochs=8,
)
