"""Tiny and odd data, with and without a fault."""

from collections.abc import Callable
from dataclasses import replace

import torch
from bases import mlp, split, standardised
from catalogue import ending, inputs, targets, wrapped
from more_bases import LastStep, source
from torch import Tensor, nn
from torch.nn import functional as F

from recipe import Experiment

Make = Callable[[int], Experiment]
ODD: dict[str, tuple[Make, tuple[str, ...], Make | None]] = {}
"""Name to experiment, names of its cause (none of a sound one), and the sound one it was."""


def sound(make: Make) -> Make:
    """Register a sound one by its function's name."""
    ODD[make.__name__.replace("_", "-")] = (make, (), None)
    return make


def broken(name: str, of: Make, change: Callable[[Experiment], Experiment], *causes: str) -> None:
    """Register a sound one with a fault."""
    full = f"{of.__name__.replace('_', '-')}, {name}"
    ODD[full] = (lambda seed: change(of(seed)), causes, of)


def normal(n: int, width: int, seed: int) -> Tensor:
    return torch.randn(n, width, generator=source(seed))


def adam(**given: object) -> Experiment:
    return Experiment(**{"batch_size": 16, "optimizer": "adam", "lr": 3e-3, "epochs": 20} | given)


@sound
def six_rows(seed: int) -> Experiment:
    """Six to learn, six to validate, one sign decides."""
    x = normal(12, 2, 50)
    x[:, 0] = x[:, 0].sign() * (1 + x[:, 0].abs())
    order = torch.cat([torch.where(x[:, 0] > 0)[0], torch.where(x[:, 0] < 0)[0]])
    order = torch.cat([order[::2], order[1::2]])
    x, y = x[order], (x[order, 0] > 0).float()
    return adam(model=mlp(2, 1, 16), train=(x[:6], y[:6]), val=(x[6:], y[6:]), task="binary",
                batch_size=3, lr=1e-2, epochs=40)  # fmt: skip


@sound
def exclusive_or(seed: int) -> Experiment:
    corners = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]).repeat(6, 1)
    y = (corners.sum(1) == 1).long()
    return adam(model=mlp(2, 2, 16), train=(corners, y), val=(corners[:4], y[:4]), batch_size=4,
                lr=1e-2, epochs=60)  # fmt: skip


@sound
def targets_in_thousands_but_scaled(seed: int) -> Experiment:
    """A house price, standardised, as one should."""
    x = normal(300, 4, 51)
    price = (250 + 40 * x[:, :1] - 25 * x[:, 1:2] + 10 * normal(300, 1, 52)) * 1000
    return adam(model=mlp(4, 1, 32), **split(x, standardised(price), seed), task="regression")


@sound
def one_feature_in_millions_but_scaled(seed: int) -> Experiment:
    x = normal(300, 3, 53)
    y = (x[:, 0] + x[:, 1] > 0).float()
    x[:, 0] = x[:, 0] * 1e6 + 3e6
    return adam(model=mlp(3, 1, 32), **split(standardised(x), y, seed), task="binary")


@sound
def three_and_three_hundred(seed: int) -> Experiment:
    """Three items of the rare class for training, three for validation, far from the others."""
    x, y = normal(306, 2, 54), torch.zeros(306).long()
    y[::51] = 1
    x[y == 1] += 6
    rare, other = torch.where(y == 1)[0], torch.where(y == 0)[0]
    train, val = torch.cat([rare[:3], other[:200]]), torch.cat([rare[3:], other[200:]])
    return adam(model=mlp(2, 2, 32), train=(x[train], y[train]), val=(x[val], y[val]), epochs=30)


@sound
def a_single_feature(seed: int) -> Experiment:
    x = normal(200, 1, 55)
    return adam(model=mlp(1, 1, 32), **split(x, (x.abs() < 0.7).float()[:, 0], seed), task="binary",
                lr=1e-2, epochs=30)  # fmt: skip


@sound
def one_long_sequence(seed: int) -> Experiment:
    """Windows of one series, the end held out."""
    t = torch.arange(700)
    series = (
        torch.sin(t / 4) + 0.5 * torch.sin(t / 11) + 0.05 * torch.randn(700, generator=source(56))
    )
    series = series / series.std()
    x = series.unfold(0, 17, 1)
    return adam(model=lambda: LastStep(0, 16), train=(x[:500, :16, None], x[:500, 16:]),
                val=(x[520:, :16, None], x[520:, 16:]), task="regression", lr=1e-2, epochs=8)  # fmt: skip


@sound
def images_of_one_pixel(seed: int) -> Experiment:
    y = torch.arange(360) % 3
    x = 2 * F.one_hot(y, 3).float() - 0.7 + 0.4 * normal(360, 3, 57)
    make = lambda: nn.Sequential(nn.Conv2d(3, 16, 1), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3))  # noqa: E731
    return adam(model=make, **split(x[:, :, None, None], y, seed))


@sound
def yes_or_no_as_two_classes(seed: int) -> Experiment:
    x = normal(300, 5, 58)
    return adam(model=mlp(5, 2, 32), **split(x, (x[:, 0] * x[:, 1] > 0).long(), seed), epochs=40,
                lr=5e-3)  # fmt: skip


@sound
def two_hundred_classes_of_five(seed: int) -> Experiment:
    centres = 3 * normal(200, 20, 59)
    x = centres[:, None] + 0.6 * torch.randn(200, 5, 20, generator=source(60))
    y = torch.arange(200)[:, None].expand(200, 5)
    return adam(model=mlp(20, 200, 128), train=(x[:, :4].reshape(-1, 20), y[:, :4].reshape(-1)),
                val=(x[:, 4], y[:, 4]), batch_size=32, lr=5e-3, epochs=30)  # fmt: skip


@sound
def more_columns_than_rows(seed: int) -> Experiment:
    x = normal(80, 200, 61)
    x[:, :20] += 1.2 * (2 * (torch.arange(80) % 2) - 1)[:, None]
    return adam(model=mlp(200, 1, 16), **split(x, (torch.arange(80) % 2).float(), seed),
                task="binary", epochs=15)  # fmt: skip


@sound
def ones_and_zeros_only(seed: int) -> Experiment:
    x = (torch.rand(400, 12, generator=source(62)) < 0.3).float()
    return adam(model=mlp(12, 1, 32), **split(x, ((x[:, 0] + x[:, 3]) > 0).float(), seed),
                task="binary")  # fmt: skip


@sound
def a_column_nearly_always_zero(seed: int) -> Experiment:
    x = normal(400, 4, 63)
    x[:, 3] = 10 * (torch.rand(400, generator=source(64)) < 0.03)
    return adam(model=mlp(4, 1, 32), **split(x, x[:, :1] - x[:, 1:2] + 0.3 * normal(400, 1, 65), seed),
                task="regression")  # fmt: skip


@sound
def a_constant_column_among_many(seed: int) -> Experiment:
    x = normal(300, 8, 66)
    x[:, 5] = 0
    return adam(model=mlp(8, 1, 32), **split(x, (x[:, 0] > x[:, 1]).float(), seed), task="binary")


@sound
def batch_larger_than_the_data(seed: int) -> Experiment:
    x = normal(120, 3, 67)
    return adam(model=mlp(3, 1, 32), **split(x, (x.sum(1) > 0).float(), seed), task="binary",
                batch_size=512, lr=1e-2, epochs=120)  # fmt: skip


def explained(outputs: Tensor, y: Tensor) -> float:
    """The share of the variance of counts that their expected numbers explain."""
    left = (outputs.exp() - y).square().sum() / (y - y.mean()).square().sum()
    return float(1 - left)


@sound
def counts_with_many_zeros(seed: int) -> Experiment:
    x = normal(500, 2, 68)
    y = torch.poisson((1.2 * x[:, :1] - 0.7).exp(), generator=source(69))
    return adam(model=mlp(2, 1, 32), **split(x, y, seed), task="regression",
                loss=nn.PoissonNLLLoss(), metric=explained, epochs=15)  # fmt: skip


@sound
def sequences_of_one_step(seed: int) -> Experiment:
    x = normal(300, 1, 70)
    return adam(model=lambda: LastStep(0, 16), **split(x[:, None], x.square() - 1, seed),
                task="regression", lr=1e-2)  # fmt: skip


@sound
def three_epochs_that_suffice(seed: int) -> Experiment:
    """Nearly deterministic, with very few epochs needed."""
    x = normal(1500, 2, 71)
    return adam(model=mlp(2, 1, 16), **split(x, (x[:, 0] > 0).float(), seed), task="binary",
                lr=1e-2, epochs=3)  # fmt: skip


def millions(x: Tensor) -> Tensor:
    x[:, 0] = x[:, 0] * 1e6 + 3e6
    return x


def frozen(e: Experiment) -> Experiment:
    return wrapped(e, lambda model: model.requires_grad_(requires_grad=False))


def alike(model: nn.Module) -> nn.Module:
    for p in model.parameters():
        nn.init.constant_(p, 0.1)
    return model


def shuffled(y: Tensor) -> Tensor:
    return y[torch.randperm(len(y), generator=source(80))]


broken("labels from one", six_rows, lambda e: targets(e, lambda y: y + 1), "targets-out-of-range")
broken("frozen", six_rows, frozen, "frozen-parameters")
broken("linear", exclusive_or, lambda e: replace(e, model=lambda: nn.Sequential(
    nn.Linear(2, 16), nn.Linear(16, 2))), "model-is-linear")  # fmt: skip
broken("softmax twice", exclusive_or, lambda e: ending(e, nn.Softmax(1)), "softmax-before-loss")
broken("units all alike", exclusive_or, lambda e: wrapped(e, alike), "symmetric-initialization")
broken("not scaled", targets_in_thousands_but_scaled,
       lambda e: targets(e, lambda y: 5e4 * y + 2.5e5), "targets-not-scaled")  # fmt: skip
broken("not scaled", one_feature_in_millions_but_scaled, lambda e: inputs(e, millions),
       "inputs-not-scaled")  # fmt: skip
broken("rare class held out whole", three_and_three_hundred,
       lambda e: replace(e, train=(e.train[0][3:], e.train[1][3:])),
       "validation-missing-classes", "single-class-labels")  # fmt: skip
broken("ReLU at the end", a_single_feature, lambda e: ending(e, nn.ReLU()),
       "output-activation-limits-range")  # fmt: skip
broken("missing value", one_long_sequence, lambda e: inputs(e, lambda x: x.where(
    torch.arange(len(x))[:, None, None] != 7, torch.nan), "train"), "inputs-not-finite")  # fmt: skip
broken("sign flipped", one_long_sequence,
       lambda e: replace(e, loss=lambda o, y: -F.mse_loss(o, y)), "loss-sign-flipped")  # fmt: skip
broken(
    "softmax at the end",
    images_of_one_pixel,
    lambda e: ending(e, nn.Softmax(1)),
    "softmax-before-loss",
)
broken("sigmoid on logits", yes_or_no_as_two_classes, lambda e: ending(e, nn.Sigmoid()),
       "sigmoid-before-loss", "output-activation-limits-range")  # fmt: skip
broken("labels from one", two_hundred_classes_of_five, lambda e: targets(e, lambda y: y + 1),
       "targets-out-of-range", "outputs-do-not-match-targets")  # fmt: skip
broken("labels shuffled", two_hundred_classes_of_five, lambda e: targets(e, shuffled, "train"),
       "labels-look-random")  # fmt: skip
broken("rate too low", more_columns_than_rows, lambda e: replace(e, lr=1e-7),
       "learning-rate-too-low")  # fmt: skip
broken("validation copied", ones_and_zeros_only, lambda e: replace(
    e, val=(e.train[0][:80].clone(), e.train[1][:80].clone())), "train-validation-overlap")  # fmt: skip
broken("labels shuffled", a_constant_column_among_many, lambda e: targets(e, shuffled, "train"),
       "labels-look-random")  # fmt: skip
broken("one value missing", counts_with_many_zeros, lambda e: targets(e, lambda y: y.where(
    torch.arange(len(y))[:, None] != 9, torch.nan), "train"), "inputs-not-finite")  # fmt: skip
broken("broadcast", sequences_of_one_step, lambda e: replace(
    targets(e, lambda y: y[:, 0]), loss=lambda o, y: ((o - y) ** 2).mean()),
    "outputs-do-not-match-targets")  # fmt: skip
broken(
    "one feature left", a_single_feature, lambda e: inputs(e, lambda x: 0 * x), "constant-inputs"
)
broken("inputs ignored", images_of_one_pixel, lambda e: wrapped(e, lambda m: nn.Sequential(
    nn.Threshold(1e9, 0.0), m)), "inputs-ignored")  # fmt: skip
