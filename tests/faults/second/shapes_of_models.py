"""Models on digits whose design looks like a mistake."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Fixup(nn.Module):
    """Residual blocks that begin as the identity: small weights first, zeros last (Fixup)."""

    def __init__(self, depth: int = 5) -> None:
        super().__init__()
        self.first, self.head = nn.Linear(64, 64), nn.Linear(64, 10)
        self.a = nn.ModuleList(nn.Linear(64, 64) for _ in range(depth))
        self.b = nn.ModuleList(nn.Linear(64, 64) for _ in range(depth))
        for a, b in zip(self.a, self.b, strict=True):
            a.weight.data.mul_(depth**-0.5)
            nn.init.zeros_(b.weight)
        nn.init.zeros_(self.head.weight)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x.flatten(1)).relu()
        for a, b in zip(self.a, self.b, strict=True):
            h = (h + b(a(h).relu())).relu()
        return self.head(h)


class Bounded(nn.Sequential):
    """Activations clipped at 6 under batch norm; a last norm bounds the logits."""

    def __init__(self) -> None:
        super().__init__(
            nn.Flatten(), nn.Linear(64, 64, bias=False), nn.BatchNorm1d(64), nn.ReLU6(),
            nn.Linear(64, 64, bias=False), nn.BatchNorm1d(64), nn.ReLU6(),
            nn.Linear(64, 10, bias=False), nn.BatchNorm1d(10),
        )  # fmt: skip


class Shared(nn.Module):
    """One layer used four times, as a recurrent network in depth."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.again, self.head = nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x.flatten(1)).relu()
        for _ in range(4):
            h = h + self.again(h).relu() / 2
        return self.head(h)


class UnitOutputs(nn.Module):
    """Cosines to class vectors, times a learnt temperature."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32))
        self.classes = nn.Parameter(torch.randn(10, 32))
        self.scale = nn.Parameter(torch.tensor(10.0))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * F.normalize(self.features(x)) @ F.normalize(self.classes).T


class WithoutBias(nn.Sequential):
    """No biases at all."""

    def __init__(self) -> None:
        super().__init__(nn.Flatten(), nn.Linear(64, 64, bias=False), nn.ReLU(),
                         nn.Linear(64, 64, bias=False), nn.ReLU(), nn.Linear(64, 10, bias=False))  # fmt: skip
