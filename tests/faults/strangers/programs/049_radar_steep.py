"""Two-layer net without normalisation at a large constant rate."""
import torch
from torch import nn
from recipe import Experiment


def echoes(n, seed):
    g = torch.Generator().manual_seed(seed)
    fixed = torch.Generator().manual_seed(2)
    basis = torch.randn(3, 40, generator=fixed)
    z = torch.randn(n, 3, generator=g)
    x = z @ basis + 0.5 * torch.randn(n, 40, generator=g)
    y = torch.tanh(z[:, 0] * z[:, 1]) + 0.5 * z[:, 2] + 0.1 * torch.randn(n, generator=g)
    return x, y


class RadarNet(nn.Module):
    def __init__(self, width=256):
        super().__init__()
        self.fc1 = nn.Linear(40, width)
        self.fc2 = nn.Linear(width, 1)
        nn.init.normal_(self.fc2.weight, std=1.5 / width ** 0.5)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x))).squeeze(-1)


train = echoes(3000, 1)
val = echoes(700, 2)
scale = train[0].std()
train = (train[0] / scale, train[1])
val = (val[0] / scale, val[1])

experiment = Experiment(
    model=lambda width=256: RadarNet(width),
    train=train,
    val=val,
    task="regression",
    optimizer="sgd",
    lr=0.06,
    momentum=0.0,
    batch_size=100,
    epochs=30,
    schedule="constant",
)
