"""What a hyperparameter may be: a range of numbers, a list of values, or either on a condition."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recipe.core.errors import UsageError
from recipe.core.evidence import Scalar


def rounded(value: float) -> float:
    """Three significant digits: a rate one can say aloud."""
    return float(f"{value:.3g}")


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included.

    Attributes:
        low: the least value.
        high: the largest.
        log: evenly spread in the logarithm; both ends are then above zero.
        whole: whole numbers only.

    Raises:
        UsageError: the ends are no numbers, equal or the wrong way round, or not above zero.

    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        ends = (self.low, self.high)
        numbers = all(isinstance(e, int | float) and not isinstance(e, bool) for e in ends)
        if not numbers or not all(map(math.isfinite, ends)) or self.low >= self.high:
            raise UsageError(f"A range from {self.low!r} to {self.high!r}: two numbers, low first.")
        if self.log and self.low <= 0:
            raise UsageError(f"A logarithmic range from {self.low!r}: begin above zero.")
        if self.whole and not all(isinstance(e, int) for e in ends):
            raise UsageError(
                f"A range of whole numbers from {self.low!r} to {self.high!r}: give two."
            )

    def at(self, unit: float) -> float:
        """The value at a share of the way, from 0 to 1."""
        # Each whole number has the same share of the way.
        low, high = (self.low - 0.5, self.high + 0.5) if self.whole else (self.low, self.high)
        value = low * (high / low) ** unit if self.log else low + (high - low) * unit
        if self.whole:
            return int(min(self.high, max(self.low, math.floor(value + 0.5))))
        return min(self.high, max(self.low, rounded(value)))


@dataclass(frozen=True)
class When:
    """Values that a parameter has only where another one, `name`, has one of these.

    Attributes:
        name: of the other parameter.
        values: of that one.
        then: what this parameter may be.

    """

    name: str
    values: tuple[Scalar, ...]
    then: "Range | Sequence[Scalar]"

    def holds(self, params: Mapping[str, Scalar]) -> bool:
        """Whether the condition does."""
        return self.name in params and params[self.name] in self.values


@dataclass(frozen=True)
class Scientific:
    """Values whose effect is the question: for each of them all else that is searched is tuned
    anew, the learning rate first (Google's tuning playbook, "scientific" against "nuisance").

    Attributes:
        values: to compare.

    """

    values: tuple[Scalar, ...]


Axis = Range | When | Scientific | Sequence[Scalar]
"""What a parameter may be."""


def plain(axis: Axis) -> Range | Sequence[Scalar]:
    """What it may be, whatever it depends on."""
    if isinstance(axis, Scientific):
        return axis.values
    return axis.then if isinstance(axis, When) else axis


def uniform(low: float, high: float) -> Range:
    """Any number from `low` to `high`; see `Range`."""
    return Range(low, high)


def log_uniform(low: float, high: float) -> Range:
    """Any number from `low` to `high`, evenly spread in the logarithm; see `Range`."""
    return Range(low, high, log=True)


def integers(low: int, high: int, *, log: bool = False) -> Range:
    """Whole numbers from `low` to `high`; see `Range`."""
    return Range(low, high, log=log, whole=True)


def when(name: str, values: "Scalar | Sequence[Scalar]", then: "Range | Sequence[Scalar]") -> When:
    """A parameter that exists only where `name` has one of the values, such as
    `space={"norm": ["batch", "group"], "groups": when("norm", "group", [2, 4, 8])}`.
    """
    several = isinstance(values, Sequence) and not isinstance(values, str)
    return When(name, tuple(values) if several else (values,), then)  # type: ignore[arg-type]


def scientific(values: Sequence[Scalar]) -> Scientific:
    """Values to compare, all else tuned anew for each: `space={"dropout": recipe.scientific([0.0,
    0.2, 0.5])}` says which dropout is best, each at its own learning rate and weight decay.

    Raises:
        UsageError: fewer than two values, or some that are the same.

    """
    listed = isinstance(values, Sequence) and not isinstance(values, str)
    if not listed or len(set(values)) != len(values) or len(values) < 2:
        raise UsageError(f"recipe.scientific({values!r}): pass two or more values that differ.")
    return Scientific(tuple(values))


def check(space: Mapping[str, Axis]) -> None:
    """Complain about what cannot be searched.

    Raises:
        UsageError: values that are no list and no range, or a condition on a parameter that is not
            searched, comes later, or never has one of the values.

    """
    earlier: dict[str, Axis] = {}
    for name, axis in space.items():
        values = plain(axis)
        listed = isinstance(values, Sequence) and not isinstance(values, str) and len(values) > 0
        if not isinstance(values, Range) and not listed:
            raise UsageError(
                f"Experiment(space={{{name!r}: {values!r}}}): pass a list of values to try, or a "
                "range such as recipe.uniform(0.0, 0.5)."
            )
        if isinstance(axis, When):
            _check_condition(name, axis, earlier)
        earlier[name] = axis


def _check_condition(name: str, axis: When, earlier: Mapping[str, Axis]) -> None:
    other = earlier.get(axis.name)
    if other is None:
        raise UsageError(
            f"Experiment(space={{{name!r}: when({axis.name!r}, ...)}}): put {axis.name!r} into the "
            f"space, before {name!r}."
        )
    known = plain(other)
    if not isinstance(known, Range) and not set(axis.values) & set(known):
        raise UsageError(
            f"Experiment(space={{{name!r}: when({axis.name!r}, {list(axis.values)!r}, ...)}}): "
            f"{axis.name!r} is never one of these, but one of {list(known)!r}."
        )


def active_params(params: Mapping[str, Scalar], space: Mapping[str, Axis]) -> dict[str, Scalar]:
    """The parameters without those whose condition does not hold."""
    kept: dict[str, Scalar] = {}
    for name, value in params.items():
        axis = space.get(name)
        if not isinstance(axis, When) or axis.holds(kept):
            kept[name] = value
    return kept
