import torch
from torch import nn
from recipe import Experiment

# synthetic wafer maps: ring, scratch, cluster, edge, uniform noise
KINDS = ["ring", "scratch", "cluster", "edge", "none"]
S = 24


def wafer(kind, g):
    yy, xx = torch.meshgrid(torch.arange(S), torch.arange(S), indexing="ij")
    c = S / 2 - 0.5
    r = ((yy - c) ** 2 + (xx - c) ** 2).sqrt()
    rate = torch.full((S, S), 0.10)
    u = torch.rand(4, generator=g)
    if kind == "ring":
        rad = 4 + 4 * u[0]
        rate = rate + 0.35 * ((r - rad).abs() < 1.2)
    elif kind == "scratch":
        ang = 3.1416 * u[0]
        d = (torch.cos(ang) * (xx - c) + torch.sin(ang) * (yy - c) - 6 * (u[1] - 0.5)).abs()
        rate = rate + 0.45 * (d < 1.0)
    elif kind == "cluster":
        cy, cx = 5 + 13 * u[0], 5 + 13 * u[1]
        rate = rate + 0.4 * (((yy - cy) ** 2 + (xx - cx) ** 2) < 14)
    elif kind == "edge":
        rate = rate + 0.25 * (r > 9.5)
    m = (torch.rand(S, S, generator=g) < rate).float()
    return m * (r < 12)


def build(n, seed):
    g = torch.Generator().manual_seed(seed)
    ys = torch.randint(0, len(KINDS), (n,), generator=g)
    xs = torch.stack([wafer(KINDS[int(k)], g) for k in ys])
    return xs[:, None], ys


class Encoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(width, width * 2, 3, padding=1), nn.BatchNorm2d(width * 2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(width * 2, width * 2, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        )

    def forward(self, x):
        return self.body(x)


class DefectNet(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.encoder = Encoder(width)
        self.head = nn.Linear(width * 2, len(KINDS))

    def forward(self, x):
        z = self.encoder(x)
        return self.head(z.detach())


experiment = Experiment(
    model=lambda width=8: DefectNet(width),
    train=build(1500, 0),
    val=build(400, 1),
    optimizer="adam",
    lr=3e-3,
    batch_size=50,
    epochs=8,
)
