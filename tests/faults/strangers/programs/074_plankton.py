import math
import torch
from torch import nn
from recipe import Experiment

SIZE = 20


def blob(gen, kind):
    y, x = torch.meshgrid(torch.linspace(-1, 1, SIZE), torch.linspace(-1, 1, SIZE), indexing="ij")
    a = torch.rand((), generator=gen) * 2 * math.pi
    cx, cy = (torch.rand(2, generator=gen) - 0.5) * 0.5
    u = (x - cx) * torch.cos(a) + (y - cy) * torch.sin(a)
    v = -(x - cx) * torch.sin(a) + (y - cy) * torch.cos(a)
    rho, phi = (u ** 2 + v ** 2).sqrt(), torch.atan2(v, u)
    if kind == 0:      # disc
        m = rho < 0.45
    elif kind == 1:    # rod
        m = (u.abs() < 0.6) & (v.abs() < 0.15)
    elif kind == 2:    # star
        m = rho < 0.35 + 0.25 * torch.cos(5 * phi)
    elif kind == 3:    # crescent
        m = (rho < 0.5) & (((u - 0.3) ** 2 + v ** 2).sqrt() > 0.4)
    else:              # ring
        m = (rho < 0.5) & (rho > 0.28)
    return m.float() + 0.45 * torch.randn(SIZE, SIZE, generator=gen)


def sample(n, seed):
    gen = torch.Generator().manual_seed(seed)
    labels = torch.randint(5, (n,), generator=gen)
    return torch.stack([blob(gen, int(k)) for k in labels]).unsqueeze(1), labels


class PlanktonNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 10, 5, padding=2)
        self.c2 = nn.Conv2d(10, 20, 3, padding=1)
        self.l1 = nn.Linear(20 * 25, 32)
        self.l2 = nn.Linear(32, 5)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.c1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.c2(x)), 2)
        return self.l2(torch.relu(self.l1(x.flatten(1))))


def sgd(params, lr=0.05, **_):
    return torch.optim.SGD(params, lr=lr, momentum=0.9, weight_decay=0.5)


experiment = Experiment(model=PlanktonNet, train=sample(1600, 7), val=sample(400, 8),
                        optimizer=sgd, lr=0.02, batch_size=32, epochs=8)
