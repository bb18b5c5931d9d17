"""Faults of data and of optimisation that people report and that the first corpus lacks."""

import copy
from dataclasses import replace
from typing import Any

import torch
from bases import split
from catalogue import CLASSES, REAL, YES_NO, inputs, items, targets, updating
from more_bases import source
from torch import Tensor, nn
from torch.utils.data import Dataset, TensorDataset

from recipe import Experiment
from reports import QUICK, report

# The data


@report("validation-labels-renumbered", on=(CLASSES,), without=QUICK)
def validation_labels_off_by_one(e: Experiment) -> Experiment:
    count = int(e.train[1].max()) + 1
    return targets(e, lambda y: (y + 1) % count, "val")


class Drawn(Dataset):
    """Augmented at every access."""

    def __init__(self, x: Tensor, y: Tensor) -> None:
        self.x, self.y = x, y

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        return self.x[i] + torch.randn_like(self.x[i]), self.y[i]


@report("validation-items-random", on=(CLASSES,), without=QUICK)
def validation_augmented(e: Experiment) -> Experiment:
    return replace(e, train=TensorDataset(*e.train), val=Drawn(*e.val))


@report("validation-preprocessing-differs", on=(CLASSES,), images=True, without=QUICK)
def noise_on_validation(e: Experiment) -> Experiment:
    draw = source(31)
    return inputs(e, lambda x: x + 2 * torch.randn(x.shape, generator=draw), "val")


@report("validation-preprocessing-differs", on=(YES_NO, REAL), without=("diabetes-table",))
def columns_of_validation_in_another_order(e: Experiment) -> Experiment:
    return inputs(e, lambda x: x.flip(1), "val")


@report("validation-preprocessing-differs", only="shapes-cnn")
def validation_read_as_channels_last(e: Experiment) -> Experiment:
    return inputs(e, lambda x: x.permute(0, 2, 3, 1).reshape(x.shape), "val")


@report("validation-preprocessing-differs", on=(CLASSES, YES_NO, "series"), without=QUICK)
def validation_scaled_to_its_own_range(e: Experiment) -> Experiment:
    return inputs(e, lambda x: (x - x.min()) / (x.max() - x.min()), "val")


@report("data-not-shuffled", only="wine-table")
def ordered_by_class_under_batch_norm(e: Experiment) -> Experiment:
    order = e.train[1].argsort(stable=True)
    return replace(e, train=(e.train[0][order], e.train[1][order]), shuffle=False)


@report("constant-inputs", "inputs-ignored", "contradictory-labels", on=("tokens",))
def tokens_clipped_to_one(e: Experiment) -> Experiment:
    return inputs(e, lambda x: x.clamp(min=1, max=1))


@report("train-validation-overlap", on=(CLASSES, YES_NO, REAL, "tokens"), without=QUICK)
def a_third_of_validation_in_training(e: Experiment) -> Experiment:
    n = len(e.val[0]) // 3
    both = tuple(torch.cat([part, held[:n]]) for part, held in zip(e.train, e.val, strict=True))
    return replace(e, train=both)


@report("train-validation-overlap", on=(CLASSES, REAL), without=QUICK)
def copies_with_a_trace_of_noise_before_the_split(e: Experiment) -> Experiment:
    x, y = items(e)
    near = x + 1e-4 * torch.randn(x.shape, generator=source(32))
    return replace(e, **split(torch.cat([x, near]), torch.cat([y, y]), 4))


@report("inputs-not-finite", on=(CLASSES, YES_NO, REAL, "series"), without=QUICK)
def infinity_in_validation(e: Experiment) -> Experiment:
    def change(x: Tensor) -> Tensor:
        x.view(len(x), -1)[2, 0] = torch.inf
        return x

    return inputs(e, change, "val")


@report("inputs-not-finite", on=(REAL, "series"))
def target_missing(e: Experiment) -> Experiment:
    def change(y: Tensor) -> Tensor:
        y[5] = torch.nan
        return y

    return targets(e, change, "train")


@report("targets-out-of-range", on=(YES_NO,))
def yes_and_no_as_one_and_two(e: Experiment) -> Experiment:
    return targets(e, lambda y: y + 1)


@report("targets-out-of-range", on=(YES_NO, "tokens"), without=("words-transformer",))
def no_as_minus_one(e: Experiment) -> Experiment:
    return targets(e, lambda y: 2 * y - 1)


@report("inputs-not-scaled", on=("series", "vectors"))
def values_in_ten_thousands(e: Experiment) -> Experiment:
    return inputs(e, lambda x: 1e4 * x + 3e4)


@report("targets-not-scaled", on=("series", "vectors"))
def answers_in_ten_thousands(e: Experiment) -> Experiment:
    return targets(e, lambda y: 1e4 * y + 3e4)


@report("inputs-over-normalized", only="shapes-cnn")
def images_divided_by_255_twice(e: Experiment) -> Experiment:
    return inputs(e, lambda x: x / 255**2)


@report("labels-look-random", on=(YES_NO, "tokens", "several"))
def labels_sorted_apart_from_inputs(e: Experiment) -> Experiment:
    draw = source(33)
    return targets(e, lambda y: y[torch.randperm(len(y), generator=draw)], "train")


@report("noisy-labels", only="shapes-cnn")
def two_labels_in_five_wrong(e: Experiment) -> Experiment:
    draw = source(34)

    def change(y: Tensor) -> Tensor:
        hit = torch.rand(y.shape, generator=draw) < 0.4
        return y.where(~hit, torch.randint(0, 4, y.shape, generator=draw))

    return targets(e, change)


# The optimisation


@report("optimizer-misses-parameters", without=QUICK)
def optimizer_made_before_the_weights_were_replaced(e: Experiment) -> Experiment:
    def own(params: Any, lr: float, weight_decay: float) -> torch.optim.Optimizer:
        old = [nn.Parameter(copy.deepcopy(p.detach())) for p in params]
        return torch.optim.SGD(old, lr=lr, weight_decay=weight_decay)

    return replace(e, optimizer=own)


@report("optimizer-misses-parameters", on=(CLASSES, YES_NO, REAL), without=QUICK)
def only_the_last_bias_optimised(e: Experiment) -> Experiment:
    def own(params: Any, lr: float, weight_decay: float) -> torch.optim.Optimizer:
        return torch.optim.Adam(list(params)[-1:], lr=lr, weight_decay=weight_decay)

    return replace(e, optimizer=own)


@report("step-before-backward", "optimizer-misses-parameters", on=("series", "tokens", REAL))
def step_before_the_gradients(e: Experiment) -> Experiment:
    def update(model: Any, opt: Any, batch: Any, loss_function: Any) -> Any:
        opt.zero_grad()
        loss = loss_function(model(batch[0]), batch[1])
        opt.step()
        loss.backward()
        return loss

    return updating(e, update)


@report("gradients-not-cleared", on=("series", "vectors", "masks"))
def cleared_by_the_epoch(e: Experiment) -> Experiment:
    seen = [0]

    def update(model: Any, opt: Any, batch: Any, loss_function: Any) -> Any:
        seen[0] += 1
        if seen[0] % 20 == 0:
            opt.zero_grad()
        loss = loss_function(model(batch[0]), batch[1])
        loss.backward()
        opt.step()
        return loss

    return updating(e, update)


@report("schedule-differs-from-plan", "decayed-too-early", on=(CLASSES, REAL), without=QUICK)
def scheduler_stepped_by_the_batch(e: Experiment) -> Experiment:
    def update(model: Any, opt: Any, batch: Any, loss_function: Any) -> Any:
        opt.zero_grad()
        loss = loss_function(model(batch[0]), batch[1])
        loss.backward()
        opt.factor = getattr(opt, "factor", 1.0) * 0.8
        for group in opt.param_groups:
            group["lr"] = (e.lr or 1.0) * opt.factor
        opt.step()
        return loss

    return updating(e, update)


@report("schedule-differs-from-plan", "decayed-too-early", "learning-rate-too-low",
        only="shapes-cnn")  # fmt: skip
def rate_is_gone_after_a_twentieth(e: Experiment) -> Experiment:
    return replace(e, schedule=lambda progress: 1.0 if progress < 0.05 else 1e-4)


@report("optimizer-settings-unusual", "learning-rate-too-high", "diverged", "unstable-training",
        only="friedman-table")  # fmt: skip
def momentum_of_999_thousandths(e: Experiment) -> Experiment:
    return replace(e, optimizer="sgd", lr=0.05, momentum=0.999)


@report("augmentation-too-strong", on=("series", CLASSES), without=(*QUICK, "wine-table"))
def augmentation_that_erases(e: Experiment) -> Experiment:
    return replace(e, augment=lambda x: 0.01 * x)
