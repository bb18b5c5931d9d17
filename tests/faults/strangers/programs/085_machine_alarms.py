"""Which of six alarm kinds does a machine report? The kinds are far from equally frequent."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler
from recipe import Experiment

rng = np.random.default_rng(85)
KINDS = 6
SHARE = np.array([0.40, 0.25, 0.15, 0.10, 0.06, 0.04])
CENTRES = rng.normal(0, 1.1, (KINDS, 14))


def readings(n):
    kind = rng.choice(KINDS, n, p=SHARE)
    x = CENTRES[kind] + rng.normal(0, 1.0, (n, 14))
    x[:, 3] = np.tanh(x[:, 3]) + 0.2 * kind
    return torch.tensor(x, dtype=torch.float32), torch.tensor(kind)


x_train, y_train = readings(2400)
x_val, y_val = readings(800)

counts = torch.bincount(y_train, minlength=KINDS)
weights = 1.0 / counts.float()
sampler = WeightedRandomSampler(weights, num_samples=len(y_train), replacement=True)
train_loader = DataLoader(TensorDataset(x_train, y_train), batch_size=64, sampler=sampler)
val_loader = DataLoader(TensorDataset(x_val, y_val), batch_size=256)


def make_net():
    return nn.Sequential(
        nn.Linear(14, 64), nn.ReLU(), nn.Dropout(0.1),
        nn.Linear(64, 32), nn.ReLU(),
        nn.Linear(32, KINDS),
    )


experiment = Experiment(
    model=make_net,
    train=train_loader,
    val=val_loader,
    optimizer="adam",
    lr=1e-3,
    epochs=15,
)
