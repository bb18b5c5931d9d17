import os

DATA = os.environ.get("RECIPE_TEST_DATA", "../shared/data")

from pathlib import Path
import numpy as np
import torch
from PIL import Image
from torch import nn
from recipe import Experiment

ROOT = Path(DATA + "/cifar10")
CLASSES = ("automobile", "deer", "ship")


def read(part, count):
    pictures, labels = [], []
    for k, name in enumerate(CLASSES):
        for path in sorted((ROOT / part / name).glob("*.jpg"))[:count]:
            small = Image.open(path).convert("RGB").resize((16, 16), Image.BILINEAR)
            pictures.append(np.asarray(small, dtype=np.float32) / 255)
            labels.append(k)
    x = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()
    return (x - 0.47) / 0.25, torch.tensor(labels)


def three_steps(progress: float) -> float:
    if progress < 0.5:
        return 1.0
    return 0.1 if progress < 0.8 else 0.01


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Dropout(0.2), nn.Flatten(), nn.Linear(512, 3))

    def forward(self, x):
        return self.net(x)


experiment = Experiment(
    model=Net,
    train=read("train", 500),
    val=read("val", 200),
    classes=CLASSES,
    optimizer="sgd",
    lr=0.1,
    momentum=0.9,
    weight_decay=1e-3,
    batch_size=64,
    epochs=10,
    schedule=three_steps,
)
