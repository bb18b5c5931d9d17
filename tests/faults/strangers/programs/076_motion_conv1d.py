import numpy as np, torch
import torch.nn as nn
from recipe import Experiment

"""Activity recognition from a 3-axis accelerometer + 3-axis gyro, 40 samples per window."""

T, C = 40, 6
activities = ["walk", "run", "stairs", "sit", "cycle", "jump"]


def window(a, rng):
    t = np.arange(T) / 20.0
    sig = rng.normal(0, 0.6, (T, C))
    ph = rng.uniform(0, 2 * np.pi)
    if a == 0:
        sig[:, 0] += np.sin(2 * np.pi * 1.8 * t + ph); sig[:, 4] += 0.6 * np.cos(2 * np.pi * 0.9 * t + ph)
    if a == 1:
        sig[:, 0] += np.sin(2 * np.pi * 2.8 * t + ph); sig[:, 4] += 0.6 * np.cos(2 * np.pi * 1.4 * t + ph)
    if a == 2:
        sig[:, 1] += np.sin(2 * np.pi * 1.8 * t + ph); sig[:, 3] += 0.6 * np.cos(2 * np.pi * 0.9 * t + ph)
    if a == 4:
        sig[:, 3] += np.sin(2 * np.pi * 1.4 * t + ph); sig[:, 5] += 0.6 * np.sin(2 * np.pi * 1.4 * t + ph)
    if a == 5:
        k = rng.integers(4, T - 6)
        sig[k:k + 4, 0] += 1.6; sig[k + 2:k + 6, 1] -= 1.0
    return sig


def dataset(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, len(activities), n)
    x = np.stack([window(a, rng) for a in y]).astype("float32")
    return torch.from_numpy(x), torch.from_numpy(y)


class HARNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(C, 32, 5, padding=2)
        self.conv2 = nn.Conv1d(32, 32, 5, padding=2)
        self.pool = nn.AdaptiveMaxPool1d(1)
        self.fc = nn.Linear(32, len(activities))
        self.act = nn.ReLU()

    def forward(self, x):
        x = x.view(x.size(0), C, T)
        x = self.act(self.conv1(x))
        x = self.act(self.conv2(x))
        return self.fc(self.pool(x).squeeze(-1))


experiment = Experiment(model=HARNet, train=dataset(1800, 1), val=dataset(500, 2),
                        optimizer="adam", lr=1e-3, batch_size=32, epochs=10)
