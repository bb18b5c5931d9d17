"""One model that is trained to say what several say together (Hinton, Vinyals, Dean 2015)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recipe.plugin import (
    ADAPTED,
    Chosen,
    Context,
    Experiment,
    Task,
    derive_seed,
    model_of,
)
from recipe_steps.finish import finals

OWN = 0.5
"""Weight of the labels beside what the teachers say."""
PASS = 1 / 3
"""Of what an epoch takes: what it takes longer for each teacher that is asked."""


def can_distil(ctx: Context) -> bool:
    """Whether what a teacher says can be learnt: of the task's own loss on a tensor of outputs."""
    experiment = ctx.experiment
    plain = experiment.loss is None and experiment.update is None and not ctx.task.takes_trees
    return plain and ctx.task.target_kind in ("class index", "zero or one", "real")


def affords(ctx: Context, experiment: Experiment, teachers: Chosen) -> bool:
    """Whether what is left of the budget pays for it; never without one."""
    left = ctx.epochs_left
    cost = (experiment.epochs or 1) * (1 + PASS * len(teachers.members))
    return left is not None and left >= cost


def distil(
    ctx: Context, experiment: Experiment, teachers: Chosen, on_epoch: finals.OnEpoch
) -> finals.Final:
    """Train the setting on the mean of its own loss and of that against the teachers' outputs on
    the same, augmented, batch; what the journal knows is not trained again.
    """
    seed = derive_seed(ctx.seed, "distilled")

    def make() -> finals.Made:
        teacher = model_of(ctx.experiment, teachers, ctx.runner.folder, ctx.device)
        student = replace(experiment, update=taught(experiment, teacher, ctx.task))
        fit = replace(ctx.runner, seed=seed).fit(student)
        fit.advance(fit.planned, lambda fit: on_epoch(fit.done))
        weights = fit.weights()
        rating = (fit.best_score, fit.best_loss)
        return fit.done, {finals.RAW: rating}, {finals.RAW: weights} if weights else {}

    origins = [member.origin for member in teachers.members]
    return finals.known(ctx, experiment, ("distilled", origins), seed, make)


def taught(
    experiment: Experiment, teacher: nn.Module, task: Task
) -> Callable[[nn.Module, Any, tuple[Any, Any]], Tensor]:
    """An update step that learns from labels and from a teacher."""
    loss_function = experiment.loss_function

    def update(model: nn.Module, optimizer: Any, batch: tuple[Any, Any]) -> Tensor:
        x, y = batch
        with torch.no_grad():
            said = teacher(x)
        optimizer.zero_grad()
        outputs = model(x)
        own: Tensor = loss_function(outputs, y)
        loss = OWN * own + (1 - OWN) * apart(task, outputs, said, y)
        loss.backward()  # type: ignore[no-untyped-call]
        if experiment.clip_norm is not None:
            nn.utils.clip_grad_norm_(model.parameters(), experiment.clip_norm)
        optimizer.step()
        return loss.detach()

    setattr(update, ADAPTED, True)
    return update


def apart(task: Task, outputs: Tensor, said: Tensor, y: Tensor) -> Tensor:
    """The loss of outputs against those of a teacher, taken for probabilities or values; the mean
    over what counts.
    """
    if task.target_kind == "class index":
        axis = task.class_axis(outputs, y)
        each = -(said.softmax(axis) * outputs.log_softmax(axis)).sum(axis)
        counted = task.counted(y).reshape(each.shape)
        return each[counted].mean() if bool(counted.any()) else each.sum() * 0
    if task.target_kind == "zero or one":
        return F.binary_cross_entropy_with_logits(outputs, said.sigmoid())
    return F.mse_loss(outputs, said)
