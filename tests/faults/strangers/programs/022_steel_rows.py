import csv
import io
import numpy as np
import torch
from torch import nn
from recipe import Experiment


def write_log(n=2600, seed=4):
    """Measurements of a rolling mill as one text table, and the grades as another."""
    rng = np.random.default_rng(seed)
    temp, speed, carbon = rng.normal(900, 40, n), rng.normal(6, 1.2, n), rng.gamma(3, 0.1, n)
    force, thick = rng.normal(12, 2, n), rng.uniform(1, 4, n)
    hard = 0.02 * (temp - 900) + 1.5 * (carbon - 0.3) * 5 - 0.8 * (speed - 6) * (thick - 2.5) + rng.normal(0, 0.5, n)
    grade = np.digitize(hard, [-1.0, 1.0])
    a, b = io.StringIO(), io.StringIO()
    a.write("temp,speed,carbon,force,thick\n")
    b.write("grade\n")
    for i in range(n):
        a.write(f"{temp[i]:.1f},{speed[i]:.2f},{carbon[i]:.3f},{force[i]:.2f},{thick[i]:.2f}\n")
        b.write(f"{grade[i]}\n")
    return a.getvalue(), b.getvalue()


measurements, grades = write_log()
rows = list(csv.reader(io.StringIO(measurements)))[1:]
X = np.array(rows[1:], dtype=np.float32)
y = np.array([int(line) for line in grades.split()[1:]])[: len(X)]

mean, std = X[:2000].mean(0), X[:2000].std(0)
X = (X - mean) / std
X, y = torch.tensor(X), torch.tensor(y)


class Grader(nn.Module):
    def __init__(self, n_in=5, n_hidden=48, n_out=3):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_in, n_hidden), nn.ReLU(),
                                    nn.Linear(n_hidden, n_hidden), nn.ReLU(),
                                    nn.Linear(n_hidden, n_out))

    def forward(self, x):
        return self.layers(x)


experiment = Experiment(
    model=Grader,
    train=(X[:2000], y[:2000]),
    val=(X[2000:], y[2000:]),
    optimizer="adamw",
    lr=5e-3,
    weight_decay=1e-3,
    batch_size=100,
    epochs=15,
)
