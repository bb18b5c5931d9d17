"""Transformer-like mixer trained with a long linear warm-up."""
import torch
from torch import nn
from recipe import Experiment

T, F = 12, 8


def tables(n, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, T, F, generator=g)
    when = torch.randint(0, T, (n,), generator=g)
    y = torch.randint(0, 4, (n,), generator=g)
    pattern = torch.randn(4, F, generator=torch.Generator().manual_seed(3))
    rows = torch.arange(n)
    x[rows, when] = pattern[y] * 2.0 + 0.4 * torch.randn(n, F, generator=g)
    return x, y


class MixerBlock(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.time = nn.Sequential(nn.Linear(T, 32), nn.GELU(), nn.Linear(32, T))
        self.chan = nn.Sequential(nn.Linear(d, 64), nn.GELU(), nn.Linear(64, d))

    def forward(self, x):
        x = x + self.time(self.n1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.chan(self.n2(x))


class Mixer(nn.Module):
    def __init__(self, d=24, depth=2):
        super().__init__()
        self.inp = nn.Linear(F, d)
        self.blocks = nn.Sequential(*[MixerBlock(d) for _ in range(depth)])
        self.norm = nn.LayerNorm(d)
        self.out = nn.Linear(d, 4)

    def forward(self, x):
        return self.out(self.norm(self.blocks(self.inp(x))).mean(1))


experiment = Experiment(model=Mixer, train=tables(2500, 1), val=tables(500, 2), optimizer="adamw",
                        lr=3e-3, weight_decay=0.01, batch_size=64, epochs=10, warmup=0.4, schedule="cosine")
