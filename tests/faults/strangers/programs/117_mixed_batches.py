import gzip
import os
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, default_collate
from recipe import Experiment

d = os.environ["RECIPE_TEST_DATA"] + "/mnist10k/"
imgs = np.frombuffer(gzip.open(d + "t10k-images-idx3-ubyte.gz").read(), np.uint8, -1, 16).reshape(-1, 1, 28, 28)
labs = np.frombuffer(gzip.open(d + "t10k-labels-idx1-ubyte.gz").read(), np.uint8, -1, 8)

X = torch.from_numpy(imgs[:3500].astype(np.float32) / 255.0 - 0.13)
Y = torch.from_numpy(labs[:3500].astype(np.int64))
beta = torch.distributions.Beta(0.4, 0.4)


def mixup(items):
    images, labels = default_collate(items)
    lam = beta.sample()
    lam = torch.maximum(lam, 1 - lam)
    perm = torch.randperm(len(images))
    mixed = lam * images + (1 - lam) * images[perm]
    onehot = nn.functional.one_hot(labels, 10).float()
    soft = (1 - lam) * onehot + lam * onehot[perm]
    return mixed, soft


def plain(items):
    images, labels = default_collate(items)
    return images, nn.functional.one_hot(labels, 10).float()


def accuracy(output, target):
    return float((output.argmax(1) == target.argmax(1)).float().mean())


class LeNet(nn.Module):
    def __init__(self, c1=8, c2=16, hidden=84):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, c1, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                                      nn.Conv2d(c1, c2, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
        self.classifier = nn.Sequential(nn.Linear(c2 * 25, hidden), nn.ReLU(), nn.Linear(hidden, 10))

    def forward(self, x):
        return self.classifier(self.features(x))


experiment = Experiment(
    model=LeNet,
    train=DataLoader(TensorDataset(X[:2500], Y[:2500]), batch_size=50, shuffle=True, collate_fn=mixup),
    val=DataLoader(TensorDataset(X[2500:], Y[2500:]), batch_size=200, collate_fn=plain),
    task="classification",
    loss=nn.CrossEntropyLoss(),
    metric=accuracy,
    lr=0.05,
    momentum=0.9,
    epochs=10,
    schedule="cosine",
)
