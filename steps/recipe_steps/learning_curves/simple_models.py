"""What simple models that one can hardly get wrong score on validation: a linear one and a random
forest, on the same items as the best run.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from recipe.plugin import Context, Scalar, TensorData, join
from recipe_steps.overfit_sample.something_simple import Rows, rows_of, score_of

TRAIN, VAL = 3000, 1500
"""Items that they learn from and are asked about, at most."""
LEAST = 50
MOST_INPUTS = 1500
SIDE = 12
"""Pixels of a side to which pictures are shrunk."""
TREES, LEAF = 100, 2
ROUNDS = 200
"""Of the optimizer of a logistic regression."""
SECONDS = 8.0
"""That the fits take on a busy machine, about; nobody can stop them."""


def simple_marks(ctx: Context) -> dict[str, Scalar]:
    """`simple_linear` and `simple_forest`: scores on validation items; of single labels, labels of
    yes and no, or values, and of inputs that are no sequences of tokens. Nothing for a metric of
    the user's own.
    """
    train, val = ctx.data.train, ctx.data.val
    if ctx.experiment.metric is not None or not isinstance(train, TensorData):
        return {}
    if not isinstance(val, TensorData) or min(len(train), len(val)) < LEAST:
        return {}
    source = torch.Generator().manual_seed(ctx.seed_for("simple"))
    asked, shown = _flat(val.sample(VAL, source)), _flat(train.sample(TRAIN, source))
    rows = rows_of(ctx.task, TensorData(join([asked.x, shown.x]), join([asked.y, shown.y])))
    if rows is None or rows.x.shape[1] > MOST_INPUTS:
        return {}
    split = _Split(rows, len(asked))
    found: dict[str, Scalar] = {}
    for name, model in _models(classes=rows.classes).items():
        said = split.answers(model)
        if said is not None:
            found[f"simple_{name}"] = score_of(ctx.task, split.asked, said)
    if not found:
        return {}
    error = ctx.task.score_error(max(float(v or 0.0) for v in found.values()), len(asked))
    return {**found, "simple_items": len(shown), "simple_error": error}


def _flat(data: TensorData) -> TensorData:
    """With pictures shrunk."""
    x = data.x
    if not isinstance(x, Tensor) or x.ndim != 4 or not x.is_floating_point():
        return data
    small = F.adaptive_avg_pool2d(x.float(), [min(SIDE, side) for side in x.shape[2:]])  # type: ignore[arg-type]
    return TensorData(small, data.y)


@dataclass(frozen=True)
class _Split:
    """Rows of which the first `count` are asked about, and the others known."""

    rows: Rows
    count: int

    @property
    def asked(self) -> Rows:
        rows, count = self.rows, self.count
        return Rows(rows.x[:count], rows.y[:count], rows.classes, rows.targets[:count])

    def answers(self, model: Any) -> np.ndarray | None:
        """For the items that are asked about [count, k]; None where nothing can be learnt."""
        from sklearn.base import clone

        columns = []
        for target in self.rows.y.T:
            known = target[self.count :]
            if len(np.unique(known)) < 2:
                columns.append(np.full(self.count, known[0]))
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a fit that was cut off
                fitted = clone(model).fit(
                    self.rows.x[self.count :], known.astype(int) if self.rows.classes else known
                )
            columns.append(fitted.predict(self.rows.x[: self.count]))
        return np.stack(columns, 1) if columns else None


def _models(*, classes: bool) -> dict[str, Any]:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.linear_model import LogisticRegression, Ridge

    forest = {"n_estimators": TREES, "min_samples_leaf": LEAF, "random_state": 0, "n_jobs": 1}
    if classes:
        return {
            "linear": LogisticRegression(max_iter=ROUNDS),
            "forest": RandomForestClassifier(**forest),
        }
    return {"linear": Ridge(1.0), "forest": RandomForestRegressor(**forest)}
