import torch
from torch import nn
import torch.nn.functional as F
from recipe import Experiment

"""Four classes per pixel (sky, house, road, tree) of 24x24 drawings, U-Net with GroupNorm."""

S = 24


def street(gen):
    img = torch.zeros(3, S, S)
    lab = torch.zeros(S, S, dtype=torch.long)
    horizon = int(torch.randint(12, 18, (1,), generator=gen))
    lab[horizon:] = 2
    for _ in range(2):
        c = int(torch.randint(0, S - 6, (1,), generator=gen))
        h = int(torch.randint(4, 10, (1,), generator=gen))
        lab[horizon - h:horizon, c:c + 6] = 1
    t = int(torch.randint(2, S - 3, (1,), generator=gen))
    yy, xx = torch.meshgrid(torch.arange(S), torch.arange(S), indexing="ij")
    lab[(yy - horizon + 3) ** 2 + (xx - t) ** 2 < 10] = 3
    palette = torch.tensor([[.6, .7, .9], [.6, .4, .3], [.4, .4, .4], [.3, .6, .3]])
    img = palette[lab].permute(2, 0, 1) + 0.22 * torch.randn(3, S, S, generator=gen)
    return (img - 0.5) / 0.3, lab


def streets(n, seed):
    gen = torch.Generator().manual_seed(seed)
    xs, ys = zip(*[street(gen) for _ in range(n)])
    return torch.stack(xs), torch.stack(ys)


def conv(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3, padding=1, bias=False), nn.GroupNorm(4, b), nn.SiLU())


class UNet(nn.Module):
    def __init__(self, c=12):
        super().__init__()
        self.d1, self.d2 = conv(3, c), conv(c, 2 * c)
        self.u1, self.out = conv(3 * c, c), nn.Conv2d(c, 4, 1)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(F.max_pool2d(a, 2))
        return self.out(self.u1(torch.cat([a, F.interpolate(b, scale_factor=2)], 1)))


experiment = Experiment(model=UNet, train=streets(400, 1), val=streets(120, 2), task="segmentation",
                        optimizer="adam", lr=8e-3, batch_size=20, epochs=9)
