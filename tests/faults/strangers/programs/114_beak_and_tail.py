"""Two landmarks on a side view: tip of the beak and end of the tail (x, y in -1 .. 1)."""
import math

import torch
from torch import nn
from torch.utils.data import Dataset
from recipe import Experiment

S = 32
lin = torch.linspace(-1, 1, S)
YY, XX = torch.meshgrid(lin, lin, indexing="ij")


def draw(g):
    u = lambda a, b: a + (b - a) * torch.rand(1, generator=g).item()
    cx, cy, length, tilt = u(-0.4, 0.4), u(-0.4, 0.4), u(0.25, 0.5), u(-0.7, 0.7)
    side = 1 if u(0, 1) < 0.5 else -1
    dx, dy = side * math.cos(tilt), math.sin(tilt)
    along = (XX - cx) * dx + (YY - cy) * dy
    across = -(XX - cx) * dy + (YY - cy) * dx
    body = torch.sigmoid(20 * (1 - (along / length) ** 2 - (across / 0.2) ** 2))
    beak = torch.exp(-((along - length) ** 2 + across ** 2) / 0.006)
    picture = 0.35 + 0.15 * body + 0.3 * beak + 0.03 * torch.randn(S, S, generator=g)
    points = torch.tensor([cx + dx * length, cy + dy * length, cx - dx * length, cy - dy * length])
    return picture[None], points


class Birds(Dataset):
    def __init__(self, n, seed, train):
        g = torch.Generator().manual_seed(seed)
        self.data = [draw(g) for _ in range(n)]
        self.train = train

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i):
        picture, points = self.data[i]
        if self.train and torch.rand(()) < 0.5:
            picture = picture.flip(2)
            points = points.clone()
        return picture, points


def stage(i, o):
    return [nn.Conv2d(i, o, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(o, momentum=0.001), nn.ReLU()]


def landmark_net(width=12):
    return nn.Sequential(*stage(1, width), *stage(width, 2 * width), *stage(2 * width, 4 * width),
                         nn.Flatten(), nn.Linear(4 * width * 16, 4))


experiment = Experiment(
    model=landmark_net,
    train=Birds(1200, 3, True),
    val=Birds(400, 4, False),
    task="regression",
    loss=nn.SmoothL1Loss(beta=0.1),
    optimizer="adam",
    lr=2e-3,
    batch_size=40,
    epochs=12,
    schedule="cosine",
)
