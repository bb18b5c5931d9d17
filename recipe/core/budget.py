"""What a run may spend, and what it has spent."""

import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

LONGEST = 366 * 24 * 3600
"""Seconds; clocks of threads know no times without end."""
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_WORDS = {
    "s": ("s", "sec", "secs", "second", "seconds"), "h": ("h", "hr", "hrs", "hour", "hours"),
    "m": ("m", "min", "mins", "minute", "minutes"), "epochs": ("epoch", "epochs"),
}  # fmt: skip
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)\s*")


@dataclass(frozen=True)
class Budget:
    """A limit on the run: seconds of wall time or epochs of training."""

    amount: float
    unit: Literal["seconds", "epochs"]

    def __str__(self) -> str:
        """As the user writes it."""
        if self.unit == "epochs":
            return f"{_plain(self.amount)}epochs"
        exact = [(n, u) for u, n in _SECONDS.items() if self.amount % n == 0]
        size, letter = max(exact, default=(1, "s"))
        return f"{_plain(self.amount / size)}{letter}"


def _plain(number: float) -> str:
    """All digits and no exponent, so that it parses back to the same number."""
    return format(Decimal(repr(number)).normalize(), "f")


def parse_budget(value: Any) -> Budget:
    """`15m`, `90s`, `2h`, `1h30m`, `10 minutes` or `40epochs`; ValueError otherwise."""
    if isinstance(value, Budget):
        return value
    text = str(value).strip().lower().replace(",", " ").replace(" and ", " ")
    parts = [(float(amount), unit) for amount, unit in _PART.findall(text)]
    units = [_unit(unit) for _, unit in parts]
    whole = _PART.sub("", text).strip() == "" and bool(parts) and None not in units
    if not whole or len(set(units)) < len(units) or not sum(amount for amount, _ in parts) > 0:
        raise ValueError(f"{value!r} is no budget: write 90s, 15m, 2h, 10 minutes or 40epochs")
    if "epochs" in units:
        if len(units) > 1:
            raise ValueError(f"{value!r} is no budget: give epochs or a time, not both")
        return Budget(parts[0][0], "epochs")
    seconds = sum(
        amount * _SECONDS[str(unit)] for (amount, _), unit in zip(parts, units, strict=True)
    )
    if seconds > LONGEST:
        raise ValueError(f"{value!r} is more than a year; leave the budget out for no limit")
    if seconds < 1:
        raise ValueError(f"{value!r} is less than a second")
    return Budget(seconds, "seconds")


def _unit(word: str) -> str | None:
    """`s`, `m`, `h` or `epochs`, however it is written out; None for another word."""
    return next((unit for unit, words in _WORDS.items() if word in words), None)


def parse_verify_budget(value: Any) -> Budget | Literal["off"]:
    """A budget, or `off`."""
    return "off" if value == "off" else parse_budget(value)


def parse_call_limit(value: Any) -> Budget | Literal["off"]:
    """`10m`, or `off`; ValueError otherwise."""
    if value == "off":
        return "off"
    budget = parse_budget(value)
    if budget.unit != "seconds":
        raise ValueError(f"{value!r} is no time: write 90s, 10m, 2h or off")
    return budget


@dataclass(frozen=True)
class LeftOut:
    """Something that a run did not do, or did not finish, for want of budget."""

    what: str
    """A step, or a part of one."""
    why: str
    """In a few words."""


REPORT_SHARE, MOST_FOR_REPORT = 0.15, 6.0
"""Of a budget of time, and seconds, that are kept for plots and report: those of digits take two
seconds on an idle machine. Plots that do not fit are left out."""
GRAIN = 2.0**-24
"""Parts of an epoch are booked in multiples of this. Their sums are exact, so a run that was
resumed has spent to the last digit what it would have without: parts then add up in other order."""


@dataclass
class Meter:
    """Counts epochs and seconds against a budget; no budget never runs out."""

    budget: Budget | None = None
    epochs: float = 0.0
    started: float = field(default_factory=time.monotonic)
    _mark: tuple[float, float] | None = None
    """Epochs and seconds when trainings began."""
    kept: float = 0.0
    """Seconds of the budget that are kept for what comes later."""
    proofs: float = 0.0
    """Seconds that went into trying repairs."""
    _proving: bool = False
    left_out: list[LeftOut] = field(default_factory=list)
    """What was not done for want of budget."""

    def spend(self, epochs: float) -> None:
        """Book epochs, or parts of one."""
        self.epochs += round(epochs / GRAIN) * GRAIN

    def mark(self) -> None:
        """From here on, time is spent on training."""
        self._mark = self.epochs, self.seconds

    @property
    def pace(self) -> float | None:
        """Seconds an epoch has taken since the mark, all that comes with it included; None before
        the first one is done.
        """
        if self._mark is None or self.epochs - self._mark[0] < 1:
            return None
        return (self.seconds - self._mark[1]) / (self.epochs - self._mark[0])

    @property
    def seconds(self) -> float:
        """Wall time since the run started."""
        return time.monotonic() - self.started

    @property
    def left(self) -> float | None:
        """What is left in the budget's own unit, without what is kept; None without a budget."""
        if self.budget is None:
            return None
        if self.budget.unit == "epochs":
            return max(0.0, self.budget.amount - self.epochs)
        return max(0.0, self.budget.amount - self.kept - self.seconds)

    @property
    def limits_time(self) -> bool:
        """Whether the budget is one of time."""
        return self.budget is not None and self.budget.unit == "seconds"

    @property
    def end(self) -> float | None:
        """When, by `time.monotonic`, a budget of time is used up; None without one."""
        if self.budget is None or self.budget.unit != "seconds":
            return None
        return self.started + self.budget.amount

    @property
    def deadline(self) -> float | None:
        """The same, less what is kept for later."""
        return None if self.end is None else self.end - self.kept

    @contextmanager
    def keeping(self, share: float, most: float = math.inf) -> Iterator[None]:
        """Work inside leaves this share of a budget of time to what comes after it, and no more
        than `most` seconds.
        """
        before = self.kept
        if self.budget is not None and self.limits_time:
            self.kept += min(most, share * self.budget.amount)
        try:
            yield
        finally:
            self.kept = before

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Time inside does not count: somebody thinks about an answer."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.started += time.monotonic() - began

    @contextmanager
    def proving(self) -> Iterator[None]:
        """Time inside goes into trying repairs; what is nested counts once."""
        if self._proving:
            yield
            return
        self._proving, began = True, time.monotonic()
        try:
            yield
        finally:
            self._proving = False
            self.proofs += time.monotonic() - began

    def keep_for_report(self) -> None:
        """From here on, the time that plots and report take is not spent on anything else."""
        if self.budget is not None and self.limits_time:
            self.kept += min(REPORT_SHARE * self.budget.amount, MOST_FOR_REPORT)

    def leave_out(self, what: str, why: str = "") -> None:
        """Note what is not done; the same thing once."""
        said = LeftOut(what, why or f"{self.budget} were used up")
        if said not in self.left_out:
            self.left_out.append(said)

    def out_of_time(self) -> bool:
        """Whether a budget of time is used up; one of epochs is booked when a training has ended,
        and never runs out within it.
        """
        return self.limits_time and self.spent

    @property
    def spent(self) -> bool:
        """Whether nothing is left."""
        return self.left == 0.0
