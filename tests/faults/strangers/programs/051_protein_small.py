"""Few samples (300) with many measurements: a wide layer and strong dropout."""
import torch
import torch.nn as nn
from recipe import Experiment

D, K = 120, 3


def assay(n, seed):
    fixed = torch.Generator().manual_seed(70)
    loading = torch.randn(K, 12, generator=fixed) * 0.9
    spread = torch.randn(12, D, generator=fixed) / 3
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(0, K, (n,), generator=g)
    z = loading[y] + torch.randn(n, 12, generator=g)
    x = z @ spread + torch.randn(n, D, generator=g)
    return x, y


class WideDropout(nn.Module):
    def __init__(self, width: int = 512, p: float = 0.7):
        super().__init__()
        self.in_drop = nn.Dropout(0.3)
        self.hidden = nn.Linear(D, width)
        self.drop = nn.Dropout(p)
        self.out = nn.Linear(width, K)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.relu(self.hidden(self.in_drop(x)))
        return self.out(self.drop(h))


def split():
    x, y = assay(800, 5)
    return (x[:300], y[:300]), (x[300:], y[300:])


train_part, val_part = split()

experiment = Experiment(
    model=lambda width=512, p=0.7: WideDropout(width, p),
    train=train_part,
    val=val_part,
    optimizer="adamw",
    lr=1e-3,
    weight_decay=0.01,
    batch_size=30,
    epochs=25,
    space={"p": [0.3, 0.5, 0.7]},
)
