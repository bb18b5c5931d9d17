"""Faults: each an injection into a healthy experiment, and the rules that name its cause."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from bases import Base, split
from torch import Tensor, nn
from torch.nn import functional as F

from recipe import Experiment

CLASSES, YES_NO, REAL, TEXT = "classes", "yes-no", "real", "text"
EVERY = (CLASSES, YES_NO, REAL, TEXT)
TABLES = (CLASSES, YES_NO, REAL)
Inject = Callable[[Experiment], Experiment]


@dataclass(frozen=True)
class Fault:
    """An injection, where it applies, and what may be named as its cause."""

    name: str
    inject: Inject
    causes: tuple[str, ...]
    kinds: tuple[str, ...]
    images: bool = False
    """Images only."""
    only: str | None = None
    """The one base it applies to."""
    without: tuple[str, ...] = ()
    """Bases that are immune."""

    def applies(self, base: Base) -> bool:
        """Whether the base can have this fault."""
        fits = base.kind in self.kinds and (base.images or not self.images)
        return fits and self.only in (None, base.name) and base.name not in self.without


FAULTS: list[Fault] = []


def fault(
    *causes: str,
    into: list[Fault] = FAULTS,
    on: tuple[str, ...] = EVERY,
    images: bool = False,
    only: str | None = None,
    without: tuple[str, ...] = (),
):
    """Register an injection by its function's name."""

    def add(inject: Inject) -> Inject:
        name = inject.__name__.replace("_", "-")
        into.append(Fault(name, inject, causes, on, images, only, without))
        return inject

    return add


def wrapped(experiment: Experiment, wrap: Callable[[nn.Module], nn.Module]) -> Experiment:
    """With a model made of the fresh model."""
    make = experiment.model
    return replace(experiment, model=lambda **given: wrap(make(**given)))


def ending(experiment: Experiment, *last: nn.Module) -> Experiment:
    """With modules behind the model."""
    return wrapped(experiment, lambda model: nn.Sequential(model, *last))


def drawn(experiment: Experiment, draw: Callable[[nn.Module], object]) -> Experiment:
    """With the weights of linear and convolutional layers drawn in another way."""

    def redraw(model: nn.Module) -> nn.Module:
        for module in model.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                draw(module)
        return model

    return wrapped(experiment, redraw)


def inputs(experiment: Experiment, change: Callable[[Tensor], Tensor], *parts: str) -> Experiment:
    """With other inputs in the named parts, both unless given."""
    changed = {p: (change(getattr(experiment, p)[0].clone()), getattr(experiment, p)[1])
               for p in parts or ("train", "val")}  # fmt: skip
    return replace(experiment, **changed)


def targets(experiment: Experiment, change: Callable[[Tensor], Tensor], *parts: str) -> Experiment:
    """With other targets in the named parts, both unless given."""
    changed = {p: (getattr(experiment, p)[0], change(getattr(experiment, p)[1].clone()))
               for p in parts or ("train", "val")}  # fmt: skip
    return replace(experiment, **changed)


def resplit(experiment: Experiment, order: Tensor) -> Experiment:
    """All items in this order, the last of them held out."""
    x, y = (torch.cat([experiment.train[i], experiment.val[i]])[order] for i in (0, 1))
    n = len(experiment.train[0])
    return replace(experiment, train=(x[:n], y[:n]), val=(x[n:], y[n:]))


def items(experiment: Experiment) -> tuple[Tensor, Tensor]:
    """Inputs and targets of both parts."""
    x, y = (torch.cat([experiment.train[i], experiment.val[i]]) for i in (0, 1))
    return x, y


class Through(nn.Module):
    """A module of a function."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        """Of one tensor."""
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        """What the function gives."""
        return self.function(x)


# Outputs and losses


@fault("softmax-before-loss", on=(CLASSES, TEXT))
def softmax_before_cross_entropy(e: Experiment) -> Experiment:
    return ending(e, nn.Softmax(-1))


@fault("sigmoid-before-loss", on=(CLASSES, YES_NO))
def sigmoid_before_logit_loss(e: Experiment) -> Experiment:
    return ending(e, nn.Sigmoid())


@fault("output-activation-limits-range", on=(CLASSES, TEXT))
def relu_on_logits(e: Experiment) -> Experiment:
    return ending(e, nn.ReLU())


@fault("output-activation-limits-range", on=(CLASSES, YES_NO))
def tanh_on_logits(e: Experiment) -> Experiment:
    return ending(e, nn.Tanh())


@fault("output-activation-limits-range", on=(REAL,))
def sigmoid_on_real_values(e: Experiment) -> Experiment:
    return ending(e, nn.Sigmoid())


@fault("output-activation-limits-range", on=(REAL,))
def relu_on_real_values(e: Experiment) -> Experiment:
    return ending(e, nn.ReLU())


@fault("nll-on-probabilities", on=(CLASSES,))
def nll_of_softmax(e: Experiment) -> Experiment:
    return replace(ending(e, nn.Softmax(1)), loss=F.nll_loss)


@fault("nll-on-logits", on=(CLASSES,))
def nll_of_logits(e: Experiment) -> Experiment:
    return replace(e, loss=F.nll_loss)


@fault("wrong-loss-for-task", on=(CLASSES,))
def squared_error_on_classes(e: Experiment) -> Experiment:
    return replace(e, loss=lambda o, y: F.mse_loss(o, F.one_hot(y, o.shape[1]).float()))


@fault("wrong-loss-for-task", on=(CLASSES,))
def squared_error_of_softmax(e: Experiment) -> Experiment:
    return replace(e, loss=lambda o, y: F.mse_loss(o.softmax(1), F.one_hot(y, o.shape[1]).float()))


@fault("wrong-loss-for-task", on=(YES_NO,))
def absolute_error_on_yes_and_no(e: Experiment) -> Experiment:
    return replace(ending(e, nn.Sigmoid()), loss=lambda o, y: F.l1_loss(o[:, 0], y))


@fault("wrong-loss-for-task", on=(REAL,))
def logistic_loss_on_real_values(e: Experiment) -> Experiment:
    return replace(e, loss=F.binary_cross_entropy_with_logits)


@fault("loss-sign-flipped", on=(CLASSES, YES_NO, REAL))
def sign_flipped(e: Experiment) -> Experiment:
    loss = e.loss_function
    return replace(e, loss=lambda o, y: -loss(o, y))


@fault("loss-summed-over-batch", on=(CLASSES,))
def summed_over_the_batch(e: Experiment) -> Experiment:
    return replace(e, loss=lambda o, y: F.cross_entropy(o, y, reduction="sum"))


@fault("loss-averaged-over-classes", on=(CLASSES,))
def averaged_over_classes(e: Experiment) -> Experiment:
    return replace(e, loss=lambda o, y: -(F.one_hot(y, o.shape[1]) * o.log_softmax(1)).mean())


@fault("single-unit-softmax", on=(YES_NO,))
def softmax_of_one_unit(e: Experiment) -> Experiment:
    return replace(ending(e, nn.Softmax(1)), loss=lambda o, y: F.binary_cross_entropy(o[:, 0], y))


@fault("outputs-do-not-match-targets", on=(REAL,))
def broadcasting(e: Experiment) -> Experiment:
    flat = targets(e, lambda y: y[:, 0])
    return replace(flat, loss=lambda o, y: ((o - y) ** 2).mean())


# Weights


@fault("symmetric-initialization", on=TABLES)
def zero_weights(e: Experiment) -> Experiment:
    return drawn(e, lambda m: nn.init.zeros_(m.weight))


@fault("symmetric-initialization", on=TABLES)
def constant_weights(e: Experiment) -> Experiment:
    return drawn(e, lambda m: nn.init.constant_(m.weight, 0.05))


@fault("initialization-too-large", "initial-loss-too-high", on=TABLES)
def large_weights(e: Experiment) -> Experiment:
    return drawn(e, lambda m: nn.init.normal_(m.weight, std=1.0))


@fault("initialization-too-small", "vanishing-gradients", on=(YES_NO, REAL), only=None)
def small_weights(e: Experiment) -> Experiment:
    return drawn(e, lambda m: nn.init.normal_(m.weight, std=1e-3))


@fault("dead-units", on=(YES_NO, REAL))
def dead_by_bias(e: Experiment) -> Experiment:
    return drawn(e, lambda m: m.bias is not None and nn.init.constant_(m.bias, -30.0))


@fault("vanishing-gradients", only="digits-mlp")
def deep_sigmoid(e: Experiment) -> Experiment:
    def make() -> nn.Module:
        middle = [part() for _ in range(9) for part in (lambda: nn.Linear(32, 32), nn.Sigmoid)]
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.Sigmoid(), *middle,
                             nn.Linear(32, 10))  # fmt: skip

    return replace(e, model=make)


# The model


@fault("nondeterministic-evaluation", on=TABLES)
def dropout_in_evaluation(e: Experiment) -> Experiment:
    def wrap(model: nn.Module) -> nn.Module:
        return nn.Sequential(Through(lambda x: F.dropout(x, 0.5)), model)

    return wrapped(e, wrap)


@fault("batch-mixing", on=(CLASSES,))
def softmax_over_the_batch(e: Experiment) -> Experiment:
    return wrapped(e, lambda model: nn.Sequential(model, Through(lambda o: 10 * o.softmax(0))))


@fault("batch-mixing", on=TABLES)
def view_for_permute(e: Experiment) -> Experiment:
    def mix(x: Tensor) -> Tensor:
        return x.flatten(1).T.reshape(x.shape)

    return wrapped(e, lambda model: nn.Sequential(Through(mix), model))


@fault("unregistered-parameters", on=TABLES)
def layers_in_a_plain_list(e: Experiment) -> Experiment:
    class Listed(nn.Module):
        def __init__(self, model: nn.Module) -> None:
            super().__init__()
            self.parts = [model]
            self.scale = nn.Parameter(torch.ones(1))

        def forward(self, x: Tensor) -> Tensor:
            return self.parts[0](x) * self.scale

    return wrapped(e, Listed)


@fault("parameters-without-gradient", on=(YES_NO, REAL))
def detached(e: Experiment) -> Experiment:
    def cut(model: nn.Module) -> nn.Module:
        *first, last = model
        return nn.Sequential(*first, Through(Tensor.detach), last)

    return wrapped(e, cut)


@fault("frozen-parameters")
def everything_frozen(e: Experiment) -> Experiment:
    return wrapped(e, lambda model: model.requires_grad_(requires_grad=False))


@fault("model-is-linear", only="digits-mlp")
def no_nonlinearity(e: Experiment) -> Experiment:
    return replace(e, model=lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 64),
                                                  nn.Linear(64, 64), nn.Linear(64, 10)))  # fmt: skip


@fault("model-too-small", "cannot-overfit-sample", only="digits-mlp")
def one_unit_wide(e: Experiment) -> Experiment:
    return replace(e, model=lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 1), nn.Tanh(),
                                                  nn.Linear(1, 10)))  # fmt: skip


@fault("inputs-ignored", on=TABLES)
def input_times_zero(e: Experiment) -> Experiment:
    return wrapped(e, lambda model: nn.Sequential(Through(lambda x: 0 * x), model))


@fault("regularization-blocks-learning", "regularization-too-strong", only="digits-mlp")
def dropout_of_99_percent(e: Experiment) -> Experiment:
    make = e.model
    return replace(e, model=lambda: make(dropout=0.99))


@fault("batch-mixing", only="characters-gru")
def batch_taken_for_time(e: Experiment) -> Experiment:
    def turn(model: nn.Module) -> nn.Module:
        model.cell.batch_first = False
        return model

    return wrapped(e, turn)


@fault("sees-the-future", only="characters-gru")
def reads_both_ways(e: Experiment) -> Experiment:
    def both(model: nn.Module) -> nn.Module:
        model.cell = nn.GRU(32, 32, batch_first=True, bidirectional=True)
        return model

    return wrapped(e, both)


@fault("wrong-token-shift", only="characters-gru")
def targets_are_the_inputs(e: Experiment) -> Experiment:
    return replace(e, train=(e.train[0], e.train[0]), val=(e.val[0], e.val[0]))


@fault("wrong-token-shift", only="characters-gru")
def targets_moved_twice(e: Experiment) -> Experiment:
    def moved(part: Any) -> Any:
        return part[0][:, :-1], part[1][:, 1:]

    return replace(e, train=moved(e.train), val=moved(e.val))


@fault("evaluation-differs-from-training", only="cifar-cnn")
def running_statistics_never_arrive(e: Experiment) -> Experiment:
    def slow(model: nn.Module) -> nn.Module:
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1e-5
        return model

    return wrapped(inputs(e, lambda x: 3 * x + 2), slow)


@fault("batch-norm-momentum-unusual", only="cifar-cnn")
def running_statistics_of_the_last_batch(e: Experiment) -> Experiment:
    def forgetful(model: nn.Module) -> nn.Module:
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
        return model

    return wrapped(e, forgetful)


@fault("frozen-parameters", only="cifar-cnn")
def frozen_at_random(e: Experiment) -> Experiment:
    def freeze(model: nn.Module) -> nn.Module:
        for part in list(model.children())[:-1]:
            part.requires_grad_(requires_grad=False)
        return model

    return wrapped(e, freeze)


# The data


@fault("inputs-not-scaled", on=TABLES, without=("cifar-cnn", "digits-resnet", "wine-table"))
def inputs_times_1000(e: Experiment) -> Experiment:
    """Where no batch normalisation behind the first layer makes it harmless."""
    return inputs(e, lambda x: 1000 * x + 500)


@fault("inputs-over-normalized", on=(YES_NO, REAL))
def inputs_divided_twice(e: Experiment) -> Experiment:
    return inputs(e, lambda x: x / 255)


@fault("inputs-not-scaled", on=(YES_NO, REAL))
def one_column_large(e: Experiment) -> Experiment:
    def change(x: Tensor) -> Tensor:
        x[:, 1] = 1e4 * x[:, 1]
        return x

    return inputs(e, change)


@fault("inputs-not-finite", on=TABLES)
def missing_values(e: Experiment) -> Experiment:
    def change(x: Tensor) -> Tensor:
        x[3] = torch.nan
        return x

    return inputs(e, change, "train")


@fault("targets-out-of-range", on=(CLASSES,))
def labels_from_one(e: Experiment) -> Experiment:
    return targets(e, lambda y: y + 1)


@fault("single-class-labels", on=(CLASSES, YES_NO))
def labels_divided_away(e: Experiment) -> Experiment:
    return targets(e, lambda y: y // 255)


@fault("constant-inputs", on=TABLES)
def one_item_again_and_again(e: Experiment) -> Experiment:
    return inputs(e, lambda x: x[:1].expand_as(x))


@fault("validation-missing-classes", on=(CLASSES, YES_NO))
def sorted_tail_held_out(e: Experiment) -> Experiment:
    return resplit(e, items(e)[1].flatten().argsort(stable=True))


@fault("validation-preprocessing-differs", on=TABLES)
def validation_not_normalised(e: Experiment) -> Experiment:
    return inputs(e, lambda x: 60 * x + 120, "val")


@fault("validation-labels-renumbered", on=(CLASSES, YES_NO), without=("cifar-cnn",))
def validation_labels_under_other_numbers(e: Experiment) -> Experiment:
    return targets(e, lambda y: y.max() - y, "val")


@fault("train-validation-overlap", on=TABLES)
def validation_copied_from_training(e: Experiment) -> Experiment:
    n = len(e.val[0])
    return replace(e, val=(e.train[0][:n].clone(), e.train[1][:n].clone()))


@fault("labels-look-random", on=(CLASSES,))
def labels_shuffled(e: Experiment) -> Experiment:
    source = torch.Generator().manual_seed(5)
    return targets(e, lambda y: y[torch.randperm(len(y), generator=source)])


@fault("data-not-shuffled", on=(CLASSES, YES_NO))
def sorted_and_not_shuffled(e: Experiment) -> Experiment:
    order = e.train[1].flatten().argsort(stable=True)
    return replace(e, train=(e.train[0][order], e.train[1][order]), shuffle=False)


@fault("noisy-labels", on=(CLASSES,), without=("cifar-cnn", "digits-resnet"))
def every_third_label_drawn_anew(e: Experiment) -> Experiment:
    source = torch.Generator().manual_seed(7)

    def change(y: Tensor) -> Tensor:
        hit = torch.rand(len(y), generator=source) < 1 / 3
        return y.where(~hit, torch.randint(0, int(y.max()) + 1, y.shape, generator=source))

    return targets(e, change)


@fault("train-validation-overlap", on=(YES_NO,))
def rare_class_doubled_before_the_split(e: Experiment) -> Experiment:
    x, y = items(e)
    rare = y.flatten() == float(y.mean() < 0.5)
    x, y = torch.cat([x, x[rare]]), torch.cat([y, y[rare]])
    return replace(
        e, **split(x, y, 3)
    )  # a split of the user's own: ours keeps equal items together


@fault("inputs-not-scaled", on=(YES_NO, REAL))
def inputs_off_centre(e: Experiment) -> Experiment:
    return inputs(e, lambda x: x + 100)


@fault("contradictory-labels", on=(CLASSES,))
def every_tenth_item_twice_with_another_label(e: Experiment) -> Experiment:
    x, y = e.train
    other = (y[::10] + 1) % int(y.max() + 1)
    return replace(e, train=(torch.cat([x, x[::10]]), torch.cat([y, other])))


@fault("targets-not-scaled", on=(REAL,))
def targets_in_thousands(e: Experiment) -> Experiment:
    return targets(e, lambda y: 80_000 * y + 200_000)


@fault("targets-not-scaled", on=(REAL,))
def targets_with_an_offset(e: Experiment) -> Experiment:
    return targets(e, lambda y: y + 5_000)


# The optimisation


@fault("learning-rate-too-high", "diverged")
def rate_300_times_too_high(e: Experiment) -> Experiment:
    return replace(e, lr=300 * (e.lr or 1))


@fault("learning-rate-too-low")
def rate_10000_times_too_low(e: Experiment) -> Experiment:
    return replace(e, lr=(e.lr or 1) / 1e4)


@fault("weight-decay-too-high", "regularization-blocks-learning", on=(CLASSES,))
def weight_decay_of_one(e: Experiment) -> Experiment:
    return replace(e, weight_decay=1.0)


@fault("too-few-updates", "still-improving", only="digits-mlp")
def one_batch_per_epoch(e: Experiment) -> Experiment:
    return replace(e, batch_size=len(e.train[0]))


@fault("gradient-clipping-too-strong", "learning-rate-too-low", on=(CLASSES,))
def clipped_to_nothing(e: Experiment) -> Experiment:
    return replace(e, clip_norm=1e-4)


@fault("optimizer-settings-unusual", "learning-rate-too-low", on=(YES_NO, REAL))
def adam_with_epsilon_100(e: Experiment) -> Experiment:
    def own(params: Any, lr: float, weight_decay: float) -> torch.optim.Optimizer:
        return torch.optim.Adam(params, lr=lr, weight_decay=weight_decay, eps=100.0)

    return replace(e, optimizer=own)


@fault("augmentation-too-strong", on=(CLASSES,), images=True)
def augmentation_of_noise(e: Experiment) -> Experiment:
    return replace(e, augment=lambda x: x + 4 * torch.randn_like(x))


# The update step


def updating(e: Experiment, update: Callable[[Any, Any, Any, Any], Any]) -> Experiment:
    """With an own update step around the task's loss."""
    loss = e.loss_function
    return replace(e, update=lambda model, opt, batch: update(model, opt, batch, loss))


@fault("gradients-not-cleared")
def gradients_kept(e: Experiment) -> Experiment:
    def update(model: Any, opt: Any, batch: Any, loss_function: Any) -> Any:
        loss = loss_function(model(batch[0]), batch[1])
        loss.backward()
        opt.step()
        return loss

    return updating(e, update)


@fault("optimizer-misses-parameters")
def step_forgotten(e: Experiment) -> Experiment:
    def update(model: Any, opt: Any, batch: Any, loss_function: Any) -> Any:
        opt.zero_grad()
        loss = loss_function(model(batch[0]), batch[1])
        loss.backward()
        return loss

    return updating(e, update)


@fault("optimizer-misses-parameters")
def cleared_before_the_step(e: Experiment) -> Experiment:
    def update(model: Any, opt: Any, batch: Any, loss_function: Any) -> Any:
        loss = loss_function(model(batch[0]), batch[1])
        loss.backward()
        opt.zero_grad()
        opt.step()
        return loss

    return updating(e, update)


@fault("optimizer-misses-parameters", on=TABLES)
def optimizer_of_another_model(e: Experiment) -> Experiment:
    def own(params: Any, lr: float, weight_decay: float) -> torch.optim.Optimizer:
        return torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=lr, weight_decay=weight_decay)

    return replace(e, optimizer=own)


@fault("evaluation-mode-in-training")
def trained_in_evaluation_mode(e: Experiment) -> Experiment:
    def update(model: Any, opt: Any, batch: Any, loss_function: Any) -> Any:
        model.eval()
        opt.zero_grad()
        loss = loss_function(model(batch[0]), batch[1])
        loss.backward()
        opt.step()
        return loss

    return updating(e, update)


@fault("loss-sign-flipped")
def update_climbs(e: Experiment) -> Experiment:
    def update(model: Any, opt: Any, batch: Any, loss_function: Any) -> Any:
        opt.zero_grad()
        loss = -loss_function(model(batch[0]), batch[1])
        loss.backward()
        opt.step()
        return loss

    return updating(e, update)
