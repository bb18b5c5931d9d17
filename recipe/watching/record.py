"""What a watched training has shown so far, as curves with one point per validation."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import fmean

from recipe.core.evidence import Evidence, Scalar, finite
from recipe.logs.evidence import as_evidence
from recipe.training.early_stopping import KEPT_LOSSES, averaged_down
from recipe.watching.looks import Looks

FEWEST, MOST = 10, 50
"""Iterations of a point at least, where nobody says when an epoch ends, and points at most."""
MEANS = ("grad_norm", "update_ratio", "dead_units", "saturated_units")
STEADY = 0.5
"""Of the highest rate so far: below it, small updates are what the schedule wants."""


@dataclass
class Record:
    """Losses of all iterations, and one point of every curve per call of `val`."""

    losses: list[float] = field(default_factory=list)
    """Up to the first that is not finite."""
    curves: dict[str, list[float]] = field(default_factory=dict)
    at: dict[str, list[float]] = field(default_factory=dict)
    looks: Looks = field(default_factory=Looks)
    """Since the last point."""
    steady: list[float] = field(default_factory=list)
    """Ratios of update to weights at rates near the highest."""
    points: int = 0
    iterations: int = 0
    counted: list[int] = field(default_factory=lambda: [0, 0])
    """Iterations in which updates were counted, and these."""
    highest_lr: float = 0.0
    lr: float | None = None
    diverged: bool = False
    _before: int = 0
    """Losses of earlier points."""

    @property
    def updates(self) -> int:
        """Updates so far; several iterations are one where gradients are accumulated."""
        seen, updates = self.counted
        return round(self.iterations * updates / seen) if seen else 0

    def rate(self, lr: float) -> None:
        """The rate of an update."""
        self.lr = lr
        self.highest_lr = max(self.highest_lr, lr)

    def point(self, values: Mapping[str, float | None]) -> None:
        """End a point: with what was logged since the last one, and these values of the user's."""
        self.points += 1
        fresh = self.losses[self._before :]
        self._before = len(self.losses)
        figures: dict[str, float | None] = {
            "train_loss": fmean(fresh) if fresh else None,
            "lr": self.lr,
            **{name: self.looks.mean(name) for name in MEANS},
        }
        given = {name: value for name, value in values.items() if value is not None}
        for name, value in (figures | given).items():
            if value is not None:
                self.curves.setdefault(name, []).append(value)
                self.at.setdefault(name, []).append(float(self.points))
        self.looks.seen = self.looks.seen[-KEPT_LOOKS:]

    def last(self) -> dict[str, float | None]:
        """The values of the last point, and the iteration; None for what is not finite."""
        at = {name: finite(values[-1]) for name, values in self.curves.items()
              if self.at[name][-1] == self.points}  # fmt: skip
        return {"iteration": self.iterations, **at}

    def evidence(self, known: Mapping[str, Scalar], *, growing: bool) -> Evidence:
        """As the rules read it.

        Args:
            known: scalars about the run, by their names in evidence.
            growing: the training goes on.

        """
        curves, at = (self.curves, self.at) if self.points else self._by_iterations()
        if self.diverged and not any(math.isnan(v) for v in curves.get("train_loss", ())):
            curves = curves | {"train_loss": [*curves.get("train_loss", ()), math.nan]}
            at = at | {"train_loss": [*at.get("train_loss", ()), self.points + 1.0]}
        planned = known.get("best_planned_epochs") if growing and self.points else None
        made = as_evidence(
            curves, at=at, unit="epoch" if self.points else "step", growing=growing,
            planned=planned if isinstance(planned, int | float) else None,
        )  # fmt: skip
        more: dict[str, Scalar] = {
            "best_updates": self.updates or None,
            "dead_units": self.looks.least("dead_units"),
            "saturated_units": self.looks.least("saturated_units"),
            "declared_update_ratio": self._ratio(),
            **known,
        }
        whole = {**made.curves, "best_batch_loss": tuple(averaged_down(self.losses, KEPT_LOSSES))}
        return Evidence({**made.scalars, **{k: v for k, v in more.items() if v is not None}}, whole)

    def _ratio(self) -> float | None:
        return fmean(self.steady[-KEPT_LOOKS:]) if len(self.steady) >= KEPT_LOOKS else None

    def _by_iterations(self) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
        """Where no validation was told: stretches of iterations are points."""
        count = min(MOST, len(self.losses) // FEWEST)
        if count < 1:
            return {}, {}
        losses = averaged_down(self.losses, count)
        places = [round((i + 1) * len(self.losses) / len(losses)) for i in range(len(losses))]
        return {"train_loss": losses}, {"train_loss": [float(place) for place in places]}


KEPT_LOOKS = 10
"""Looks that go on counting behind a point, and that a ratio is the mean of."""
