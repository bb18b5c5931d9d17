"""Loss and score of a model on data, from its outputs batch by batch."""

import math
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from recipe.border.faults import said_of
from recipe.core import clock
from recipe.core.errors import UsageError
from recipe.data.collating import IGNORED
from recipe.data.datasets import Data
from recipe.data.joining import join, split
from recipe.data.single_items import Batch
from recipe.data.trees import Tree, Values, described
from recipe.experiment import Experiment, Metric
from recipe.models.halving import outputs_that_fit
from recipe.tasks.base import Task, adds_up
from recipe.tasks.metrics import NamedMetric, Running
from recipe.training.execution_mode import PLAIN, ExecutionMode
from recipe.training.monitors import ActivationMonitor
from recipe.training.ranks import ALONE, Ranks
from recipe.training.running_score import RunningScore

MOST_PARTS = 5000
"""Of the validation data, of which the score of each is looked at."""
RESAMPLES = 200
GRACE = 1.0
"""Seconds that an evaluation may go on behind a limit: what was trained is worth its score."""


def evaluate(
    model: nn.Module,
    experiment: Experiment,
    data: Data,
    mode: ExecutionMode = PLAIN,
    monitor: ActivationMonitor | None = None,
    *,
    ranks: Ranks = ALONE,
) -> tuple[float, float]:
    """Mean loss and score of `model` on `data` in evaluation mode; NaN where undefined.

    In float32 whatever the way: the score is the one that the saved weights have. The monitor
    sees the first batch. Several processes share the batches, unless a metric wants all at once.
    """
    if ranks.world == 1:
        return loss_and_score(experiment, model_outputs(model, data, mode, monitor))
    sharing = ALONE if experiment.metric is not None else ranks
    with clock.without_limit():  # one of them alone must not stop
        batches = model_outputs(model, data, mode, monitor, sharing)
        found: tuple[float, float] = ranks.of_all(loss_and_score(experiment, batches, sharing))[0]
    return found


@torch.no_grad()
def model_outputs(
    model: nn.Module,
    data: Data,
    mode: ExecutionMode = PLAIN,
    monitor: ActivationMonitor | None = None,
    ranks: Ranks = ALONE,
) -> Iterator[Batch]:
    """Outputs of `model` in evaluation mode, and the targets, batch by batch.

    Raises:
        TimeUp: the time of `recipe.core.clock` is used up.

    """
    model.eval()
    for number, (x, y) in enumerate(ranks.own(data.eval_batches())):
        clock.check(-GRACE)
        with monitor.batch(len(x)) if monitor and not number else nullcontext():
            outputs = outputs_that_fit(model, mode.lay_out(x), model)
        if len(y):
            yield outputs, y


@torch.no_grad()
def loss_and_score(
    experiment: Experiment, batches: Iterable[Batch], ranks: Ranks = ALONE
) -> tuple[float, float]:
    """Mean loss and score of outputs and targets; NaN where undefined."""
    loss_function, metric = experiment.loss_function, experiment.metric_function
    loss_sum, count = 0.0, 0
    tally, task = _tally(experiment, metric), experiment.resolved_task
    kept: list[Batch] = []
    for outputs, y in batches:
        given = _copied(outputs, y) if experiment.loss is not None else (outputs, y)
        loss_sum += loss_function(*given).item() * len(y)
        count += len(y)
        if tally is None:
            kept.append((outputs.cpu(), y.cpu()))  # a metric of the user's may be one of NumPy
        else:
            tally.add(task.looked_at(outputs), y)
    if ranks.world > 1:
        loss_sum, count = map(sum, zip(*ranks.of_all((loss_sum, count)), strict=True))
    if isinstance(tally, RunningScore):
        score = tally.joined(ranks).score()
    elif tally is not None:
        score = tally.score()
    elif metric is not None and kept:
        outputs = join([each for each, _ in kept])
        score = _by_metric(metric, outputs, join([y for _, y in kept], IGNORED))
    else:
        score = math.nan
    return loss_sum / max(1, count), score


def _copied(outputs: Any, y: Any) -> tuple[Any, Any]:
    """For a loss of the user's, which may work in place: the score is one of what was there."""
    copies = (v.clone() if isinstance(v, Tensor | Tree) else v for v in (outputs, y))
    first, second = copies
    return first, second


def _by_metric(metric: Metric, outputs: Values, y: Values) -> float:
    try:
        return float(metric(outputs, y))
    except Exception as error:
        otherwise = (
            f"it is called as metric(outputs, targets), here with {described(outputs)} and "
            f"{described(y)}, and returns one number"
        )
        raise UsageError(said_of(error, "The metric", otherwise)) from error


def _tally(experiment: Experiment, metric: Metric | None) -> Running | None:
    """What a score is added up in; None for a function of the user's own, which sees all."""
    if metric is None:
        return RunningScore(experiment.resolved_task)
    return metric.running() if isinstance(metric, NamedMetric) else None


@torch.no_grad()
def part_sums(
    experiment: Experiment, batches: Iterable[Batch], items: int, most: int = MOST_PARTS
) -> Tensor | None:
    """The sums of the task's score of every item [n, k], or of as many parts of a few items each as
    are drawn from quickly; None where the score is a metric of the user's own, which may compare
    items with each other.

    Args:
        experiment: whose score.
        batches: outputs and targets, batch by batch.
        items: how many there are.
        most: parts, about.

    """
    task, size = experiment.resolved_task, math.ceil(items / most)
    if experiment.metric is not None or not adds_up(task):
        return None
    sums = []
    for outputs, targets in batches:
        parts = zip(split(task.looked_at(outputs), size), split(targets, size), strict=True)
        sums += [task.sums(*part).cpu() for part in parts]
    return torch.stack(sums)


def lead_error(task: Task, one: Tensor, other: Tensor, seed: int) -> float:
    """Standard error of the difference between two scores on the same items, by the bootstrap over
    these parts of them (Efron, Tibshirani 1993: 200 resamples are enough for an error).

    Args:
        task: whose scores.
        one: `part_sums` [n, k] of a model.
        other: of the other model.
        seed: of the resamples.

    """
    generator, n = torch.Generator().manual_seed(seed), len(one)
    leads = []
    for _ in range(RESAMPLES):
        drawn = torch.randint(n, (n,), generator=generator)
        leads.append(task.score(one[drawn].sum(0)) - task.score(other[drawn].sum(0)))
    return float(torch.tensor(leads, dtype=torch.float64).std())


def full_precision(outputs: Any) -> Any:
    """Outputs as float32 where autocast made them smaller: losses and scores need the digits."""
    if isinstance(outputs, Tree):
        return outputs.on_tensors(full_precision)
    if isinstance(outputs, Tensor) and outputs.dtype in (torch.bfloat16, torch.float16):
        return outputs.float()
    return outputs
