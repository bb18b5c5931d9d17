"""Faults of small noisy problems: the first half was seen, the other one held out."""

from collections.abc import Callable
from dataclasses import replace

import torch
from catalogue import Through, ending, inputs, wrapped
from catalogue import drawn as redrawn
from noisy import (
    classes,
    normal,
    real,
    sales_by_advertising,
    sine,
    source,
    three_clouds,
    two_clouds,
    weak_of_two,
    yes_no,
)
from noisy_held_out import flipped_labels, rings, three_weak_signs, two_answers
from torch import nn

from recipe import Experiment

Case = tuple[Callable[[], Experiment], tuple[str, ...]]


def squeezed(width: int, outputs: int) -> Callable[[], nn.Module]:
    """Many weights behind a single unit."""
    return lambda: nn.Sequential(
        nn.Linear(width, 1), nn.Tanh(), nn.Linear(1, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(),
        nn.Linear(64, outputs),
    )  # fmt: skip


def one_unit_for_a_board() -> Experiment:
    x = 2 * torch.rand(400, 2, generator=source(41)) - 1
    board = (x > 0).long()
    return classes(1.7 * x, (board[:, 0] + board[:, 1]) % 2, model=squeezed(2, 2), epochs=30)


def one_unit_for_a_surface() -> Experiment:
    x = normal(400, 3, 141)
    y = x[:, :1] * x[:, 1:2] + x[:, 2:].square() + 0.2 * normal(400, 1, 142)
    return real(x, y, model=squeezed(3, 1), epochs=30)


def labels_shuffled() -> Experiment:
    e = three_clouds()
    x, y = e.train
    return replace(e, train=(x, y[torch.randperm(len(y), generator=source(43))]))


def labels_of_nothing() -> Experiment:
    return yes_no(normal(600, 2, 143), torch.rand(600, generator=source(144)) < 0.5)


def first_layers_cut_off() -> Experiment:
    def cut(model: nn.Module) -> nn.Module:
        *first, last = model
        return nn.Sequential(*first, Through(torch.Tensor.detach), last)

    return wrapped(rings(), cut)


FAULTY: dict[str, Case] = {
    "bottleneck": (one_unit_for_a_board, ("model-too-small", "cannot-overfit-sample")),
    "shuffled": (labels_shuffled, ("labels-look-random",)),
    "rate too high": (lambda: replace(sales_by_advertising(), lr=3.0), ("learning-rate-too-high", "diverged")),
    "frozen": (lambda: wrapped(sine(), lambda m: m.requires_grad_(requires_grad=False)), ("frozen-parameters",)),
    "double sigmoid": (lambda: ending(two_clouds(), nn.Sigmoid()), ("sigmoid-before-loss",)),
    "weights of zero": (
        lambda: redrawn(weak_of_two(), lambda m: nn.init.zeros_(m.weight)),
        ("symmetric-initialization",),
    ),
}  # fmt: skip
FAULTY_HELD_OUT: dict[str, Case] = {
    "bottleneck": (one_unit_for_a_surface, ("model-too-small", "cannot-overfit-sample")),
    "labels of nothing": (labels_of_nothing, ("labels-look-random",)),
    "rate too low": (lambda: replace(flipped_labels(), lr=2e-7), ("learning-rate-too-low",)),
    "cut off": (first_layers_cut_off, ("parameters-without-gradient", "frozen-parameters")),
    "ReLU on answers": (lambda: ending(two_answers(), nn.ReLU()), ("output-activation-limits-range",)),
    "inputs in thousands": (
        lambda: inputs(three_weak_signs(), lambda x: 1000 * x + 500), ("inputs-not-scaled",)
    ),
}  # fmt: skip
