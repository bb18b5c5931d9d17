"""Small problems that curves are made of by training: data, model, loss and score of each."""

import math
import pydoc_data.topics
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

HIDDEN = 2000
"""Items that no log speaks of: what a run is worth is known from them."""
CONTEXT, LETTERS = 8, 28


@dataclass(frozen=True)
class Task:
    """One problem."""

    name: str
    items: Callable[[int, torch.Generator], tuple[Tensor, Tensor]]
    model: Callable[[int], nn.Module]
    loss: Callable[[Tensor, Tensor], Tensor]
    score: Callable[[Tensor, Tensor], float] | None
    rate: float
    """For Adam; that of SGD with momentum is `slow` times it."""
    slow: float = 15.0
    noise: float = 0.0
    """Share of wrong labels, or spread of targets: what nobody can learn."""


def _mlp(inputs: int, outputs: int) -> Callable[[int], nn.Module]:
    return lambda width: nn.Sequential(
        nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
        nn.Linear(width, outputs),
    )  # fmt: skip


def _accuracy(out: Tensor, y: Tensor) -> float:
    return float((out.argmax(1) == y).float().mean())


def _clusters(classes: int, inputs: int, spread: float, wrong: float):
    centres = torch.randn(3 * classes, inputs, generator=torch.Generator().manual_seed(classes))

    def items(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        which = torch.randint(3 * classes, (n,), generator=generator)
        x = centres[which] + spread * torch.randn(n, inputs, generator=generator)
        y = which % classes
        swapped = torch.rand(n, generator=generator) < wrong
        return x, torch.where(swapped, torch.randint(classes, (n,), generator=generator), y)

    return items


def _digits(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    kept = torch.randint(len(x), (n,), generator=generator)
    moved = torch.as_tensor(x, dtype=torch.float32)[kept] / 8 - 1
    return moved + 0.8 * torch.randn(n, 64, generator=generator), torch.as_tensor(y)[kept]


def _surface(noise: float):
    def items(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        x = torch.rand(n, 8, generator=generator)
        y = torch.sin(math.pi * x[:, 0] * x[:, 1]) + 2 * (x[:, 2] - 0.5) ** 2 + x[:, 3]
        y = 2 * (y - 1.1) + noise * torch.randn(n, generator=generator)
        return 2 * x - 1, y[:, None]

    return items


def _r2(out: Tensor, y: Tensor) -> float:
    return float(1 - ((out - y) ** 2).mean() / y.var())


def _gauss_nll(out: Tensor, y: Tensor) -> Tensor:
    spread = out[:, 1:2].clamp(-6, 6)
    return (spread + 0.5 * ((y - out[:, :1]) / spread.exp()) ** 2).mean()


def _letters() -> Tensor:
    text = " ".join(pydoc_data.topics.topics.values()).lower()
    codes = [ord(c) - 96 if "a" <= c <= "z" else 0 if c in " \n" else 27 for c in text]
    return torch.tensor(codes)


def _words(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    letters = _letters()
    starts = torch.randint(len(letters) - CONTEXT - 1, (n,), generator=generator)
    rows = letters[starts[:, None] + torch.arange(CONTEXT + 1)]
    return rows[:, :-1], rows[:, -1]


def _masked(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    x, last = _words(n, generator)
    rows = torch.cat([x, last[:, None]], 1)
    wanted = rows[:, CONTEXT // 2].clone()
    rows[:, CONTEXT // 2] = LETTERS - 1
    return rows[:, :CONTEXT], wanted


def _reader(width: int) -> nn.Module:
    return nn.Sequential(
        nn.Embedding(LETTERS, 12), nn.Flatten(), nn.Linear(12 * CONTEXT, width), nn.ReLU(),
        nn.Linear(width, LETTERS),
    )  # fmt: skip


def _pictures(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    rows = torch.linspace(-1, 1, 12)
    middle = torch.rand(n, 2, 1, 1, generator=generator) * 1.2 - 0.6
    radius = 0.25 + 0.3 * torch.rand(n, 1, 1, generator=generator)
    distance = (rows[None, :, None] - middle[:, 0]) ** 2 + (rows[None, None] - middle[:, 1]) ** 2
    mask = (distance < radius**2).float()[:, None]
    return mask + torch.randn(n, 1, 12, 12, generator=generator), mask


def _segmenter(width: int) -> nn.Module:
    width = max(4, width // 8)
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1),
        nn.ReLU(), nn.Conv2d(width, 1, 3, padding=1),
    )  # fmt: skip


def _iou(out: Tensor, y: Tensor) -> float:
    said, true = out > 0, y > 0.5
    return float((said & true).sum() / (said | true).sum().clamp(min=1))


def _contrast(out: Tensor, _: Tensor) -> Tensor:
    """InfoNCE of the two halves of what the model says of an item and of a moved copy of it."""
    a, b = (functional.normalize(part, dim=1) for part in out.chunk(2, dim=1))
    return functional.cross_entropy(a @ b.T / 0.2, torch.arange(len(a)))


class _Twins(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = _mlp(64, 16)(width)

    def forward(self, x: Tensor) -> Tensor:
        moved = (x + 1.5 * torch.randn_like(x) for _ in range(2))
        return torch.cat([self.body(part) for part in moved], 1)


def _itself(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    x, _ = _digits(n, generator)
    return x, x


def _squares(out: Tensor, y: Tensor) -> Tensor:
    return functional.mse_loss(out, y)


def _swing(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two classes, one in eight, that one input tells weakly."""
    y = (torch.rand(n, generator=generator) < 1 / 8).long()
    x = torch.randn(n, 12, generator=generator)
    x[:, 0] += 1.8 * y
    return x, y


CROSS = functional.cross_entropy
TASKS = (
    Task("clusters", _clusters(10, 16, 0.7, 0.05), _mlp(16, 10), CROSS, _accuracy, 2e-3),
    Task("noisy clusters", _clusters(5, 12, 1.0, 0.3), _mlp(12, 5), CROSS, _accuracy, 1e-3),
    Task("many classes", _clusters(40, 20, 0.6, 0.0), _mlp(20, 40), CROSS, _accuracy, 3e-3),
    Task("digits", _digits, _mlp(64, 10), CROSS, _accuracy, 1e-3),
    Task("rare class", _swing, _mlp(12, 2), CROSS, _accuracy, 1e-3),
    Task("regression", _surface(0.3), _mlp(8, 1), _squares, _r2, 2e-3, 8),
    Task("noisy regression", _surface(1.2), _mlp(8, 1), _squares, _r2, 1e-3, 8),
    Task("likelihood", _surface(0.05), _mlp(8, 2), _gauss_nll, None, 2e-3, 3),
    Task("letters", _words, _reader, CROSS, _accuracy, 2e-3),
    Task("masked letters", _masked, _reader, CROSS, None, 2e-3),
    Task("pictures", _pictures, _segmenter, functional.binary_cross_entropy_with_logits, _iou,
         3e-3),
    Task("autoencoder", _itself, _mlp(64, 64), _squares, None, 1e-3, 100),
    Task("contrastive", _itself, _Twins, _contrast, None, 1e-3),
)  # fmt: skip
