"""Whether validation labels are the training labels under other numbers."""

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recipe.plugin import Scalar

if TYPE_CHECKING:
    from torch import Tensor

MOST_CLASSES, FEWEST = 1000, 4
"""Classes at most; and answers of one, from which it can be told which number it has."""
AGREE, KEPT = 0.5, 0.25
"""Share of the answers of a class that has one other number, at least, and its own, at most."""
CLEAR, GAIN = 4.0, 0.05
"""Standard errors, and the share of all answers, by which the other numbers have to be right more
often."""
OF_SKILL = 0.5
"""Of what a model knows of training items beyond chance: what the other numbers have to bring back;
confusions of a model that knows little are no numbering."""


@dataclass(frozen=True)
class Numbering:
    """Under which number validation has each class."""

    numbers: dict[int, int]
    """Of the classes that have another one."""
    before: float
    """Share of right answers as they are."""
    after: float
    """With these numbers, of items that they were not found on."""

    @property
    def scalars(self) -> dict[str, Scalar]:
        """As evidence; the numbers as a list of pairs in JSON."""
        return {
            "val_numbers": json.dumps(sorted(self.numbers.items())),
            "val_numbers_before": self.before,
            "val_numbers_after": self.after,
        }


def numbering(train: "tuple[Tensor, Tensor]", val: "tuple[Tensor, Tensor]") -> Numbering | None:
    """The numbers that validation has for the classes of a trained model; None where it has the
    same, or where that cannot be told.

    They are the assignment with the most right answers (Kuhn 1955), found on one half of the items
    and counted on the other, both ways round.

    Args:
        train: classes that the model says of training items, and those given, [n] each.
        val: the same of validation items.

    """
    said, given = val
    classes = int(max(part.max() for part in (*train, *val))) + 1
    if classes > MOST_CLASSES or classes < 2 or len(said) < 2 * FEWEST:
        return None
    halves = [_table(said[k::2], given[k::2], classes) for k in range(2)]
    found = [_assigned(half) for half in halves]
    new = old = right = 0
    for k in range(2):
        told = found[1 - k][said[k::2]]
        a, b = told == given[k::2], said[k::2] == given[k::2]
        new, old, right = (
            new + int((a & ~b).sum()), old + int((b & ~a).sum()), right + int(a.sum())
        )  # fmt: skip
    n = len(said)
    after, before = right / n, float((said == given).cpu().double().mean())
    if after - before < GAIN or new - old < CLEAR * math.sqrt(new + old):
        return None
    chance = float(given.bincount().max()) / n
    known = float((train[0] == train[1]).cpu().double().mean())
    if known <= chance or after - chance < OF_SKILL * (known - chance):
        return None
    moved = _moved(halves[0] + halves[1])
    return Numbering(moved, before, after) if moved else None


def _table(said: "Tensor", given: "Tensor", classes: int) -> "Tensor":
    """How often each class was said, by what was given [said, given]."""
    counts = (said * classes + given).bincount(minlength=classes * classes)
    return counts.reshape(classes, classes)


def _assigned(table: "Tensor") -> "Tensor":
    """For each class another one, so that most answers are right."""
    import torch
    from scipy.optimize import linear_sum_assignment

    # Where nothing tells, a class keeps its number.
    prefers = table.cpu().double() + 0.5 * torch.eye(len(table), dtype=torch.float64)
    return torch.from_numpy(linear_sum_assignment(prefers.numpy(), maximize=True)[1])


def _moved(table: "Tensor") -> dict[int, int]:
    """Classes most of whose answers have one other number, and that number."""
    assigned = _assigned(table).tolist()
    moved = {}
    for number, other in enumerate(assigned):
        count = int(table[number].sum())
        if number == other or count < FEWEST:
            continue
        if table[number, other] >= AGREE * count and table[number, number] <= KEPT * count:
            moved[number] = other
    return moved
