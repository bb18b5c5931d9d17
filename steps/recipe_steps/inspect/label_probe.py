"""What simple predictors know of labels that they were not shown: whether labels belong to their
inputs, and how many of them are wrong.

Neighbours, a ridge regression and randomised trees say the answer of every item from the others
(leave-one-out, or out of the bag). How well they do is a sum over the items of answer times label,
in standard deviations of that sum when the labels are handed round at random (`strength`).
"""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from recipe.plugin import Scalar, Tree, Values
from recipe_steps.rows import main_part

if TYPE_CHECKING:
    Pair = tuple[Values, Values]

LEAST, MOST, MOST_SEEN = 50, 800, 3000
"""Items of a part from which anything is said; that labels are tried on; and that are searched for
wrong ones, of both parts together."""
MOST_COLUMNS, SIDE, MOST_WORDS = 512, 12, 2000
"""Of a table, of a picture's height and width, and of the words that are counted."""
NEIGHBOURS, TREES, LEAF = 10, 50, 3
LEAST_OF_CLASS, MOST_CLASSES = 10, 200
SUREST, SURER = 0.5, 0.2
"""Shares of the items that the predictors are surest of."""
NAMED = 5


@dataclass(frozen=True)
class Rows:
    """Items as columns [n, d] of zero mean and unit deviation, and one label or value each."""

    x: np.ndarray
    y: np.ndarray
    classes: bool

    @property
    def marked(self) -> np.ndarray:
        """Targets [n, k]: one column for each class, or one of standard values."""
        if not self.classes:
            standard: np.ndarray = (self.y - self.y.mean()) / (self.y.std() or 1.0)
            return standard[:, None]
        marked: np.ndarray = np.eye(int(self.y.max()) + 1)[self.y]
        return marked


def label_probe(train: "Pair", val: "Pair", kind: str) -> dict[str, Scalar]:
    """How strongly the inputs tell the labels of training (`probe_train`) and of validation
    (`probe_val`), and those of training the labels of validation (`probe_across`); and what the
    predictors say of labels that look wrong. Nothing where there is not one target for each item.

    Args:
        train: inputs [n, ...] and targets.
        val: likewise.
        kind: of the targets, as a task names it.

    """
    first, second = _both(train, val, kind, MOST)
    if first is None or len(first.x) < LEAST:
        return {}
    scalars: dict[str, Scalar] = {
        "probe_items": len(first.x),
        "probe_train": strength(first),
    }
    if second is not None and len(second.x) >= LEAST and _alike(first, second):
        share = len(second.x) / len(first.x)
        scalars |= {
            "probe_val": strength(second),
            "probe_val_items": len(second.x),
            "probe_val_expected": float(scalars["probe_train"] or 0.0) * share**0.5,
            "probe_across": _across(first, second),
        }
    return scalars | (wrong_labels(train, val) if kind != "real" else {})


def strength(rows: Rows) -> float:
    """The largest of what the predictors reach. Where neighbours are wrong more often than chance,
    labels are told too: of a parity each neighbour has the other one.
    """
    targets = rows.marked
    near = sum_of(_neighbours(rows.x, targets), targets)
    return max(abs(near), sum_of(_ridge(rows.x, targets), targets), sum_of(_trees(rows), targets))


def sum_of(said: np.ndarray, targets: np.ndarray) -> float:
    """The sum over the items of answer times target, in its deviations over all orders of the
    targets (Mantel 1967); 0 for constant ones.
    """
    said, targets = said - said.mean(0), targets - targets.mean(0)
    variance = ((said.T @ said) * (targets.T @ targets)).sum() / (len(said) - 1)
    return float((said * targets).sum() / variance**0.5) if variance > 0 else 0.0


def wrong_labels(train: "Pair", val: "Pair") -> dict[str, Scalar]:
    """How often neighbours and trees contradict the labels, among the items that they are surest
    of and among all: `probe_sure_wrong` of `probe_sure_items`, shares `probe_surer_wrong` and
    `probe_wrong`; how much one confusion is of these, and what the most frequent label would do.
    """
    first, second = _both(train, val, "class index", MOST_SEEN // 2)
    if first is None or second is None or first.x.shape[1] != second.x.shape[1]:
        return {}
    count, x = len(first.x), np.concatenate([first.x, second.x])
    values, y = np.unique(np.concatenate([first.y, second.y]), return_inverse=True)
    if not 2 <= len(values) <= MOST_CLASSES:
        return {}
    rows = Rows(x, y, classes=True)
    said = _neighbours(x, rows.marked) + _trees(rows)
    two = np.sort(said, 1)[:, -2:]
    order = np.argsort(two[:, 0] - two[:, 1], kind="stable")
    wrong = said.argmax(1) != y
    sure, surer = (order[: round(share * len(y))] for share in (SUREST, SURER))
    hit = sure[wrong[sure]]
    pairs = np.unique(np.stack([y[hit], said[hit].argmax(1)]), axis=1, return_counts=True)[1]
    return {
        "probe_sure_items": len(sure),
        "probe_sure_wrong": len(hit),
        "probe_surer_wrong": float(wrong[surer].mean()),
        "probe_wrong": float(wrong.mean()),
        "probe_pair_share": float(pairs.max() / len(hit)) if len(hit) else None,
        "probe_chance": float(np.bincount(y).max() / len(y)),
        "probe_classes": len(values),
        "probe_inputs": x.shape[1],
        "probe_pictures": _is_picture(main_part(train[0])),
        "probe_suspects": ", ".join(str(i) for i in _places(hit, train[0], count)[:NAMED]),
    }


def _places(hit: np.ndarray, x: Values, count: int) -> list[int]:
    """Of those that lie in training, where they stand there."""
    taken = _some(len(x), MOST_SEEN // 2)
    return sorted(int(taken[i]) for i in hit if i < count)


def _some(n: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))


def _is_picture(x: Tensor | None) -> bool:
    return x is not None and x.ndim == 4 and x.is_floating_point() | (x.dtype == torch.uint8)


def _both(train: "Pair", val: "Pair", kind: str, most: int) -> tuple[Rows | None, Rows | None]:
    """Some of the items of both parts, whose columns mean the same: a column of counts is of the
    same word in both, be it rare or missing in one of them.
    """
    some = [_sample(*pair, most) for pair in (train, val)]
    inputs = [x for x, _ in (each for each in some if each) if _is_text(x)]
    words = torch.unique(torch.cat([x.flatten() for x in inputs])) if len(inputs) > 1 else None
    first, second = (None if each is None else _rows(*each, kind, words) for each in some)
    return first, second


def _sample(x: Values, y: Values, most: int) -> tuple[Tensor, np.ndarray] | None:
    """Some of the items, spread evenly; None where there is not one target for each."""
    if isinstance(y, Tree) or y.numel() != len(y) or y.is_complex():
        return None
    part, rows = main_part(x), torch.from_numpy(_some(len(y), most))
    if part is None or len(part) != len(y):
        return None
    values = y.detach().cpu().flatten()[rows].double().numpy()
    return part[rows.to(part.device)].detach().cpu(), values


def _rows(x: Tensor, values: np.ndarray, kind: str, words: Tensor | None) -> Rows | None:
    columns = columns_of(x, words)
    if columns is None or not (np.isfinite(columns).all() and np.isfinite(values).all()):
        return None
    deviation = columns.std(0)
    varies = deviation > 1e-9 * np.abs(columns).max(0)
    if not varies.any():
        return None
    classes = kind != "real"
    if classes and (
        values.min() < 0 or (values != values.round()).any() or values.max() > MOST_CLASSES
    ):
        return None
    columns = (columns - columns.mean(0)) / np.where(varies, deviation, 1.0) * varies
    return Rows(columns, values.astype(int) if classes else values, classes)


def _is_text(x: Tensor) -> bool:
    """Whether a part is one of tokens: rows of whole numbers that are no bytes of a picture."""
    whole = not x.is_floating_point() and x.dtype not in (torch.uint8, torch.bool)
    return whole and not x.is_complex() and x.numel() > len(x)


def columns_of(x: Tensor, words: Tensor | None = None) -> np.ndarray | None:
    """Values of pictures that were made smaller, counts of words, or columns.

    Args:
        x: inputs [n, ...].
        words: those that are counted, all of x among them and in order; by default those of x.

    """
    if x.is_complex():
        return None
    if _is_picture(x):
        size = [min(SIDE, side) for side in x.shape[2:]]
        return F.adaptive_avg_pool2d(x.float(), (size[0], size[1])).flatten(1).double().numpy()
    x = x.reshape(len(x), -1)
    if _is_text(x):
        words = torch.unique(x) if words is None else words
        if len(words) > MOST_WORDS:
            return None
        places = torch.searchsorted(words, x)
        return torch.zeros(len(x), len(words)).scatter_add_(1, places, torch.ones(x.shape)).numpy()
    taken = _some(x.shape[1], MOST_COLUMNS)
    return x[:, torch.from_numpy(taken)].double().numpy()


def _alike(first: Rows, second: Rows) -> bool:
    """Whether the parts can be compared: alike in their columns and in how labels are spread."""
    if first.x.shape[1] != second.x.shape[1]:
        return False
    if not first.classes:
        ratio = second.y.std() / (first.y.std() or 1.0)
        return bool(0.5 < ratio < 2.0)
    size = int(max(first.y.max(), second.y.max())) + 1
    shares = [np.bincount(part.y, minlength=size) / len(part.y) for part in (first, second)]
    frequent = np.sort(np.bincount(second.y))[::-1]
    enough = len(frequent) > 1 and frequent[1] >= LEAST_OF_CLASS
    return bool(enough and np.abs(shares[0] - shares[1]).sum() / 2 < 0.3)


def _across(first: Rows, second: Rows) -> float:
    """What neighbours and a ridge regression that know the one part say of the other."""
    from sklearn.linear_model import Ridge
    from sklearn.neighbors import NearestNeighbors

    size = int(max(first.y.max(), second.y.max())) + 1 if first.classes else 0
    known, asked = (
        np.eye(size)[part.y] if part.classes else part.marked for part in (first, second)
    )
    near = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(first.x))).fit(first.x)
    places = near.kneighbors(second.x, return_distance=False)
    line = Ridge(alpha=float(first.x.shape[1])).fit(first.x, known).predict(second.x)
    return max(sum_of(said, asked) for said in (known[places].mean(1), line.reshape(asked.shape)))


def _neighbours(x: np.ndarray, targets: np.ndarray) -> np.ndarray:
    from sklearn.neighbors import NearestNeighbors

    near = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(x) - 1)).fit(x)
    said: np.ndarray = targets[near.kneighbors(return_distance=False)].mean(1)
    return said


def _ridge(x: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """By all other items, in closed form; as much of the variance is taken for noise."""
    gram = x @ x.T / x.shape[1] + 1
    smooth = gram @ np.linalg.inv(gram + np.trace(gram) / len(x) * np.eye(len(x)))
    own = np.diag(smooth)[:, None]
    said: np.ndarray = (smooth @ targets - own * targets) / (1 - own)
    return said


def _trees(rows: Rows) -> np.ndarray:
    """Out of the bag."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    make = ExtraTreesClassifier if rows.classes else ExtraTreesRegressor
    forest = make(TREES, bootstrap=True, oob_score=True, random_state=0, min_samples_leaf=LEAF)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of items that were in every bag
        forest.fit(rows.x, rows.y)
    if not rows.classes:
        predicted: np.ndarray = np.nan_to_num(forest.oob_prediction_).reshape(-1, 1)
        return predicted
    said = np.zeros((len(rows.x), rows.marked.shape[1]))
    said[:, forest.classes_] = np.nan_to_num(forest.oob_decision_function_)
    return said
