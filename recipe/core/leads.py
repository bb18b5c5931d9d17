"""The one standard by which two scores are compared: better, worse, or too close to call."""

import math
from dataclasses import dataclass
from typing import Literal

ERRORS = 1.96
"""Standard errors on either side of a gain: its 95 % interval."""

Verdict = Literal["better", "worse", "too close to call"]


@dataclass(frozen=True)
class Lead:
    """By how much one score leads another on the same items.

    Attributes:
        gain: the difference of the scores, in the unit that is averaged; plus or minus infinity
            where one side has no score.
        error: one standard error of that difference; None where nobody knows it.
        items: that both were scored on; None where nobody knows.
        unit: of the gain, where it is not the score's own.

    """

    gain: float
    error: float | None
    items: int | None = None
    unit: str = ""

    @property
    def low(self) -> float:
        """The lower end of the 95 % interval; minus infinity where the error is not known."""
        return self.gain - ERRORS * self.error if self.error is not None else -math.inf

    @property
    def high(self) -> float:
        """The upper end."""
        return self.gain + ERRORS * self.error if self.error is not None else math.inf

    @property
    def verdict(self) -> Verdict:
        """Better or worse where the interval excludes no difference at all."""
        if math.isinf(self.gain):
            return "better" if self.gain > 0 else "worse"
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "too close to call"

    @property
    def better(self) -> bool:
        """Whether it is."""
        return self.verdict == "better"

    def __str__(self) -> str:
        """For people: "better (+0.05, 95 % interval +0.01 to +0.09, 80 items)"."""
        if math.isinf(self.gain):
            there = "there is no score without it" if self.gain > 0 else "it leaves no score"
            return f"{self.verdict} ({there})"
        on = "" if self.items is None else f"{self.items} item{'' if self.items == 1 else 's'}"
        if self.error is None:
            return (
                f"{self.gain:+.2g}{f' on {on}' if on else ''}, and how sure that is, is not known"
            )
        unit, precise = f" {self.unit}" if self.unit else "", self._precision
        ends = f"95 % interval {signed(self.low, precise)} to {signed(self.high, precise)}"
        parts = [f"{signed(self.gain, precise)}{unit}", ends]
        if self.verdict == "too close to call":
            return f"too close to call{f' on {on}' if on else ''} ({', '.join(parts)})"
        return f"{self.verdict} ({', '.join([*parts, on] if on else parts)})"

    @property
    def _precision(self) -> float:
        """Half the interval; where it excludes zero and yet would be written as ending there, what
        lies between.
        """
        half, near = ERRORS * (self.error or 0.0), min(abs(self.low), abs(self.high))
        written = float(signed(near, half))
        return half if self.verdict == "too close to call" or written or not near else near


def signed(value: float, precision: float) -> str:
    """A difference with its sign, to the digits that an uncertainty of `precision` leaves: two of
    it where the first is a 1 or a 2, else one.
    """
    if not math.isfinite(precision) or precision <= 0:
        return f"{value:+.3g}"
    place = math.floor(math.log10(precision))
    leading = precision / 10.0**place
    digits = max(0, -place + (1 if leading < 3 else 0))
    return f"{value:+.{digits}f}"
