"""Classes that the best model never answers: what the plain score hides."""

import torch
from torch import Tensor

from recipe.plugin import Context, Scalar, Trial
from recipe_steps.learning_curves.best_outputs import best_outputs
from recipe_steps.learning_curves.class_balance import mean_recall

LEAST_ITEMS = 10
"""Validation items of a class from which it is said to be never answered."""
OFFSETS = 60
"""Offsets of its output that are tried, at quantiles of what it lacks."""


@torch.no_grad()
def rare_marks(ctx: Context, trial: Trial) -> dict[str, Scalar]:
    """The most frequent class of validation that the best model never answers, with how well its
    output ranks the items of the class before others (`ignored_rank`, 0.5 for chance), the plain
    and the balanced score, and how many items more are right once its output is raised
    (`ignored_gain`, by an offset chosen on the other half of the items, of `ignored_changed`).

    Nothing where every class of that many items is answered, for tasks without single labels and
    for data that are read anew each time.
    """
    if ctx.task.target_kind not in ("class index", "zero or one"):
        return {}
    found = best_outputs(ctx, trial)
    if found is None:
        return {}
    outputs, y = (part.cpu() for part in found)
    outputs = outputs.reshape(len(y), -1)
    if outputs.shape[1] == 1:
        outputs = torch.cat([torch.zeros_like(outputs), outputs], 1)
    if not bool(ctx.task.counted(y).all()) or int(y.max()) >= outputs.shape[1] or int(y.min()) < 0:
        return {}
    return ignored_class(outputs, y.long())


def ignored_class(outputs: Tensor, y: Tensor) -> dict[str, Scalar]:
    """The same, of outputs [n, classes] and labels [n]."""
    said = outputs.argmax(1)
    counts = torch.bincount(y, minlength=outputs.shape[1])
    never = counts.where(torch.bincount(said, minlength=len(counts)) == 0, 0)
    label = int(never.argmax())
    items = int(never[label])
    if items < LEAST_ITEMS or items == len(y) or not bool(outputs.isfinite().all()):
        return {}
    others = outputs.clone()
    others[:, label] = -torch.inf
    lacks = others.max(1).values - outputs[:, label]
    gain, changed = _gain(lacks, said, y, label)
    return {
        "ignored_class": label,
        "ignored_items": items,
        "ignored_rank": _rank(-lacks, y == label),
        "ignored_gain": gain,
        "ignored_changed": changed,
        "ignored_plain": float((said == y).float().mean()),
        "ignored_balanced": mean_recall(said, y).mean,
    }


def _rank(score: Tensor, own: Tensor) -> float:
    """The chance that an item of the class is ranked before another one; ties count half."""
    from scipy.stats import rankdata

    ranks = torch.from_numpy(rankdata(score.double().numpy()))
    n, m = int(own.sum()), int((~own).sum())
    return float((ranks[own].sum() - n * (n + 1) / 2) / (n * m))


def _gain(lacks: Tensor, said: Tensor, y: Tensor, label: int) -> tuple[int, int]:
    """Right answers that are won, less those that are lost, and the sum of both, where the class is
    answered up to an offset that the other half of the items gives.
    """
    own = (y == label).long() - ((said == y) & (y != label)).long()  # won or lost when answered
    half = torch.arange(len(y)) % 2 == 0
    offsets = torch.quantile(lacks, torch.linspace(0, 1, OFFSETS))
    won, changed = 0, 0
    for shown, asked in ((half, ~half), (~half, half)):
        sums = [int(own[shown & (lacks <= offset)].sum()) for offset in offsets]
        best = max(range(OFFSETS), key=sums.__getitem__)
        if sums[best] <= 0:
            continue
        there = own[asked & (lacks <= offsets[best])]
        won, changed = won + int(there.sum()), changed + int(there.abs().sum())
    return won, changed
