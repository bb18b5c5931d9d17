"""What a training has shown so far: its curves, its best epoch, and whether it is to go on."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from torch import Tensor

from recipe.core.evidence import finite
from recipe.core.trials import TrialStatus
from recipe.training.epoch import AVERAGED, Epoch

PATIENCE_SHARE = 0.5
"""Share of the planned epochs without a better loss or score after which a fit stops."""
LEAST_PATIENCE = 5
KEPT_LOSSES = 100
"""Points to which the batch losses of a whole fit are averaged down."""
Snapshot = dict[str, Tensor]


def patience_for(epochs: int) -> int:
    """Epochs to wait: generous, since a decaying rate improves most at the end."""
    return max(LEAST_PATIENCE, math.ceil(epochs * PATIENCE_SHARE))


@dataclass
class TrainingRecord:
    """What a training has shown so far, and whether it goes on; keeps the best epoch's weights."""

    planned: int
    patience: int | None = None
    curves: dict[str, list[float | None]] = field(default_factory=dict)
    status: TrialStatus | None = None
    """None while it can go on."""
    reason: str | None = None
    best_epoch: int | None = None
    best_score: float | None = None
    best_loss: float | None = None
    weights: Callable[[], Snapshot] = dict
    """Gives the best epoch's weights on the CPU; nothing when no epoch was."""
    seconds: float = 0.0
    done: int = 0
    """Whole epochs."""
    part: float = 0.0
    """Share of one more epoch that is trained, while that pauses."""
    losses: list[float] = field(default_factory=list)
    unfinished: list[float] = field(default_factory=list)
    """Batch losses of the epoch that pauses."""
    lowest_loss: float = math.inf
    last_gain: int = 0

    def stop(self, status: TrialStatus, reason: str) -> None:
        """End it here."""
        self.status, self.reason = status, reason

    def score_at(self, epoch: int) -> float | None:
        """See `score_at`."""
        return score_at(self.curves, epoch)

    @property
    def trained(self) -> float:
        """Epochs, the part of an unfinished one included."""
        return self.done + self.part

    def record(self, epoch: Epoch) -> bool:
        """Take in an epoch; True when it is the best so far, and its weights are to be kept."""
        if epoch.part < 1:
            self.part, self.unfinished = epoch.part, list(epoch.losses)
            return False
        self.part, self.unfinished = 0.0, []
        for name in epoch.figures.keys() | self.curves.keys():
            values = self.curves.setdefault(name, [None] * self.done)
            values.append(finite(epoch.figures.get(name)))
        self.done += 1
        self.losses += epoch.losses
        if epoch.diverged:
            at = f"epoch {epoch.number + 1}, iteration {len(epoch.losses) + 1}"
            self.stop("diverged", f"the loss was not finite in {at}")
            return False
        score, loss = finite(epoch.figures["val_score"]), finite(epoch.figures["val_loss"])
        improved = loss is not None and loss < self.lowest_loss
        if improved and loss is not None:
            self.lowest_loss = loss
        best = is_better(score, loss, self.best_score, self.best_loss)
        if best:
            self.best_epoch, self.best_score, self.best_loss = epoch.number, score, loss
        if improved or best:
            self.last_gain = epoch.number
        elif self.patience is not None and epoch.number - self.last_gain >= self.patience:
            self.stop("finished", f"no gain in validation for {self.patience} epochs")
        if self.status is None and self.done >= self.planned:
            self.status = "finished"
        return best

    @property
    def train_loss(self) -> float | None:
        """Mean over the last whole epoch; None before."""
        return next(reversed(self.curves.get("train_loss", [])), None)

    def batch_losses(self) -> list[float]:
        """Batch losses of the whole fit, averaged down to at most KEPT_LOSSES points."""
        return averaged_down(self.losses + self.unfinished, KEPT_LOSSES)


def out_of_budget(epochs: float) -> str:
    """Why a training ended after so many epochs."""
    return f"the budget was used up after {round(epochs, 2):g} epochs"


def rank(score: float | None, loss: float | None) -> tuple[float, float]:
    """What orders results: the higher score, then the lower loss."""
    return (-math.inf if score is None else score, -math.inf if loss is None else -loss)


def is_better(
    score: float | None, loss: float | None, best_score: float | None, best_loss: float | None
) -> bool:
    """Whether (score, loss) beats the best so far; a missing value never beats a number."""
    return rank(score, loss) > rank(best_score, best_loss)


def score_at(curves: Mapping[str, Sequence[float | None]], epoch: int) -> float | None:
    """What a trial is compared by after so many epochs: the best score so far, or that of the
    averaged weights where it is better; None when there is none.
    """
    scores = [*curves.get("val_score", ())[:epoch], *curves.get(AVERAGED, ())[epoch - 1 : epoch]]
    return max((score for score in scores if score is not None), default=None)


def averaged_down(values: list[float], points: int) -> list[float]:
    """Means of consecutive stretches, at most `points` of them."""
    if len(values) <= points:
        return list(values)
    edges = [round(i * len(values) / points) for i in range(points + 1)]
    return [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
