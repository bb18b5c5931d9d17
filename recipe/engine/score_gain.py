"""What two trainings reached, compared: by their scores, or by their losses where there is none."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recipe.core.errors import UNUSABLE
from recipe.core.evidence import finite
from recipe.core.findings import OF_LOSS, RemedyOutcome
from recipe.core.leads import Lead
from recipe.data.datasets import TensorData
from recipe.experiment import Experiment
from recipe.plugin.remedy import Remedy
from recipe.tasks import Task
from recipe.tasks.by_loss import ByLoss
from recipe.training.evaluation import evaluate, lead_error
from recipe.training.fit import Fit

LEAST_GAIN = 0.003
"""The least standard error of a score between 0 and 1, so that less than six tenths of a point is
no gain that anybody would act on; of a score of another scale, this share of its size."""
LEAST_SAVED, SAVED_OF_ONE = 0.05, 0.25
"""Share of the loss that a remedy has to save where there is no score; and of a single item's: a
quarter of the standard error of a mean whose spread is its size, since the items are the same."""
LOSS, ERROR = OF_LOSS


@dataclass(frozen=True)
class Result:
    """The best of the rates that were tried."""

    score: float | None
    loss: float | None
    """By the task's own loss where there is no score, in variances of real-valued targets."""
    wanders: float = 0.0
    """The score, from epoch to epoch."""
    parts: tuple[tuple[float, ...], ...] = ()
    """What the score adds up, by parts of the validation items; empty where it does not add up, or
    was not measured."""
    task: str = ""
    """The kind of task whose score that is: a remedy may change it."""


def gain(before: Result, after: Result) -> float:
    """Of the score; where neither side has one, the share of the loss that was saved."""
    if before.score is None and after.score is None and after.loss is not None:
        if before.loss is None:
            return math.inf
        return (before.loss - after.loss) / max(abs(before.loss), 1e-12)
    if after.score is None:
        return -math.inf
    return math.inf if before.score is None else after.score - before.score


def noise(before: Result, after: Result, experiment: Experiment, items: int) -> float:
    """One standard error of what a change brought: of the difference of two scores on the same
    items where both are known by parts, else of the score, or of the share of the loss that was
    saved. Of a score of the user's own, how it wandered before, and a little of its size.

    Args:
        before: without the change.
        after: with it.
        experiment: as declared.
        items: of the validation data.

    """
    score = after.score if before.score is None else before.score
    if score is None:
        return max(LEAST_SAVED, SAVED_OF_ONE / math.sqrt(max(1, items)))
    task = experiment.resolved_task
    one, other = torch.tensor(before.parts), torch.tensor(after.parts)
    alike = before.task == after.task == type(task).__name__
    if alike and len(one) > 1 and one.shape == other.shape:
        error = lead_error(task, one, other, seed=0)
        if math.isfinite(error):
            return max(LEAST_GAIN, error)
    if experiment.metric is not None or isinstance(task, ByLoss):
        return max(LEAST_GAIN * abs(score), before.wanders)
    return max(LEAST_GAIN, task.score_error(score, items))


def outcome_of(
    remedy: Remedy,
    mended: Experiment,
    before: Result,
    after: Result,
    lead: Lead,
    *,
    helped: bool,
    seeds: int,
) -> RemedyOutcome:
    """What the report shows of a remedy."""
    metric, shown = f"val_{mended.metric_name}", (before.score, after.score)
    if before.score is None and after.score is None and after.loss is not None:
        metric = ERROR if mended.resolved_task.target_kind == "real" else LOSS
        shown = before.loss, after.loss
    return RemedyOutcome(
        remedy.name, helped, metric, *shown, gain=lead.gain, error=lead.error, items=lead.items,
        seeds=seeds,
    )  # fmt: skip


def comparable_loss(fit: Fit) -> float | None:
    """The loss of the best epoch by which trainings with other losses and other scales of the
    targets can be compared: the task's own, in variances of real-valued targets.
    """
    training = fit.training
    experiment, train = training.experiment, training.data.train
    if fit.best_loss is None:
        return None
    training.model.load_state_dict(fit.weights())
    plain = replace(experiment, loss=None, metric=None)
    try:
        loss = finite(evaluate(training.model, plain, training.data.val)[0])
    except UNUSABLE:
        return None
    if loss is None or training.task.target_kind != "real" or not isinstance(train, TensorData):
        return loss
    if not isinstance(train.y, Tensor):
        return loss
    spread = train.y.cpu().double().reshape(len(train), -1).var(0, correction=0).mean().item()
    return loss / spread if spread > 0 else None


def score_of(task: Task) -> Callable[[Tensor, Tensor], float]:
    """The score of another task as a metric."""

    def metric(outputs: Tensor, targets: Tensor) -> float:
        return task.score(task.sums(outputs, targets))

    metric.__name__ = task.metric
    return metric
