import os

DATA = os.environ.get("RECIPE_TEST_DATA", "../shared/data")

from pathlib import Path
import numpy as np
import torch
from PIL import Image
from torch import nn
from recipe import Experiment

DATA = Path(DATA + "/cifar10")
NAMES = ["airplane", "frog", "ship", "horse"]
MEAN = torch.tensor([0.4914, 0.4822, 0.4465]).view(3, 1, 1)
STD = torch.tensor([0.2470, 0.2435, 0.2616]).view(3, 1, 1)


def load_split(split, per_class):
    xs, ys = [], []
    for label, name in enumerate(NAMES):
        for file in sorted((DATA / split / name).iterdir())[:per_class]:
            img = Image.open(file).convert("RGB").resize((16, 16))
            xs.append(torch.from_numpy(np.array(img)).permute(2, 0, 1))
            ys.append(label)
    return torch.stack(xs).float() / 255, torch.tensor(ys)


x_train, y_train = load_split("train", 500)
x_train = (x_train - MEAN) / STD
x_val, y_val = load_split("val", 150)


class Block(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3, padding=1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        return self.pool(torch.relu(self.conv(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(Block(3, 16), Block(16, 32), Block(32, 32))
        self.fc = nn.Linear(32 * 4, len(NAMES))

    def forward(self, x):
        return self.fc(self.blocks(x).flatten(1))


experiment = Experiment(
    model=Net,
    train=(x_train, y_train),
    val=(x_val, y_val),
    classes=tuple(NAMES),
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=8,
)
