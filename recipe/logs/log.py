"""What was read of a log: curves by our names, and all that is to be said of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Curves = dict[str, list[float]]
Unit = Literal["epoch", "step", ""]
PointsAre = Literal["epochs", "steps", "evaluations"]
Kind = Literal["", "adversarial", "reinforcement", "summed"]
"""Of what training the log is, where its losses do not mean what they mean elsewhere."""


@dataclass(frozen=True)
class Choice:
    """Which columns a curve was read from."""

    columns: tuple[str, ...]
    """One, or those that were added up."""
    others: tuple[str, ...] = ()
    """What could have been taken as well."""
    rule: str = ""
    """Why these were taken; empty where there was no other, or the user named them."""


@dataclass(frozen=True)
class Ending:
    """A curve that ends before the log does."""

    last: float
    """Epoch or step of its last finite value."""
    of: float
    """Epoch or step of the last row of the log."""
    point: int
    """Place of the last finite value in the curve, from 0."""
    how: Literal["blank", "nan"]


@dataclass(frozen=True)
class Series:
    """One curve of the file, as `--list` shows it."""

    name: str
    points: int
    first: float
    last: float
    split: str = ""
    run: str = ""


@dataclass
class Log:
    """Curves by our names, one point per epoch (or see `points_are`), and what was done to read
    them.
    """

    curves: Curves
    notes: list[str] = field(default_factory=list)
    chosen: dict[str, Choice] = field(default_factory=dict)
    at: Curves = field(default_factory=dict)
    """Of each curve the epoch, step or row of its points."""
    end: float | None = None
    """The epoch, step or row up to which the log goes, whatever it holds there."""
    unit: Unit = ""
    """What `at` counts: epoch, step, or nothing that is known."""
    points_are: PointsAre = "epochs"
    """What a point is: an epoch, a stretch of steps, or all up to the next evaluation."""
    runs: tuple[str, ...] = ()
    """Names of the runs in the file, where there are several."""
    run: str = ""
    """The one that was read."""
    parts: dict[str, Curves] = field(default_factory=dict)
    """Losses that have no total: name -> its `train_loss` and `val_loss`, as long as each is."""
    ends: dict[str, Ending] = field(default_factory=dict)
    planned: float | None = None
    """Epoch or step where training was to end (as in `Epoch 3/10`), where the log says it."""
    kind: Kind = ""
    split_of: dict[str, str] = field(default_factory=dict)
    """Curve -> the file's own word for the split it was measured on, where it has one."""

    @property
    def rate_is_known(self) -> bool:
        """Whether the log says the learning rate."""
        return "lr" in self.curves

    @property
    def judged(self) -> dict[str, Curves]:
        """What rules are to look at, each by itself: "" for the curves of the whole, and the name
        of each part of a loss that has no total, with the score and rate beside it.
        """
        beside = {n: c for n, c in self.curves.items() if not n.endswith("loss")}
        whole = {} if self.parts and beside == self.curves else {"": self.curves}
        return whole | {name: {**beside, **part} for name, part in self.parts.items()}

    @property
    def said(self) -> str:
        """One line that says what was read: `train_loss = `loss`, unit: epoch, 40 points`."""
        of = [_said(curve, choice) for curve, choice in self.chosen.items()]
        if self.parts:
            of.append(f"losses by themselves: {', '.join(f'`{part}`' for part in self.parts)}")
        longest = max(map(len, (*self.curves.values(), *_all(self.parts))), default=0)
        return ", ".join(
            [*of, f"unit: {self.unit or 'row'}", f"{longest} point{'s' * (longest != 1)}"]
        )


def _all(parts: Mapping[str, Curves]) -> list[list[float]]:
    return [values for curves in parts.values() for values in curves.values()]


def _said(curve: str, choice: Choice) -> str:
    taken = " + ".join(f"`{name}`" for name in choice.columns)
    also = ", ".join(f"`{name}`" for name in choice.others[:OTHERS])
    more = len(choice.others) - OTHERS
    also += f" and {more} more" if more > 0 else ""
    brackets = "; ".join(filter(None, (choice.rule, f"also there: {also}" if also else "")))
    return f"{curve} = {taken}" + (f" ({brackets})" if brackets else "")


OTHERS = 3
"""Columns beside the chosen one that are named."""
