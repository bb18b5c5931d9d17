import math
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler
from recipe import Experiment

NAMES = ["none", "center", "edge", "scratch", "donut"]
SHARE = torch.tensor([0.50, 0.20, 0.14, 0.10, 0.06])


def wafers(n, seed):
    g = torch.Generator().manual_seed(seed)
    y = torch.multinomial(SHARE, n, replacement=True, generator=g)
    lin = torch.linspace(-1, 1, 24)
    yy, xx = torch.meshgrid(lin, lin, indexing="ij")
    rad = torch.hypot(yy, xx)
    out = torch.empty(n, 1, 24, 24)
    for i in range(n):
        p = torch.full((24, 24), 0.08)
        if y[i] == 1:
            c = 0.3 * torch.randn(2, generator=g)
            p = p + 0.4 * (torch.hypot(yy - c[0], xx - c[1]) < 0.35)
        elif y[i] == 2:
            a = torch.rand(1, generator=g) * 2 * math.pi
            near = torch.cos(torch.atan2(yy, xx) - a) > 0.2
            p = p + 0.45 * ((rad > 0.8) & near)
        elif y[i] == 3:
            a = torch.rand(1, generator=g) * math.pi
            d = yy * torch.cos(a) + xx * torch.sin(a) - 0.5 * torch.randn(1, generator=g)
            p = p + 0.6 * (d.abs() < 0.07)
        elif y[i] == 4:
            p = p + 0.35 * ((rad > 0.4) & (rad < 0.7))
        fails = (torch.rand(24, 24, generator=g) < p).float()
        out[i, 0] = torch.where(rad <= 1, 1 + fails, torch.zeros(()))
    return out - 1.0, y


x_train, y_train = wafers(2000, 3)
x_val, y_val = wafers(700, 4)

counts = torch.bincount(y_train, minlength=len(NAMES)).float()
class_weights = counts.sum() / counts
sampler = WeightedRandomSampler(class_weights, num_samples=len(y_train), replacement=True,
                                generator=torch.Generator().manual_seed(0))

train_loader = DataLoader(TensorDataset(x_train, y_train), batch_size=50, sampler=sampler)
val_loader = DataLoader(TensorDataset(x_val, y_val), batch_size=100)


def balanced_accuracy(output, target):
    hit = output.argmax(1) == target
    return float(torch.stack([hit[target == k].float().mean() for k in range(len(NAMES))]).mean())


class WaferNet(nn.Module):
    def __init__(self, c=12):
        super().__init__()
        self.c1 = nn.Conv2d(1, c, 3, padding=1)
        self.c2 = nn.Conv2d(c, 2 * c, 3, padding=1)
        self.c3 = nn.Conv2d(2 * c, 2 * c, 3, padding=1)
        self.fc = nn.Linear(2 * c * 9, len(NAMES))

    def forward(self, x):
        for conv in (self.c1, self.c2, self.c3):
            x = nn.functional.max_pool2d(torch.relu(conv(x)), 2)
        return self.fc(x.flatten(1))


experiment = Experiment(
    model=WaferNet,
    train=train_loader,
    val=val_loader,
    task="classification",
    metric=balanced_accuracy,
    optimizer="adam",
    lr=2e-3,
    epochs=8,
)
