"""Linear models on features: after every block, and before and after fine-tuning."""

import math
import warnings
from dataclasses import replace

import numpy as np
from torch import Tensor

from recipe.plugin import (
    CannotExtract,
    Context,
    Curve,
    Features,
    Scalar,
    Splits,
    TensorData,
    Tree,
    Trial,
    Values,
    extract_features,
    standard_error,
)

ITERATIONS = 300
"""Of logistic regression: enough to tell depths apart, on standardised features."""
PENALTIES = (1.0, 10.0, 100.0, 1000.0, 10_000.0)
"""Of ridge regression on standardised features: the one that does best where each item is left out
in turn. Logistic regression has scikit-learn's usual penalty."""
TINY = 1e-6


def depth_profile(
    ctx: Context, probe: Trial, scalars: dict[str, Scalar], curves: dict[str, Curve]
) -> None:
    """Add the curve `profile_score` over `profile_block`, counted from one, and the best block."""
    features = ctx.runner.features_of(ctx.experiment_of(probe))
    scalars["features_kept"] = features is not None
    if features is None:
        return
    targets = _targets(ctx, features)
    if targets is None:
        return
    scores: list[float | None] = []
    for number, depth in enumerate(features.depths):
        ctx.progress(number, len(features.depths), "what the features after each block tell")
        score = None if depth is None else linear_score(ctx, depth.train, depth.val, *targets)
        scores.append(score)
    curves["profile_block"] = tuple(range(1, len(scores) + 1))
    curves["profile_score"] = tuple(scores)
    known_scores = [(score, -k) for k, score in enumerate(scores, 1) if score is not None]
    if known_scores:
        best = max(known_scores)
        scalars |= {"profile_best": -best[1], "profile_best_score": best[0]}
        scalars["profile_last_score"] = scores[-1]
        scalars["profile_error"] = _error(ctx, best[0], len(targets[1]))


def forgetting(ctx: Context, trial: Trial, probe: Trial, name: str) -> dict[str, Scalar]:
    """What a linear model reaches on the features that reach the head: of the pretrained model
    (`features_before`) and of a fine-tuned one (`<name>_features`). Nothing where features cannot
    be kept.
    """
    from safetensors.torch import load

    experiment = ctx.experiment_of(probe)
    features = ctx.runner.features_of(experiment)
    targets = _targets(ctx, features) if features is not None else None
    if features is None or targets is None:
        return {}
    state = load(ctx.runner.weights(trial, ctx.experiment_of(trial)))
    train, val = features.items
    few = Splits(_rows(ctx.data.train, train), _rows(ctx.data.val, val))
    try:
        after = extract_features(
            experiment, few, ctx.device, ctx.seed, mode=ctx.runner.mode.single, state=state
        )
    except CannotExtract:
        return {}
    before = _tensors(_rows(features.train, train).x, _rows(features.val, val).x)
    score = linear_score(ctx, *before, *targets)
    return {
        "features_before": score,
        f"{name}_features": linear_score(ctx, *_tensors(after.train.x, after.val.x), *targets),
        "features_error": _error(ctx, score, len(targets[1])),
    }


def _tensors(train: Values, val: Values) -> tuple[Tensor, Tensor]:
    """What reaches a head: always one tensor."""
    if isinstance(train, Tree) or isinstance(val, Tree):
        raise TypeError("Features are tensors.")
    return train, val


def _rows(part: object, index: Tensor) -> TensorData:
    assert isinstance(part, TensorData)  # noqa: S101 - there are no features of any other
    rows = index.to(part.x.device)
    return replace(part, x=part.x[rows], y=part.y[rows])


def _targets(ctx: Context, features: Features) -> tuple[Tensor, Tensor] | None:
    """Of the items whose features are kept; None where an item has several targets, or where some
    do not count.
    """
    parts = zip((ctx.data.train, ctx.data.val), features.items, strict=True)
    y, y_val = (_rows(part, index).y for part, index in parts)
    if isinstance(y, Tree) or isinstance(y_val, Tree):
        return None
    pair = _tensors(y, y_val)
    single = all(y.numel() == len(y) for y in pair)
    if ctx.task.target_kind != "real":
        counts = all(bool(ctx.task.counted(y).all()) for y in pair)
        return (pair[0].flatten(), pair[1].flatten()) if single and counts else None
    return pair[0].reshape(len(pair[0]), -1), pair[1].reshape(len(pair[1]), -1)


def linear_score(
    ctx: Context, train: Tensor, val: Tensor, y: Tensor, y_val: Tensor
) -> float | None:
    """Score of a linear model on features: accuracy of logistic regression where targets are
    classes or yes and no, R squared of ridge regression where they are real.

    Args:
        ctx: whose task it is.
        train: features [n, ...] to fit.
        val: features [m, ...] to score.
        y: targets [n], or [n, outputs] where they are real.
        y_val: the same of the items of `val`.

    Returns:
        None where features are not finite or there is but one class.

    """
    from sklearn.linear_model import LogisticRegression, RidgeCV

    x, x_val = (part.flatten(1).double().cpu().numpy() for part in (train, val))
    middle, scale = x.mean(0), x.std(0)
    x, x_val = ((part - middle) / np.where(scale > TINY, scale, 1.0) for part in (x, x_val))
    known, wanted = y.cpu().numpy(), y_val.cpu().numpy()
    if not (np.isfinite(x).all() and np.isfinite(x_val).all()):
        return None
    if ctx.task.target_kind == "real":
        return float(RidgeCV(PENALTIES).fit(x, known).score(x_val, wanted))
    if len(np.unique(known)) < 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it need not have converged to the last digit
        model = LogisticRegression(max_iter=ITERATIONS).fit(x, known)
    return float((model.predict(x_val) == wanted).mean())


def _error(ctx: Context, score: float | None, items: int) -> float:
    if score is None or not math.isfinite(score):
        return 0.0
    return standard_error(score, items, shares=ctx.task.target_kind != "real")
