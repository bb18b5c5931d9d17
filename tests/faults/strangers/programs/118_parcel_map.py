import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset
from recipe import Experiment

CLASSES = ("soil", "pond", "orchard", "roof")
COLOR = np.array([[0.5, 0.4, 0.3], [0.35, 0.4, 0.45], [0.4, 0.5, 0.3], [0.6, 0.4, 0.35]])


def tile(rng, s=32):
    yy, xx = np.mgrid[:s, :s]
    mask = np.zeros((s, s), np.int64)
    for _ in range(rng.integers(2, 5)):
        k = rng.integers(1, 4)
        cy, cx, a, b = rng.integers(4, s - 4), rng.integers(4, s - 4), rng.integers(3, 8), rng.integers(3, 8)
        if k == 1:
            mask[((yy - cy) / a) ** 2 + ((xx - cx) / b) ** 2 < 1] = k
        else:
            mask[max(cy - a, 0):cy + a, max(cx - b, 0):cx + b] = k
    image = COLOR[mask].transpose(2, 0, 1) + rng.normal(0, 0.06, (3, s, s)) + rng.normal(0, 0.03, (3, 1, 1))
    return image.astype(np.float32), mask


class Tiles(Dataset):
    def __init__(self, n, seed, augment=False):
        rng = np.random.default_rng(seed)
        self.items = [tile(rng) for _ in range(n)]
        self.augment = augment

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        image, mask = (torch.from_numpy(a) for a in self.items[i])
        image = (image - 0.43) / 0.1
        if self.augment:
            if torch.rand(1) < 0.5:
                image = image.flip(-1)
            if torch.rand(1) < 0.5:
                image = image.flip(-2)
        return image, mask


def double(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(),
                         nn.Conv2d(o, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU())


class UNet(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.down1, self.down2, self.mid = double(3, c), double(c, 2 * c), double(2 * c, 4 * c)
        self.up2, self.up1 = nn.ConvTranspose2d(4 * c, 2 * c, 2, 2), nn.ConvTranspose2d(2 * c, c, 2, 2)
        self.dec2, self.dec1 = double(4 * c, 2 * c), double(2 * c, c)
        self.pool, self.out = nn.MaxPool2d(2), nn.Conv2d(c, len(CLASSES), 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(self.pool(a))
        m = self.mid(self.pool(b))
        b = self.dec2(torch.cat([self.up2(m), b], 1))
        a = self.dec1(torch.cat([self.up1(b), a], 1))
        return self.out(a)


def mean_iou(output, target):
    guess = output.argmax(1)
    ious = []
    for k in range(len(CLASSES)):
        both = ((guess == k) & (target == k)).sum()
        any_ = ((guess == k) | (target == k)).sum()
        ious.append(both / any_.clamp(min=1))
    return float(torch.stack(ious).mean())


experiment = Experiment(
    model=UNet,
    train=Tiles(500, 1, augment=True),
    val=Tiles(150, 2),
    loss=nn.CrossEntropyLoss(ignore_index=0),
    metric=mean_iou,
    optimizer="adam",
    lr=3e-3,
    batch_size=20,
    epochs=8,
)
