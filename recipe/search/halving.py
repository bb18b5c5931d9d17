"""Ends those trials of a grid early that are behind in it (successive halving: Jamieson, Talwalkar
2016).
"""

import math
import statistics
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from recipe.core.evidence import Scalar
from recipe.training.early_stopping import averaged_down

LATER_PART = 0.5
"""Of the batch losses up to the cut that are compared: the first ones are the initial weights'."""
POINTS = 20
"""Means to which they are averaged down: neighbouring losses of a training are not independent."""
ERRORS = 2.0
"""Standard errors that a trial may be behind the last one that goes on, and go on too. Without this
2 of the 91 grids that the coarse grid's cut was measured on lost their best, 7 with a cut at a
third; all of these had a higher rate than the trials that went on."""
LEAST_ITERATIONS = 30
"""Until a cut on losses: fewer cost little, and say little."""
LATEST = 0.5
"""Of a training: a cut that would come later saves too little."""
FREE = frozenset(
    {"lr", "weight_decay", "momentum", "beta2", "epsilon", "schedule", "warmup", "epochs"}
)
"""What may differ between trials whose training losses are compared. Dropout, for one, raises the
loss of the very trial that it helps, and other batches have other losses."""


@dataclass(frozen=True)
class Halving:
    """After `share` of the training, only the best `keep` of the trials go on."""

    share: float = 1 / 3
    keep: float = 0.5
    on_losses: bool = False
    """Compare training losses, after any iteration. Otherwise the best validation scores are
    compared, at the end of an epoch, unless the first one ends too late for that."""

    then: "Halving | None" = None
    """The next cut, among those that go on; at the end of an epoch, or none."""

    def cost(self, count: int, trained: float = 0.0) -> float:
        """Of whole trainings, what so many trials cost together from this part of them on."""
        if count < 2:
            return count * (1 - trained)
        going = _kept(count, self.keep)
        later = self.then.cost(going, self.share) if self.then else going * (1 - self.share)
        return count * (self.share - trained) + later

    def rung(
        self, epochs: int, iterations: int, warmup: float = 0.0, *, whole: bool = False
    ) -> float | None:
        """Epochs until the cut; None when there is to be none.

        Args:
            epochs: of the whole training.
            iterations: of one epoch.
            warmup: share of the training in which rates still rise: losses say little before.
            whole: cut between epochs only.

        """
        rung = self.share * epochs
        if whole or (rung >= 1 and not self.on_losses):
            ends = max(1, round(rung))
            return ends if ends < epochs else None
        least = LEAST_ITERATIONS / iterations
        if least > LATEST * epochs:
            return None
        return max((warmup + (1 - warmup) * self.share) * epochs, least)


@dataclass(frozen=True)
class Standing:
    """How a trial stood at the cut."""

    group: Hashable
    """See `group_of`."""
    score: float | None = None
    """The best so far."""
    losses: tuple[float, ...] | None = None
    """See `compared_losses`; empty for a trial that had failed by then, None where not known."""


def group_of(params: Mapping[str, Scalar]) -> Hashable:
    """Equal for trials whose training losses can be compared."""
    return tuple(sorted((name, repr(v)) for name, v in params.items() if name not in FREE))


def compared_losses(losses: Sequence[float]) -> tuple[float, ...]:
    """What is compared of the batch losses up to the cut: means over the later part of them."""
    return tuple(averaged_down(list(losses[math.floor(len(losses) * LATER_PART) :]), POINTS))


def behind_in_score(standings: Sequence[Standing], keep: float) -> set[int]:
    """Which of them are not among the best `keep` by score, of equal ones the first: the centre of
    a grid is its first cell, and small validation sets know few scores.
    """
    scores = [-math.inf if one.score is None else one.score for one in standings]
    order = sorted(range(len(scores)), key=lambda k: -scores[k])
    return set(order[_kept(len(scores), keep) :])


def behind_in_loss(standings: Sequence[Standing], keep: float) -> set[int]:
    """Which of them are, beyond the noise, below the best `keep` of their group by loss.

    Trials see the same batches in the same order, so the noise is that of the differences.
    """
    groups: dict[Hashable, list[int]] = {}
    for k, one in enumerate(standings):
        if one.losses is not None:
            groups.setdefault(one.group, []).append(k)
    behind: set[int] = set()
    for members in groups.values():
        losses = {k: standings[k].losses or () for k in members}
        order = sorted(members, key=lambda k: _mean(losses[k]))
        kept = _kept(len(order), keep)
        bar = losses[order[kept - 1]]
        behind |= {k for k in order[kept:] if _clearly_above(losses[k], bar)}
    return behind


def _kept(count: int, keep: float) -> int:
    return max(1, math.ceil(count * keep))


def _mean(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else math.inf


def _clearly_above(one: Sequence[float], bar: Sequence[float]) -> bool:
    if len(one) != len(bar) or len(one) < 2:
        return len(one) < len(bar)
    above = [a - b for a, b in zip(one, bar, strict=True)]
    error = statistics.stdev(above) / math.sqrt(len(above))
    return statistics.fmean(above) > ERRORS * error
