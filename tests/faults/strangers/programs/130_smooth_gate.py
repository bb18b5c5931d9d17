"""Two winding rivers of points in five dimensions, with a gate function of our own."""
import math

import torch
from torch import nn
from recipe import Experiment


class Gate(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return s * (1 + x * (1 - s))


class Swish(nn.Module):
    def forward(self, x):
        return Gate.apply(x)


def rivers(n, seed):
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(3, (n,), generator=g)
    t = torch.rand(n, generator=g) * 1.5 * math.pi
    a = t + y * 2 * math.pi / 3
    plane = torch.stack([t * a.cos(), t * a.sin()], 1) / 2
    mix = torch.randn(2, 5, generator=torch.Generator().manual_seed(9))
    return plane @ mix + 0.08 * torch.randn(n, 5, generator=g), y


def model(width=64):
    return nn.Sequential(
        nn.Linear(5, width), Swish(),
        nn.Linear(width, width), Swish(),
        nn.Linear(width, 3),
    )


experiment = Experiment(
    model=model,
    train=rivers(2400, 1),
    val=rivers(600, 2),
    optimizer="adamw",
    lr=3e-3,
    weight_decay=0.01,
    batch_size=64,
    epochs=25,
    schedule="cosine",
)
