import os

DATA = os.environ.get("RECIPE_TEST_DATA", "../shared/data")

import gzip
import numpy as np
import torch
from torch import nn
from recipe import Experiment

ROOT = DATA + "/mnist10k/"


def read_images():
    with gzip.open(ROOT + "t10k-images-idx3-ubyte.gz") as f:
        raw = f.read()
    return np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 1, 28, 28)


def read_labels():
    with gzip.open(ROOT + "t10k-labels-idx1-ubyte.gz") as f:
        return np.frombuffer(f.read(), np.uint8, offset=8)


images = torch.from_numpy(read_images().copy()).float().div(255)
labels = torch.from_numpy(read_labels().copy()).long()
images = nn.functional.avg_pool2d(images, 2)  # 14 x 14 is plenty
order = torch.randperm(len(images), generator=torch.Generator().manual_seed(3))
tr, va = order[:4000], order[4000:5000]


class SmallNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        )
        self.classifier = nn.Linear(32 * 3 * 3, 10)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


criterion = nn.CrossEntropyLoss()


def train_step(model, optimizer, batch):
    inputs, targets = batch
    outputs = model(inputs)
    loss = criterion(outputs, targets)
    loss.backward()
    optimizer.step()
    return loss.detach()


experiment = Experiment(
    model=SmallNet,
    train=(images[tr], labels[tr]),
    val=(images[va], labels[va]),
    update=train_step,
    loss=criterion,
    lr=0.05,
    momentum=0.9,
    batch_size=64,
    epochs=5,
)
