"""Healthy experiments of many kinds: none of them may raise an alarm."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from bases import BASES, Base, cnn, digit_images, mlp, split
from catalogue import drawn, ending, inputs, targets, wrapped
from torch import Tensor, nn
from torch.nn import functional as F

from recipe import Experiment

RATES = {"sgd": 0.05, "adam": 2e-3, "adamw": 2e-3, "rmsprop": 1e-3}


@dataclass(frozen=True)
class Healthy:
    """An experiment that has no fault."""

    name: str
    make: Callable[[int], Experiment]
    base: str = ""
    """The base it is a variant of."""


def changed(base: Base, name: str, **fields: object) -> Healthy:
    """A base with other fields."""
    return Healthy(f"{base.name}, {name}", lambda seed: replace(base.make(seed), **fields),
                   base.name)  # fmt: skip


def of(base: Base, name: str, change: Callable[[Experiment], Experiment]) -> Healthy:
    """A base, changed."""
    return Healthy(f"{base.name}, {name}", lambda seed: change(base.make(seed)), base.name)


def deep(layers: int, activation: type[nn.Module], *norm: Callable[[], nn.Module], width: int = 64):
    """A factory of a deep network on digits."""

    def make() -> nn.Module:
        parts: list[nn.Module] = [nn.Flatten()]
        for number in range(layers):
            parts += [nn.Linear(64 if number == 0 else width, width), *[n() for n in norm],
                      activation()]  # fmt: skip
        return nn.Sequential(*parts, nn.Linear(width, 10))

    return make


class Residual(nn.Module):
    """Residual blocks whose last layer, and whose head, start at zero."""

    def __init__(self) -> None:
        """Three blocks."""
        super().__init__()
        self.first = nn.Linear(64, 64)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(64), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64))
            for _ in range(3)
        )
        self.head = nn.Linear(64, 10)
        for layer in (*(block[-1] for block in self.blocks), self.head):
            nn.init.zeros_(layer.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        x = torch.relu(self.first(x.flatten(1)))
        for block in self.blocks:
            x = x + block(x)
        return self.head(x)


class Transformer(nn.Module):
    """Rows of an image as tokens."""

    def __init__(self) -> None:
        """One encoder layer."""
        super().__init__()
        self.embed = nn.Linear(8, 32)
        self.place = nn.Parameter(torch.zeros(8, 32))
        self.layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.1, batch_first=True)
        self.head = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.head(self.layer(self.embed(x[:, 0]) + self.place).mean(1))


class Recurrent(nn.Module):
    """Rows of an image as a sequence."""

    def __init__(self) -> None:
        """One LSTM."""
        super().__init__()
        self.cell, self.head = nn.LSTM(8, 48, batch_first=True), nn.Linear(48, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.head(self.cell(x[:, 0])[0][:, -1])


def zero_head(model: nn.Module) -> nn.Module:
    last = [m for m in model.modules() if isinstance(m, nn.Linear)][-1]
    nn.init.zeros_(last.weight)
    return model


def frozen_first(model: nn.Module) -> nn.Module:
    next(m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d)).requires_grad_(
        requires_grad=False
    )
    return model


def kaiming(module: nn.Module) -> None:
    nn.init.kaiming_normal_(module.weight)


def xavier(module: nn.Module) -> None:
    nn.init.xavier_uniform_(module.weight)


def orthogonal(module: nn.Module) -> None:
    nn.init.orthogonal_(module.weight)


def shifted(x: Tensor) -> Tensor:
    return torch.roll(x, int(torch.randint(-1, 2, ())), -1)


def noisy(x: Tensor) -> Tensor:
    return x + 0.2 * torch.randn_like(x)


def imbalanced(seed: int) -> Experiment:
    """Zeros many times as often as other digits, and learnable."""
    x, y = digit_images()
    kept = (y == 0) | (torch.arange(len(y)) % 5 == 0)
    return Experiment(model=mlp(64, 10), **split(x[kept], y[kept], seed), batch_size=16, lr=0.05,
                      epochs=15)  # fmt: skip


def xor(seed: int) -> Experiment:
    """Four rows, repeated."""
    rows = torch.tensor([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]).repeat(8, 1)
    y = (rows[:, 0] * rows[:, 1] < 0).float()
    del seed
    return Experiment(model=mlp(2, 1, 16), train=(rows, y), val=(rows[:4], y[:4]), task="binary",
                      batch_size=4, optimizer="adam", lr=0.01, epochs=40)  # fmt: skip


def multilabel(seed: int) -> Experiment:
    """Is it even, is it large, is it round?"""
    x, y = digit_images()
    labels = torch.stack([y % 2 == 0, y >= 5, (y == 0) | (y == 6) | (y == 8) | (y == 9)], 1)
    return Experiment(model=mlp(64, 3), **split(x, labels.float(), seed), task="multilabel",
                      batch_size=32, optimizer="adam", lr=2e-3, epochs=10)  # fmt: skip


def bytes_with_norm(seed: int) -> Experiment:
    """Raw bytes into a model that normalises by itself."""
    x, y = digit_images()
    return Experiment(
        model=lambda: nn.Sequential(nn.BatchNorm2d(1), *mlp(64, 10)()),
        **split(40 * x + 80, y, seed), batch_size=32, lr=0.05, epochs=10,
    )  # fmt: skip


def healthy() -> Iterator[Healthy]:
    """All of them."""
    base = {b.name: b for b in BASES}
    digits, table, real = base["digits-mlp"], base["cancer-table"], base["diabetes-table"]
    for b in BASES:
        yield changed(b, "no rate declared", lr=None)
    for b in (digits, table, real):
        for optimizer, lr in RATES.items():
            yield changed(b, optimizer, optimizer=optimizer, lr=lr)
    for schedule in ("constant", "step", "linear", "inverse_sqrt"):
        yield changed(digits, f"{schedule} schedule", schedule=schedule, epochs=20)
    yield changed(digits, "warm-up", warmup=0.1)
    yield changed(digits, "clipped at 5", clip_norm=5.0)
    yield changed(digits, "momentum 0", momentum=0.0, lr=0.3)
    yield changed(digits, "batch 8", batch_size=8, lr=0.02)
    yield changed(digits, "batch 256", batch_size=256, lr=0.2, epochs=30)
    yield changed(digits, "high rate", lr=0.15)
    yield changed(digits, "low rate", lr=0.01, epochs=25)
    yield changed(digits, "weight decay", weight_decay=1e-3)
    yield changed(digits, "shifts", augment=shifted, epochs=20)
    yield changed(digits, "noise", augment=noisy, epochs=20)
    yield changed(digits, "in order", shuffle=False)
    yield changed(digits, "val as a fraction", val=0.2)
    for name, make in {
        "wide": mlp(64, 10, 512), "narrow": mlp(64, 10, 16), "tanh": mlp(64, 10, 64, nn.Tanh),
        "sigmoid": mlp(64, 10, 64, nn.Sigmoid), "gelu": mlp(64, 10, 64, nn.GELU),
        "leaky": mlp(64, 10, 64, nn.LeakyReLU), "deep": deep(8, nn.ReLU),
        "deep, batch norm": deep(10, nn.ReLU, lambda: nn.BatchNorm1d(64)),
        "deep, layer norm": deep(6, nn.ReLU, lambda: nn.LayerNorm(64)), "selu": deep(4, nn.SELU),
        "linear": lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 10)),
        "convolutions": cnn(1, 10), "zero residuals": Residual, "transformer": Transformer,
        "lstm": Recurrent,
    }.items():  # fmt: skip
        yield changed(digits, name, model=make, optimizer="adam", lr=2e-3, epochs=20)
    yield of(digits, "dropout 0.5", lambda e: replace(e, model=lambda: mlp(64, 10)(0.5), epochs=20))
    yield of(digits, "zero head", lambda e: wrapped(e, zero_head))
    yield of(digits, "frozen first layer", lambda e: wrapped(e, frozen_first))
    for draw in (kaiming, xavier, orthogonal):
        yield of(digits, draw.__name__, lambda e, draw=draw: drawn(e, draw))
    yield of(digits, "log-softmax before cross-entropy", lambda e: ending(e, nn.LogSoftmax(1)))
    yield of(digits, "log-softmax and nll",
             lambda e: replace(ending(e, nn.LogSoftmax(1)), loss=F.nll_loss))  # fmt: skip
    yield changed(digits, "label smoothing",
                  loss=lambda o, y: F.cross_entropy(o, y, label_smoothing=0.1))  # fmt: skip
    yield changed(digits, "class weights",
                  loss=lambda o, y: F.cross_entropy(o, y, weight=torch.linspace(0.5, 2, 10)))  # fmt: skip
    yield changed(digits, "sum under adam", optimizer="adam", lr=2e-3,
                  loss=lambda o, y: F.cross_entropy(o, y, reduction="sum"))  # fmt: skip
    yield of(digits, "labels as real numbers", lambda e: targets(e, Tensor.float))
    yield of(digits, "one-hot labels", lambda e: targets(e, F.one_hot))
    yield of(digits, "pixels from 0 to 1", lambda e: inputs(e, lambda x: (x + 0.8) / 2.7))
    yield of(table, "probabilities and bce",
             lambda e: replace(ending(e, nn.Sigmoid()),
                               loss=lambda o, y: F.binary_cross_entropy(o[:, 0], y)))  # fmt: skip
    yield of(table, "positive weight", lambda e: replace(
        e, loss=lambda o, y: F.binary_cross_entropy_with_logits(
            o[:, 0], y, pos_weight=torch.tensor(2.0))))  # fmt: skip
    yield changed(real, "absolute error", loss=F.l1_loss)
    yield changed(real, "huber", loss=F.smooth_l1_loss)
    yield of(real, "targets from 0 to 10", lambda e: replace(
        e, epochs=40, train=(e.train[0], 2 * e.train[1] + 5), val=(e.val[0], 2 * e.val[1] + 5)))  # fmt: skip
    for make in (imbalanced, xor, multilabel, bytes_with_norm):
        yield Healthy(make.__name__, make)
