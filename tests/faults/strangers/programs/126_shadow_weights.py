"""Letters drawn as pen strokes; the averaged copy of the network is the one that is used."""
import copy

import torch
from torch import nn
from recipe import Experiment

STEPS, CLASSES = 24, 9


def strokes(n, seed):
    shape = torch.Generator().manual_seed(5)
    turn = torch.randn(CLASSES, STEPS, generator=shape) * 0.5
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(CLASSES, (n,), generator=g)
    angle = torch.cumsum(turn[y] + 0.25 * torch.randn(n, STEPS, generator=g), 1)
    angle = angle + 0.4 * torch.randn(n, 1, generator=g)
    return torch.stack([angle.cos(), angle.sin()], 1), y


def net():
    return nn.Sequential(
        nn.Conv1d(2, 32, 5, padding=2), nn.ReLU(),
        nn.Conv1d(32, 32, 5, stride=2, padding=2), nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * STEPS // 2, CLASSES),
    )


class Averaged(nn.Module):
    def __init__(self, decay=0.9999):
        super().__init__()
        self.decay = decay
        self.online = net()
        self.average = copy.deepcopy(self.online)
        for p in self.average.parameters():
            p.requires_grad_(False)

    @torch.no_grad()
    def update(self):
        for slow, fast in zip(self.average.parameters(), self.online.parameters()):
            slow.mul_(self.decay).add_(fast, alpha=1 - self.decay)

    def forward(self, x):
        if not self.training:
            return self.average(x)
        self.update()
        return self.online(x)


experiment = Experiment(
    model=Averaged,
    train=strokes(2000, 1),
    val=strokes(600, 2),
    optimizer="adam",
    lr=1e-3,
    batch_size=64,
    epochs=15,
)
