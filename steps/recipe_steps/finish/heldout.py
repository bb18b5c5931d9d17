"""The test data, looked at once: the score of the chosen model with a confidence interval, and a
list of who looked, kept beside the run folders.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from filelock import FileLock, Timeout
from torch import Tensor

from recipe.plugin import (
    Batch,
    CannotWriteError,
    Chosen,
    Context,
    Embedding,
    Experiment,
    FinalScore,
    UsageError,
    data_fingerprint,
    finite,
    like,
    load_data,
    loss_and_score,
    model_of,
    model_outputs,
    parse_record,
    part_sums,
    read_plain,
    to_json,
    why,
    write_text,
)

LEDGER = "test-data.jsonl"
LONGEST_WAIT = 60.0
"""Seconds that another run may hold the list."""
CONFIDENCE = 0.95
RESAMPLES = 1000
"""Of the bootstrap (Efron, Tibshirani 1993: 1000 for the ends of an interval)."""


def on_test_data(ctx: Context, chosen: Chosen) -> tuple[FinalScore | None, str]:
    """The score, or why there is none; neither where no test data are declared."""
    source = ctx.experiment.test
    if source is None:
        return None, ""
    if ctx.data_mended:
        return None, "a remedy changed the data, and the test data are as they were"
    data = like(load_data(source, "test", ctx.device, form=ctx.item_form), ctx.data.train)
    name = data_fingerprint(data)
    try:
        before = _look(ctx.runner.folder, name, again=ctx.settings.again)
    except UsageError as error:  # the run itself is sound
        return None, str(error)
    if before:
        return None, before
    model = model_of(ctx.experiment, chosen, ctx.runner.folder, ctx.device)
    found = list(model_outputs(model, data))
    loss, score = loss_and_score(ctx.experiment, found)
    low, high, how = interval(ctx.experiment, found, ctx.seed_for("bootstrap"))
    return FinalScore(
        finite(score), finite(low), finite(high), len(data), finite(loss), how
    ), ""  # fmt: skip


def _look(folder: Path, name: str, *, again: bool) -> str:
    """Write down that this run looks at these data; instead of that, who looked before."""
    path = folder.parent / LEDGER
    with ledger_of(folder) as lines:
        looks = [look for line in lines if (look := parse_record(line, {"data", "run", "when"}))]
        earlier = [look for look in looks if look["data"] == name and look["run"] != folder.name]
        if earlier and not again:
            return f"the run {earlier[-1]['run']} used the test data on {earlier[-1]['when']}"
        if not any((look["data"], look["run"]) == (name, folder.name) for look in looks):
            look = {"data": name, "run": folder.name, "when": time.strftime("%Y-%m-%d")}
            write_text(path, "\n".join([*lines, to_json(look)]) + "\n")
    return ""


@contextmanager
def ledger_of(folder: Path) -> Iterator[list[str]]:
    """The lines of the list, held while they are looked at.

    Raises:
        UsageError: it is no list, or cannot be read or locked: who looked before is not known.

    """
    path = folder.parent / LEDGER
    try:
        with FileLock(path.with_name(f".{path.stem}.lock"), timeout=LONGEST_WAIT):
            there = os.path.lexists(path)
            yield read_plain(path).decode(errors="replace").splitlines() if there else []
    except CannotWriteError:
        raise
    except (OSError, Timeout) as error:
        raise UsageError(
            f"{str(path)!r}, the list of the runs that used the test data, cannot be read "
            f"({why(error)})"
        ) from error


def interval(
    experiment: Experiment, found: Sequence[Batch], seed: int, resamples: int = RESAMPLES
) -> tuple[float, float, str]:
    """Where the score lies with a confidence of 95 %.

    For a share of right answers the interval of Wilson (1927), which holds for few items and near
    0 and 1 too; for any other score the percentiles of the bootstrap over items.

    Args:
        experiment: with the task, or the metric of its own.
        found: outputs and targets, batch by batch.
        seed: of the resamples.
        resamples: how many, where the bootstrap is asked.

    Returns:
        Low end, high end, and how it was found.

    """
    task = experiment.resolved_task
    if experiment.metric is None and task.metric == "accuracy":
        from scipy.stats import binomtest

        sums = torch.stack([task.sums(*batch) for batch in found]).sum(0)
        right, total = (round(value) for value in sums.tolist())
        ends = binomtest(right, max(1, total)).proportion_ci(CONFIDENCE, "wilson")
        return float(ends.low), float(ends.high), "wilson"
    scores = _resampled(experiment, found, seed, resamples)
    tail = (1 - CONFIDENCE) / 2
    low, high = torch.quantile(scores, torch.tensor([tail, 1 - tail], dtype=scores.dtype)).tolist()
    return low, high, "bootstrap"


def _resampled(experiment: Experiment, found: Sequence[Batch], seed: int, resamples: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    n = sum(len(targets) for _, targets in found)
    task, scores = experiment.resolved_task, []
    sums = part_sums(experiment, found, n) if task.counts_by == "pixels" else None
    if sums is not None:  # masks are too large to be drawn a thousand times
        for _ in range(resamples):
            drawn = torch.randint(len(sums), (len(sums),), generator=generator)
            scores.append(task.score(sums[drawn].sum(0)))
        return torch.tensor(scores, dtype=torch.float64)
    outputs, targets = (torch.cat(list(parts)) for parts in zip(*found, strict=True))
    compared = isinstance(task, Embedding)  # items with each other: a copy would be the nearest
    for _ in range(resamples):
        drawn = torch.randint(n, (n,), generator=generator)
        if compared:  # halves differ from the whole as wholes do from others of their size
            drawn = torch.randperm(n, generator=generator)[: (n + 1) // 2]
        drawn = drawn.to(outputs.device)
        scores.append(loss_and_score(experiment, [(outputs[drawn], targets[drawn])])[1])
    resampled = torch.tensor(scores, dtype=torch.float64)
    if compared:
        return resampled - resampled.mean() + loss_and_score(experiment, [(outputs, targets)])[1]
    return resampled
