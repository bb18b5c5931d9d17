import torch
import torch.nn as nn
from recipe import Experiment

torch.manual_seed(101)


def logs(n):
    """Five rock types from eight log curves (gamma, density, sonic, ...)."""
    centers = torch.tensor([[60., 2.6, 70, .10, 10, 8, 3, .3], [110, 2.5, 85, .15, 5, 9, 2, .4],
                            [25, 2.7, 55, .05, 40, 8, 5, .2], [40, 2.3, 95, .25, 15, 10, 1, .5],
                            [75, 2.4, 80, .20, 25, 9, 4, .4]])
    spread = torch.tensor([22., .12, 10, .05, 9, 1, 1.2, .1])
    y = torch.randint(0, 5, (n,))
    x = centers[y] + torch.randn(n, 8) * spread
    mix = torch.eye(8) + 0.1 * torch.sin(torch.arange(64.)).view(8, 8)
    return x @ mix, y


def mlp(width=64, p=0.1):
    layers = [nn.BatchNorm1d(8, momentum=0.0005)]
    for i in range(2):
        layers += [nn.Linear(8 if i == 0 else width, width), nn.BatchNorm1d(width, momentum=0.0005), nn.ReLU(), nn.Dropout(p)]
    return nn.Sequential(*layers, nn.Linear(width, 5))


train_data = logs(2000)
valid_data = logs(500)

experiment = Experiment(
    model=lambda width=64, p=0.1: mlp(width, p),
    train=train_data,
    val=valid_data,
    batch_size=40,
    lr=0.02,
    momentum=0.9,
    epochs=10,
)
