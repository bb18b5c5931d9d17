"""Small pictures with strong noise and random erasing in training."""
import torch
from torch import nn
from recipe import Experiment


def leaves(n, seed, side=18):
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 5, (n,), generator=g)
    v, u = torch.meshgrid(torch.linspace(-1, 1, side), torch.linspace(-1, 1, side), indexing="ij")
    phi = torch.atan2(v, u) + 0.8 * torch.rand(n, 1, 1, generator=g)
    rho = (u ** 2 + v ** 2).sqrt().expand(n, side, side)
    lobes = (y + 2).float()[:, None, None]
    edge = 0.55 + 0.2 * torch.cos(lobes * phi)
    x = torch.sigmoid((edge - rho) * 12) + 0.2 * torch.randn(n, side, side, generator=g)
    return (x - 0.35).unsqueeze(1) / 0.45, y


def augment(x):
    x = x + 0.35 * torch.randn_like(x)
    size = x.shape[-1]
    r = torch.randint(0, size - 5, (len(x), 2))
    i = torch.arange(size)
    rows = (i >= r[:, :1]) & (i < r[:, :1] + 6)
    cols = (i >= r[:, 1:]) & (i < r[:, 1:] + 6)
    hole = (rows[:, :, None] & cols[:, None, :]).unsqueeze(1)
    return x.masked_fill(hole, 0.0)


class LeafCNN(nn.Module):
    def __init__(self, c=12, p=0.3):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, c, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(c, 2 * c, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Dropout(p), nn.Linear(2 * c * 16, 64), nn.ReLU(), nn.Dropout(p), nn.Linear(64, 5))

    def forward(self, x):
        return self.net(x)


experiment = Experiment(model=LeafCNN, train=leaves(2000, 1), val=leaves(500, 2), augment=augment,
                        optimizer="adam", lr=2e-3, batch_size=40, epochs=10)
