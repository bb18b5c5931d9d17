"""24 residual blocks; the last layer of each block starts at zero, so the net starts as the identity."""
import math
import torch
from torch import nn, Tensor
from recipe import Experiment


class Block(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.up = nn.Linear(dim, dim)
        self.down = nn.Linear(dim, dim)
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.down.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.down(torch.relu(self.up(self.norm(x))))


class DeepNet(nn.Module):
    def __init__(self, depth: int = 24, dim: int = 24):
        super().__init__()
        self.stem = nn.Linear(3, dim)
        self.blocks = nn.Sequential(*[Block(dim) for _ in range(depth)])
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(self.blocks(self.stem(x))))


def shells(n, seed):
    g = torch.Generator().manual_seed(seed)
    d = torch.randn(n, 3, generator=g)
    d = d / d.norm(dim=1, keepdim=True)
    y = torch.randint(0, 3, (n,), generator=g)
    wave = 0.25 * torch.sin(3 * torch.atan2(d[:, 1], d[:, 0]))
    r = 0.6 + 0.5 * y + wave + 0.08 * torch.randn(n, generator=g)
    return d * r[:, None], y


experiment = Experiment(
    model=DeepNet,
    train=shells(1500, 0),
    val=shells(400, 1),
    optimizer="adamw",
    lr=1e-3,
    weight_decay=0.01,
    batch_size=50,
    epochs=10,
)
