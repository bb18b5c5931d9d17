import os
from pathlib import Path
import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import Dataset
from torchvision.transforms import v2
from recipe import Experiment

base = Path(os.environ["RECIPE_TEST_DATA"], "cifar10")
names = ["airplane", "automobile", "deer", "frog"]

train_tf = v2.Compose([v2.RandomHorizontalFlip(), v2.RandomCrop(32, padding=3, padding_mode="reflect")])


class Folder(Dataset):
    def __init__(self, split, count, transform=None):
        files = [(p, k) for k, n in enumerate(names) for p in sorted((base / split / n).iterdir())[:count]]
        raw = np.stack([np.asarray(Image.open(p).convert("RGB")) for p, _ in files])
        self.x = torch.from_numpy(raw).permute(0, 3, 1, 2).float().div(255).sub(0.46).div(0.25)
        self.y = torch.tensor([k for _, k in files])
        self.transform = transform

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        x = self.x[i]
        return (self.transform(x) if self.transform else x), self.y[i]


class Res(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(i, o, 3, 2, 1, bias=False), nn.BatchNorm2d(o)
        self.c2, self.b2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.short = nn.Conv2d(i, o, 1, 2)

    def forward(self, x):
        h = torch.relu(self.b1(self.c1(x)))
        return torch.relu(self.b2(self.c2(h)) + self.short(x))


def resnet(w=16):
    return nn.Sequential(Res(3, w), Res(w, 2 * w), Res(2 * w, 4 * w), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(4 * w, len(names)))


experiment = Experiment(
    model=resnet,
    train=Folder("train", 400, train_tf),
    val=Folder("val", 150),
    loss=nn.CrossEntropyLoss(label_smoothing=0.1),
    lr=0.05,
    momentum=0.9,
    weight_decay=5e-4,
    batch_size=50,
    epochs=10,
    schedule="cosine",
)
