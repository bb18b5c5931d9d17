"""What something simple reaches on the sample: whether more can be asked of a model.

Whether a sample can be memorized is measured. A network is a smooth function, so another one,
a kernel fit whose width is that of the data, is given the same inputs with their answers shuffled:
where inputs are many it learns them all the same, and its score on the true answers is what a model
can be asked for. Where inputs are few it does not, and asking a model for noise would be unfair;
then smooth fits, trees and neighbours answer for rows that they were not shown, which no noise
helps with: what they find out, a model has to find in the rows that it was shown.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recipe.plugin import (
    Forecasting,
    Regression,
    Scalar,
    Task,
    TensorData,
    Values,
    join,
    row_hashes,
)
from recipe_steps.overfit_sample.attempts import share_of_way
from recipe_steps.rows import parts

RIDGE, MARGIN = 0.01, 10.0
"""Weight of smoothness against squared errors of standardised targets, and of errors against a
margin (C of a support vector machine): less, and more, than the 1 of scikit-learn, which is meant
for new rows and not to remember old ones."""
BY_HEART = 0.8
"""Share of the way from chance to perfect on shuffled answers from which a sample can be learnt by
heart."""
SMOOTHNESS = (1.0, 0.1)
"""The same for rows that were not shown, where more would follow the noise."""
TREES, LEAF, FOLDS = 20, 3, 5
OTHERS = 512
"""Training items beside the sample from which something simple learns."""
NEIGHBOURS = 5
FEWEST, LEAST_ITEMS = 3, 8
"""Items from which anything is told, and from which rows are held out."""
MOST_COLUMNS = 4096
"""Of whole numbers, such as tokens, that get a column for every value at every place."""
MOST_LABELS = 16
"""Columns of yes and no that are fitted one by one."""
SMOOTH = "a smooth fit"


@dataclass(frozen=True)
class Rows:
    """A sample as columns [n, d] of zero mean and unit deviation, and targets [n, k]."""

    x: np.ndarray
    y: np.ndarray
    classes: bool
    targets: Tensor
    """As they were."""


def something_simple(
    task: Task,
    sample: TensorData,
    chance: float,
    perfect: float,
    others: TensorData | None = None,
) -> dict[str, Scalar]:
    """The best score of something simple on the sample, and how much neighbours disagree; nothing
    where items are no rows of numbers, or targets no single label or values.

    Args:
        task: which scores it.
        sample: what was to be memorized.
        chance: score of the best constant answer.
        perfect: score of perfect memory.
        others: more training items, some of which may be those of the sample.

    """
    rows = rows_of(task, sample)
    if rows is None or not math.isfinite(perfect):
        return {}
    by_heart = learnt_by_heart(task, rows)
    answers = (
        [(SMOOTH, _shown(rows))] if by_heart >= BY_HEART
        else _of_other_rows(_with_others(task, sample, others) or rows, len(sample))
    )  # fmt: skip
    scores: dict[str, float] = {}
    for name, said in answers:
        score = score_of(task, rows, said)
        if math.isfinite(score):
            scores[name] = max(score, scores.get(name, -math.inf))
    if not scores:
        return {}
    name = max(scores, key=scores.__getitem__)
    return {
        "by_heart": by_heart,
        "simple": name,
        "simple_score": scores[name],
        "simple_progress": min(1.0, share_of_way(scores[name], chance, perfect)),
        "disagreement": disagreement(rows),
        "varying_inputs": rows.x.shape[1],
    }


def _with_others(task: Task, sample: TensorData, others: TensorData | None) -> Rows | None:
    """The sample, and behind it the other items whose inputs are not in it."""
    if others is None:
        return None
    known = set(row_hashes(sample.x))
    new = [place for place, row in enumerate(row_hashes(others.x)) if row not in known]
    if not new:
        return None
    more = others.part(new)
    return rows_of(task, TensorData(join([sample.x, more.x]), join([sample.y, more.y])))


def learnt_by_heart(task: Task, rows: Rows) -> float:
    """The share of the way from chance to perfect that a smooth fit comes on shuffled answers."""
    order = np.random.default_rng(0).permutation(len(rows.x))
    shuffled = replace(rows, y=rows.y[order], targets=rows.targets[torch.from_numpy(order)])
    score = score_of(task, shuffled, _shown(shuffled))
    return share_of_way(score, task.chance_score(rows.targets), 1.0)


def rows_of(task: Task, sample: TensorData) -> Rows | None:
    """Inputs and targets as columns; see `something_simple`."""
    y = sample.y
    if not isinstance(y, Tensor) or len(sample) < FEWEST:
        return None
    real = type(task) in (Regression, Forecasting)
    single = y.numel() == len(sample)
    if not (real or (task.target_kind == "class index" and single)
            or (task.target_kind == "zero or one" and y.ndim <= 2)):  # fmt: skip
        return None
    targets = y.detach().reshape(len(sample), -1).cpu().double().numpy()
    if targets.shape[1] > MOST_LABELS and not real:
        return None
    x = columns_of(sample.x)
    if x is None or not (np.isfinite(x).all() and np.isfinite(targets).all()):
        return None
    return Rows(x, targets, not real, y)


def columns_of(x: Values) -> np.ndarray | None:
    """Inputs as columns that vary, standardised; None where items are no tensors."""
    if getattr(x, "gathered", None) is not None:
        return None
    found = [part for part in parts(x).values() if part.ndim and len(part) == len(x)]
    if not found:
        return None
    table = np.concatenate([_columns(part) for part in found], 1)
    deviation = table.std(0)
    varies = deviation > 1e-12 * np.abs(table).max(0, initial=0.0) + np.finfo(float).tiny
    if not varies.any():
        return None
    standard: np.ndarray = (table[:, varies] - table[:, varies].mean(0)) / deviation[varies]
    return standard


def _columns(part: Tensor) -> np.ndarray:
    flat = part.detach().reshape(len(part), -1).cpu()
    if part.is_complex():
        flat = torch.view_as_real(flat).flatten(1)
    if flat.is_floating_point() or part.dtype in (torch.uint8, torch.bool):
        return flat.double().numpy()
    values, places = torch.unique(flat, return_inverse=True)
    if len(values) <= 2 or flat.shape[1] == 1:
        return flat.double().numpy()
    marked = torch.nn.functional.one_hot(places, len(values)).double()
    wide = flat.shape[1] * len(values) > MOST_COLUMNS
    return (marked.sum(1) if wide else marked.flatten(1)).numpy()


def disagreement(rows: Rows) -> float:
    """How much the answers of nearest neighbours differ, as a share of what those of any two
    items do: 0 where the input tells all, 1 where it tells nothing (the noise estimate of
    nearest neighbours, Evans and Jones 2002).
    """
    from sklearn.neighbors import NearestNeighbors

    near = NearestNeighbors(n_neighbors=2).fit(rows.x).kneighbors(return_distance=False)[:, 0]
    if rows.classes:
        apart = (rows.y != rows.y[near]).mean()
        shares = [np.unique(y, return_counts=True)[1] / len(y) for y in rows.y.T]
        every = np.mean([1 - (share**2).sum() for share in shares])
    else:
        apart, every = ((rows.y - rows.y[near]) ** 2).mean(), 2 * rows.y.var(0).mean()
    return float(apart / every) if every > 0 else 0.0


def _shown(rows: Rows) -> np.ndarray:
    """The answers [n, k] of a smooth fit for the rows that it was shown."""
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.svm import SVC

    width = 1 / rows.x.shape[1]
    make = (
        partial(SVC, C=MARGIN, gamma=width) if rows.classes
        else partial(KernelRidge, alpha=RIDGE, kernel="rbf", gamma=width)
    )  # fmt: skip
    return _by_columns(rows, lambda target: make().fit(rows.x, target).predict(rows.x))


def _of_other_rows(rows: Rows, count: int) -> Iterator[tuple[str, np.ndarray]]:
    """The answers of each simple thing for the first `count` rows, of which it was not shown the
    one that it answers for.
    """
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
    from sklearn.svm import SVC

    if count < LEAST_ITEMS:
        return
    width, few = 1 / rows.x.shape[1], min(NEIGHBOURS, count // 2)
    forest = {"n_estimators": TREES, "min_samples_leaf": LEAF, "random_state": 0, "n_jobs": 1}
    made: list[tuple[str, Any]] = (
        [*(("smooth fit", SVC(C=1 / weight, gamma=width)) for weight in SMOOTHNESS),
         ("random forest", RandomForestClassifier(**forest)),
         ("mean of neighbours", KNeighborsClassifier(few))]
        if rows.classes else
        [*(("smooth fit", KernelRidge(weight, kernel="rbf", gamma=width)) for weight in SMOOTHNESS),
         ("random forest", RandomForestRegressor(**forest)),
         ("mean of neighbours", KNeighborsRegressor(few))]
    )  # fmt: skip
    for name, model in made:
        with suppress(ValueError):  # rows of a single class were left to learn from
            yield (
                f"a {name} of other rows",
                _by_columns(rows, partial(_held_out, model, rows.x, count), count),
            )


def _held_out(model: Any, x: np.ndarray, count: int, target: np.ndarray) -> np.ndarray:
    """Answers for the first `count` rows, each from all rows but its fold."""
    from sklearn.base import clone
    from sklearn.model_selection import KFold

    said = np.empty(count)
    for _, held in KFold(FOLDS, shuffle=True, random_state=0).split(x[:count]):
        shown = np.delete(np.arange(len(x)), held)
        said[held] = clone(model).fit(x[shown], target[shown]).predict(x[held])
    return said


def _by_columns(
    rows: Rows, predicted: Callable[[np.ndarray], np.ndarray], count: int | None = None
) -> np.ndarray:
    """Answers [n, k], one column of targets after the other, each standardised where it is real."""
    answers = []
    for y in rows.y.T:
        if len(np.unique(y)) < 2:
            answers.append(y[:count])
        elif rows.classes:
            answers.append(predicted(y.astype(int)))
        else:
            answers.append(y.mean() + y.std() * predicted((y - y.mean()) / y.std()))
    return np.stack(answers, 1)


def score_of(task: Task, rows: Rows, answers: np.ndarray) -> float:
    """As the model would be scored that gave these answers."""
    said, true = torch.from_numpy(answers), rows.targets.cpu()
    if task.target_kind == "class index":
        true = true.flatten()
        count = int(max(said.max(), true.max())) + 1
        said = torch.nn.functional.one_hot(said[:, 0].long().clamp(min=0), count).double()
    elif rows.classes:
        said = 2 * said - 0.5  # beyond 0 and beyond one half, where answers are cut
    return task.score(task.sums(said.reshape(len(true), -1), true))
