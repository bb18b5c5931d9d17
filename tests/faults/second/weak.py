"""Faults at half strength: whether they do harm is measured beforehand (truth.py)."""

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from bases import mlp
from catalogue import (
    CLASSES,
    REAL,
    TEXT,
    YES_NO,
    Fault,
    drawn,
    fault,
    inputs,
    resplit,
    targets,
    updating,
    wrapped,
)  # fmt: skip
from more_bases import normed, source
from torch import Tensor, nn
from torch.nn import functional as F

from recipe import Experiment
from reports import QUICK

WEAK: list[Fault] = []
weak = partial(fault, into=WEAK)
REST = (*QUICK, "diabetes-table", "wine-table")
LOW_RATE = ("learning-rate-too-low", "update-ratio-too-low", "too-few-updates", "still-improving")
HIGH_RATE = ("learning-rate-too-high", "diverged", "unstable-training", "update-ratio-too-high")


@weak(*HIGH_RATE, without=QUICK)
def rate_10_times_too_high(e: Experiment) -> Experiment:
    return replace(e, lr=10 * (e.lr or 1))


@weak(*LOW_RATE, without=QUICK)
def rate_10_times_too_low(e: Experiment) -> Experiment:
    return replace(e, lr=(e.lr or 1) / 10)


def relabelled(e: Experiment, share: float, seed: int) -> Experiment:
    """With a share of the labels of both parts drawn anew among the others."""
    draw, count = source(seed), int(e.train[1].max()) + 1

    def change(y: Tensor) -> Tensor:
        hit = torch.rand(y.shape, generator=draw) < share
        other = (y + torch.randint(1, count, y.shape, generator=draw)) % count
        return torch.where(hit, other, y).to(y.dtype)

    return targets(e, change)


@weak("noisy-labels", on=(CLASSES, YES_NO, "tokens"), without=QUICK)
def labels_5_percent_wrong(e: Experiment) -> Experiment:
    return relabelled(e, 0.05, 41)


@weak("noisy-labels", on=(CLASSES, YES_NO), without=QUICK)
def labels_20_percent_wrong(e: Experiment) -> Experiment:
    return relabelled(e, 0.2, 42)


@weak("frozen-parameters", without=REST)
def half_of_the_layers_frozen(e: Experiment) -> Experiment:
    def freeze(model: nn.Module) -> nn.Module:
        own = [m for m in model.modules() if list(m.parameters(recurse=False))]
        for module in own[: len(own) // 2]:
            for parameter in module.parameters(recurse=False):
                parameter.requires_grad_(requires_grad=False)
        return model

    return wrapped(e, freeze)


@weak("regularization-too-strong", "regularization-blocks-learning", only="digits-mlp")
def dropout_of_80_percent(e: Experiment) -> Experiment:
    return replace(e, model=lambda: mlp(64, 10)(0.8))


@weak("regularization-too-strong", "regularization-blocks-learning", only="wine-table")
def dropout_of_90_percent(e: Experiment) -> Experiment:
    return replace(e, model=lambda: normed(13, 3)(0.9))


@weak("weight-decay-too-high", "regularization-too-strong", "regularization-blocks-learning",
      without=REST)  # fmt: skip
def weight_decay_100_times(e: Experiment) -> Experiment:
    return replace(e, weight_decay=100 * (e.weight_decay or 1e-4))


@weak("weight-decay-too-high", "regularization-too-strong", "regularization-blocks-learning",
      without=REST)  # fmt: skip
def weight_decay_500_times(e: Experiment) -> Experiment:
    return replace(e, weight_decay=500 * (e.weight_decay or 1e-4))


@weak("inputs-not-scaled", on=(CLASSES, YES_NO, REAL, "series", "vectors"), without=QUICK)
def inputs_times_30(e: Experiment) -> Experiment:
    return inputs(e, lambda x: 30 * x)


@weak("inputs-over-normalized", on=(CLASSES, YES_NO, REAL, "series", "vectors"), without=QUICK)
def inputs_by_30(e: Experiment) -> Experiment:
    return inputs(e, lambda x: x / 30)


@weak("targets-not-scaled", on=(REAL, "series"))
def targets_times_30(e: Experiment) -> Experiment:
    return targets(e, lambda y: 30 * y)


@weak("initialization-too-large", "initial-loss-too-high", on=(CLASSES, YES_NO, REAL),
      without=QUICK)  # fmt: skip
def weights_times_3(e: Experiment) -> Experiment:
    return drawn(e, lambda m: m.weight.data.mul_(3))


@weak("initialization-too-small", "vanishing-gradients", on=(CLASSES, YES_NO, REAL), without=QUICK)
def weights_by_10(e: Experiment) -> Experiment:
    return drawn(e, lambda m: m.weight.data.mul_(0.1))


@weak("optimizer-settings-unusual", *HIGH_RATE, without=REST)
def momentum_of_99_percent(e: Experiment) -> Experiment:
    return replace(e, optimizer="sgd", lr=0.05, momentum=0.99)


@weak("gradient-clipping-too-strong", *LOW_RATE, without=("diabetes-table", *QUICK))
def clipped_at_a_hundredth(e: Experiment) -> Experiment:
    return replace(e, clip_norm=0.01)


@weak("augmentation-too-strong", on=(CLASSES, "series"), without=QUICK)
def augmentation_of_unit_noise(e: Experiment) -> Experiment:
    return replace(e, augment=lambda x: x + torch.randn_like(x))


@weak("optimizer-settings-unusual", *LOW_RATE, without=REST)
def epsilon_of_a_tenth(e: Experiment) -> Experiment:
    def own(params: Any, lr: float, weight_decay: float) -> torch.optim.Optimizer:
        return torch.optim.Adam(params, lr=2e-3, weight_decay=weight_decay, eps=0.1)

    return replace(e, optimizer=own)


@weak("gradients-not-cleared", without=REST)
def cleared_at_every_second_batch(e: Experiment) -> Experiment:
    seen = [0]

    def update(model: Any, opt: Any, batch: Any, loss_function: Any) -> Any:
        seen[0] += 1
        if seen[0] % 2:
            opt.zero_grad()
        loss = loss_function(model(batch[0]), batch[1])
        loss.backward()
        opt.step()
        return loss

    return updating(e, update)


@weak("regularization-too-strong", "wrong-loss-for-task", on=(CLASSES,), without=QUICK)
def labels_smoothed_by_70_percent(e: Experiment) -> Experiment:
    return replace(e, loss=lambda o, y: F.cross_entropy(o, y, label_smoothing=0.7))


@weak("validation-preprocessing-differs", on=(CLASSES, YES_NO, REAL), without=QUICK)
def validation_moved_by_half_a_deviation(e: Experiment) -> Experiment:
    return inputs(e, lambda x: x + 0.5, "val")


@weak("validation-preprocessing-differs", on=(CLASSES, YES_NO, REAL), without=QUICK)
def validation_half_as_wide(e: Experiment) -> Experiment:
    return inputs(e, lambda x: 0.5 * x, "val")


@weak("train-validation-overlap", on=(CLASSES, YES_NO, REAL), without=QUICK)
def a_twentieth_of_validation_in_training(e: Experiment) -> Experiment:
    n = len(e.val[0]) // 20
    both = tuple(torch.cat([part, held[:n]]) for part, held in zip(e.train, e.val, strict=True))
    return replace(e, train=both)


@weak("validation-missing-classes", on=(CLASSES,), without=QUICK)
def one_class_in_training_alone(e: Experiment) -> Experiment:
    y = torch.cat([e.train[1], e.val[1]])
    return resplit(e, (y == 0).long().argsort(stable=True, descending=True))


@weak("too-few-updates", "still-improving", *LOW_RATE, without=(*REST, "cancer-table"))
def a_quarter_of_the_epochs(e: Experiment) -> Experiment:
    return replace(e, epochs=max(2, (e.epochs or 3) // 4))


@weak(
    "too-few-updates", "still-improving", on=(TEXT, CLASSES, REAL), without=(*QUICK, "wine-table")
)
def batches_eight_times_as_large(e: Experiment) -> Experiment:
    return replace(e, batch_size=8 * e.batch_size)


@weak("contradictory-labels", on=(CLASSES,), without=QUICK)
def one_item_in_fifty_twice_with_another_label(e: Experiment) -> Experiment:
    x, y = e.train
    other = (y[::50] + 1) % int(y.max() + 1)
    return replace(e, train=(torch.cat([x, x[::50]]), torch.cat([y, other])))
