import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import TensorDataset
from recipe import Experiment


def retina(n, seed, s=32):
    g = torch.Generator().manual_seed(seed)
    lin = torch.arange(float(s))
    yy, xx = torch.meshgrid(lin, lin, indexing="ij")
    images, masks = torch.zeros(n, 1, s, s), torch.zeros(n, 1, s, s)
    for i in range(n):
        mask = torch.zeros(s, s, dtype=torch.bool)
        for _ in range(int(torch.randint(1, 4, (1,), generator=g))):
            o, a, f, p = torch.rand(4, generator=g)
            curve = s * o + 5 * a * torch.sin(lin * (0.15 + 0.2 * f) + 6 * p)
            line = (yy - curve[None, :]).abs() < 1.2
            mask |= line if torch.rand(1, generator=g) < 0.5 else line.T
        shade = 0.4 * torch.sin(xx / 9 + 6 * torch.rand(1, generator=g)) + 0.4 * torch.cos(yy / 11)
        images[i, 0] = shade - 0.9 * mask + 0.4 * torch.randn(s, s, generator=g)
        masks[i, 0] = mask.float()
    return TensorDataset(images, masks)


class DiceBCE(nn.Module):
    def forward(self, logits, mask):
        p = logits.sigmoid()
        overlap = 2 * (p * mask).sum((1, 2, 3)) + 1
        dice = overlap / ((p + mask).sum((1, 2, 3)) + 1)
        return F.binary_cross_entropy_with_logits(logits, mask) + 1 - dice.mean()


def iou(logits, mask):
    p, m = logits > 0, mask > 0.5
    return float((p & m).sum() / (p | m).sum().clamp(min=1))


class Tracer(nn.Module):
    def __init__(self, c=12):
        super().__init__()
        self.a = nn.Sequential(nn.Conv2d(1, c, 3, padding=1), nn.GroupNorm(4, c), nn.ReLU())
        self.b = nn.Sequential(nn.Conv2d(c, 2 * c, 3, padding=1), nn.GroupNorm(4, 2 * c), nn.ReLU())
        self.c = nn.Sequential(nn.Conv2d(3 * c, c, 3, padding=1), nn.GroupNorm(4, c), nn.ReLU())
        self.out = nn.Conv2d(c, 1, 1)

    def forward(self, x):
        a = self.a(x)
        b = self.b(F.max_pool2d(a, 2))
        b = F.interpolate(b, scale_factor=2, mode="nearest")
        return self.out(self.c(torch.cat([a, b], 1)))


experiment = Experiment(
    model=Tracer,
    train=retina(500, 1),
    val=retina(150, 2),
    task="binary",
    loss=DiceBCE(),
    metric=iou,
    optimizer="adam",
    lr=3e-3,
    batch_size=20,
    epochs=8,
    schedule="cosine",
)
