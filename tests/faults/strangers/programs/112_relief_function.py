"""A relief map as a function of place: height at (x, y), learned from scattered soundings."""
import math
import torch
from torch import nn
from recipe import Experiment

torch.manual_seed(5)
centres, widths, heights = torch.rand(25, 2) * 2 - 1, 0.08 + 0.15 * torch.rand(25), torch.randn(25)


def height(p):
    d2 = ((p[:, None] - centres) ** 2).sum(-1)
    h = (heights * torch.exp(-d2 / (2 * widths ** 2))).sum(1)
    return h + 0.4 * torch.sin(9 * p[:, 0] + 4 * p[:, 1])


points = torch.rand(3600, 2) * 2 - 1
z = height(points).unsqueeze(1)
z = (z - z.mean()) / z.std() + 0.03 * torch.randn_like(z)


class Sine(nn.Module):
    def __init__(self, i, o, omega=12.0, first=False):
        super().__init__()
        self.omega, self.lin = omega, nn.Linear(i, o)
        bound = 1 / i if first else math.sqrt(6 / i) / omega
        nn.init.uniform_(self.lin.weight, -bound, bound)

    def forward(self, x):
        return torch.sin(self.omega * self.lin(x))


def siren(hidden=64, omega=12.0):
    last = nn.Linear(hidden, 1)
    nn.init.uniform_(last.weight, -math.sqrt(6 / hidden) / omega, math.sqrt(6 / hidden) / omega)
    return nn.Sequential(Sine(2, hidden, omega, first=True), Sine(hidden, hidden, omega), Sine(hidden, hidden, omega), last)


experiment = Experiment(
    model=siren,
    train=(points[:3000], z[:3000]),
    val=(points[3000:], z[3000:]),
    task="regression",
    optimizer="adam",
    lr=5e-4,
    batch_size=100,
    epochs=40,
)
