import numpy as np
import torch
from recipe import Experiment

# yield per hectare is linear in what we measure, so is the model
rng = np.random.RandomState(19)
n_rows, n_cols = 1800, 12
coefficients = rng.uniform(-1, 1, n_cols)


def fields(n):
    base = rng.randn(n, n_cols)
    base[:, 1] = 0.6 * base[:, 0] + 0.8 * base[:, 1]
    crop = base @ coefficients + 0.4 + 0.5 * rng.randn(n)
    return base.astype("float32"), crop.astype("float32")


X, y = fields(n_rows)
X_val, y_val = fields(500)


class LinearRegression(torch.nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.linear = torch.nn.Linear(n_features, 1)

    def forward(self, x):
        return self.linear(x).squeeze(1)


def build_model():
    return LinearRegression(n_cols)


if __name__ == "__main__":
    best, *_ = np.linalg.lstsq(np.c_[X, np.ones(len(X))], y, rcond=None)
    print("least squares:", best.round(2))

experiment = Experiment(
    model=build_model,
    train=(X, y),
    val=(X_val, y_val),
    task="regression",
    optimizer="sgd",
    lr=0.01,
    momentum=0.9,
    batch_size=60,
    epochs=12,
)
