import torch
import torch.nn as nn
from recipe import Experiment


class Scents(torch.utils.data.Dataset):
    """50 substances, 32 receptors, saturating responses."""

    CLASSES = 50

    def __init__(self, size, seed):
        base = torch.Generator().manual_seed(1000)
        self.affinity = torch.randn(self.CLASSES, 32, generator=base)
        g = torch.Generator().manual_seed(seed)
        self.label = torch.randint(0, self.CLASSES, (size,), generator=g)
        strength = 0.7 + 0.6 * torch.rand(size, 1, generator=g)
        raw = self.affinity[self.label] * strength + 0.9 * torch.randn(size, 32, generator=g)
        self.response = torch.tanh(raw)

    def __getitem__(self, index):
        return self.response[index], self.label[index]

    def __len__(self):
        return self.label.numel()


def network(width=128, dropout=0.2):
    return nn.Sequential(
        nn.Linear(32, width),
        nn.BatchNorm1d(width),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(width, width),
        nn.BatchNorm1d(width),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(width, Scents.CLASSES),
    )


experiment = Experiment(
    model=lambda width=128, dropout=0.2: network(width, dropout),
    train=Scents(5000, 1),
    val=Scents(1000, 2),
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=10,
    space={"dropout": [0.0, 0.2, 0.4]},
)
