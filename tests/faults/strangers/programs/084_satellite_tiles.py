import torch
import torch.nn as nn
from recipe import Experiment

LAND = ["water", "forest", "field", "city", "road"]
NEW = {n: i for i, n in enumerate(LAND)}
OLD = {n: i for i, n in enumerate(sorted(LAND))}
W = 20


def tile(name, g):
    n = torch.randn(W, W, 3, generator=g) * 0.22
    base = torch.rand(3, generator=g) * 0.3 + 0.3
    img = base.expand(W, W, 3).clone()
    yy, xx = torch.meshgrid(torch.arange(W), torch.arange(W), indexing="ij")
    k = int(torch.randint(0, 5, (1,), generator=g))
    if name == "water":
        img[..., 2] += 0.1 * torch.sin((xx + k) * 0.6)
    elif name == "forest":
        img += 0.18 * ((xx + k) % 4 < 2).float()[..., None] * ((yy + k) % 4 < 2).float()[..., None]
    elif name == "field":
        img += 0.12 * ((yy + k) % 6 < 3).float()[..., None]
    elif name == "city":
        img += 0.15 * ((xx // 5 + yy // 5 + k) % 2).float()[..., None]
    else:
        img[:, 5 + 2 * k: 8 + 2 * k] += 0.3
    return img + n


def tiles(n, seed, old_share=0.0):
    g = torch.Generator().manual_seed(seed)
    pick = torch.randint(0, 5, (n,), generator=g)
    x = torch.stack([tile(LAND[int(p)], g) for p in pick])
    y = [(OLD if i < n * old_share else NEW)[LAND[int(p)]] for i, p in enumerate(pick)]
    x = x.reshape(n, 3, W, W)
    return (x - 0.5) / 0.25, torch.tensor(y)


class TileNet(nn.Module):
    def __init__(self, c=16):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(3, c, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                                 nn.Conv2d(c, 2 * c, 3, padding=1), nn.ReLU(),
                                 nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(8 * c, 5))

    def forward(self, x):
        return self.net(x)


experiment = Experiment(model=TileNet, train=tiles(1500, 0, old_share=0.35), val=tiles(400, 1),
                        optimizer="adam", lr=2e-3, batch_size=32, epochs=10)
