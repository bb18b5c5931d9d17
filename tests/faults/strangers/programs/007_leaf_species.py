import torch
from torch import nn
from recipe import Experiment

SPECIES = 10
PER_SPECIES = 250


def measure_leaves():
    gen = torch.Generator().manual_seed(64)
    proto = torch.randn(SPECIES, 5, generator=gen)
    rows, labels = [], []
    for s in range(SPECIES):
        size = torch.randn(PER_SPECIES, 1, generator=gen)
        shape = proto[s] + 0.45 * torch.randn(PER_SPECIES, 5, generator=gen)
        margin = torch.sin(shape[:, :2] * 2) + 0.2 * torch.randn(PER_SPECIES, 2, generator=gen)
        rows.append(torch.cat([shape + 0.3 * size, margin, size], 1))
        labels.append(torch.full((PER_SPECIES,), s))
    return torch.cat(rows), torch.cat(labels)


x, y = measure_leaves()
n_train = int(0.8 * len(x))
mean, std = x[:n_train].mean(0), x[:n_train].std(0)
x = (x - mean) / std


class LeafNet(nn.Module):
    def __init__(self, h=64):
        super().__init__()
        self.inp = nn.Linear(8, h)
        self.hid = nn.Linear(h, h)
        self.out = nn.Linear(h, SPECIES)

    def forward(self, x):
        x = nn.functional.gelu(self.inp(x))
        x = x + nn.functional.gelu(self.hid(x))
        return self.out(x)


experiment = Experiment(
    model=lambda h=64: LeafNet(h),
    train=(x[:n_train], y[:n_train]),
    val=(x[n_train:], y[n_train:]),
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=12,
)
