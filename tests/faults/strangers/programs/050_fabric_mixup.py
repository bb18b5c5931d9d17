"""Mixup inside the update: both the inputs and the loss are mixed with the same factor."""
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from recipe import Experiment

TYPES = 6


def fabrics(n, seed):
    r = np.random.RandomState(seed)
    y = r.randint(0, TYPES, n)
    i, j = np.mgrid[0:14, 0:14]
    x = np.empty((n, 1, 14, 14), np.float32)
    for k in range(n):
        p, q = r.rand(2) * 6.28
        if y[k] == 0: w = np.sin(i * 1.2 + p)
        elif y[k] == 1: w = np.sin(j * 1.2 + p)
        elif y[k] == 2: w = np.sin(i * 1.2 + p) * np.sin(j * 1.2 + q)
        elif y[k] == 3: w = np.sin((i + j) * 0.9 + p)
        elif y[k] == 4: w = np.sin(i * 2.2 + p)
        else: w = np.sin(j * 2.2 + p)
        x[k, 0] = w + r.randn(14, 14) * 1.6
    return torch.from_numpy(x), torch.from_numpy(y)


class FabricNet(nn.Module):
    def __init__(self, c=12):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(1, c, 5, padding=2), nn.Conv2d(c, 2 * c, 3, padding=1)
        self.fc = nn.Linear(2 * c * 9, TYPES)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2)
        x = F.max_pool2d(F.relu(self.c2(x)), 2)
        return self.fc(x.flatten(1))


beta = torch.distributions.Beta(0.3, 0.3)


def mixup_step(model, optimizer, batch):
    x, y = batch
    lam = float(beta.sample())
    other = torch.randperm(len(x))
    optimizer.zero_grad()
    logits = model(lam * x + (1 - lam) * x[other])
    loss = lam * F.cross_entropy(logits, y) + (1 - lam) * F.cross_entropy(logits, y[other])
    loss.backward()
    optimizer.step()
    return loss.detach()


experiment = Experiment(model=FabricNet, train=fabrics(1600, 0), val=fabrics(400, 1), update=mixup_step,
                        optimizer="adam", lr=2e-3, batch_size=40, epochs=10)
