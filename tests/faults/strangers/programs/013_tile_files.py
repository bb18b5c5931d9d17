import torch
from torch import nn
from torch.utils.data import Dataset
from recipe import Experiment


def render(kind, gen):
    """16x16 texture tiles: stripes in four directions and two checker sizes."""
    i, j = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    p = torch.rand(1, generator=gen) * 6.28
    f = 0.8 + 0.5 * torch.rand(1, generator=gen)
    if kind == 0: t = torch.sin(f * i + p)
    elif kind == 1: t = torch.sin(f * j + p)
    elif kind == 2: t = torch.sin(f * (i + j) * 0.7 + p)
    elif kind == 3: t = torch.sin(f * (i - j) * 0.7 + p)
    elif kind == 4: t = torch.sin(f * i + p).sign() * torch.sin(f * j + p).sign()
    else: t = torch.sin(0.4 * i + p).sign() * torch.sin(0.4 * j + p).sign()
    return (t + 0.7 * torch.randn(16, 16, generator=gen))[None]


def fake_folder(n, seed):
    gen = torch.Generator().manual_seed(seed)
    kinds = torch.randint(0, 6, (n,), generator=gen)
    files = {f"img_{k}.png": render(int(kinds[k]), gen) for k in range(n)}
    return files, kinds


class Tiles(Dataset):
    def __init__(self, n, seed):
        self.files, self.labels = fake_folder(n, seed)
        self.names = sorted(self.files)

    def __len__(self):
        return len(self.names)

    def __getitem__(self, idx):
        return self.files[self.names[idx]], self.labels[idx]


def convnet():
    return nn.Sequential(
        nn.Conv2d(1, 12, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2),
        nn.Flatten(), nn.Linear(96, 6),
    )


experiment = Experiment(
    model=convnet,
    train=Tiles(1500, 21),
    val=Tiles(400, 22),
    optimizer="adam",
    lr=2e-3,
    batch_size=32,
    epochs=8,
)
