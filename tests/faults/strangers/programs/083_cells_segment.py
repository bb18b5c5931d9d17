import torch
import torch.nn as nn
from torch.utils.data import Dataset
from recipe import Experiment

SIZE = 24


def scene(gen):
    img = torch.zeros(SIZE, SIZE)
    mask = torch.zeros(SIZE, SIZE)
    yy, xx = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    for _ in range(3):
        cy, cx = torch.randint(3, SIZE - 3, (2,), generator=gen)
        r = 2 + 2 * torch.rand((), generator=gen)
        inside = ((yy - cy) ** 2 + (xx - cx) ** 2) <= r ** 2
        img[inside] = 0.5 + 0.5 * torch.rand((), generator=gen)
        mask[inside] = 1
    return img + 0.25 * torch.randn(SIZE, SIZE, generator=gen), mask


class CellData(Dataset):
    def __init__(self, count, seed, train):
        gen = torch.Generator().manual_seed(seed)
        pairs = [scene(gen) for _ in range(count)]
        self.images = torch.stack([p[0] for p in pairs])[:, None]
        self.masks = torch.stack([p[1] for p in pairs])[:, None]
        if train:
            flip = torch.rand(count, generator=gen) < 0.5
            self.images[flip] = self.images[flip].flip(-1)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, k):
        return self.images[k], self.masks[k]


class MiniUNet(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, c, 3, padding=1), nn.ReLU())
        self.mid = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(c, 2 * c, 3, padding=1), nn.ReLU(),
                                 nn.Conv2d(2 * c, 2 * c, 3, padding=1), nn.ReLU(),
                                 nn.Upsample(scale_factor=2))
        self.up = nn.Sequential(nn.Conv2d(3 * c, c, 3, padding=1), nn.ReLU(), nn.Conv2d(c, 1, 1), nn.ReLU())

    def forward(self, x):
        a = self.down(x)
        return self.up(torch.cat([a, self.mid(a)], dim=1))


experiment = Experiment(model=MiniUNet, train=CellData(500, 1, True), val=CellData(150, 2, False),
                        task="binary_segmentation", metric="iou", optimizer="adam", lr=3e-3,
                        batch_size=25, epochs=8)
