"""What a rule found, and what its remedy brought (standard library only)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from recipe.core.evidence import finite, keep_finite
from recipe.core.json_fields import one_of, record
from recipe.core.leads import Lead

Severity = Literal["fail", "warn", "note"]
Status = Literal["pass", "warn", "fail", "skip", "error"]


OF_LOSS = ("val_loss", "val_relative_squared_error")
"""What is compared where there is no score; lower is better."""


@dataclass(frozen=True)
class RemedyOutcome:
    """A remedy and what retraining with it brought; `verified`, whether it is better, is None while
    untested.
    """

    name: str
    verified: bool | None = None
    metric: str | None = None
    before: float | None = None
    after: float | None = None
    applied: bool = False
    """Whether the run went on with it."""
    place: int | None = None
    """In the chain of repairs that the court made, each on top of those before it: the first is the
    one that brings most by itself. None outside of it."""
    rung: tuple[float | None, float | None] | None = None
    """The score of the chain without it and with it, on top of those before it; `before` and
    `after` are without and with it beside all others, where only that tells."""
    superseded_by: str | None = None
    """The rule whose repair left nothing for this one to bring."""
    undecided: str | None = None
    """Why it was not tried, and what a trial would cost."""
    gain: float | None = None
    """What it brought, on average over the seeds that were tried; of the share of the loss that was
    saved where there is no score."""
    error: float | None = None
    """One standard error of that gain."""
    items: int | None = None
    """Validation items that it was measured on."""
    seeds: int | None = None
    """From how many seeds both sides were trained."""

    def __post_init__(self) -> None:
        keep_finite(self, "before", "after", "gain", "error")
        if self.rung is not None:  # JSON gives a list
            object.__setattr__(self, "rung", (finite(self.rung[0]), finite(self.rung[1])))

    @property
    def lead(self) -> Lead | None:
        """What it brought, by the standard of every comparison; None while it is untested."""
        if self.verified is None or self.gain is None:
            return None
        unit = "of the loss saved" if self.metric in OF_LOSS else ""
        return Lead(self.gain, self.error, self.items, unit)


@dataclass(frozen=True)
class Finding:
    """One rule's verdict on one step's evidence."""

    rule: str
    severity: Severity
    message: str
    advice: str
    confidence: float = 1.0
    remedy: RemedyOutcome | None = None
    blocks: bool = False
    """The experiment cannot be used until this is fixed."""
    because: str | None = None
    """The rule whose finding explains this one."""
    ignored: str | None = None
    """The user's reason for ignoring it."""
    behind: str | None = None
    """The rule whose fault stopped the run and hid this one: it was found with that one
    repaired."""
    place: float | None = None
    """Where on a learning curve: an epoch or step; None where it is of no single place."""
    repaired: bool = False
    """It was repaired in this run; what was declared has it still."""

    @property
    def counts(self) -> bool:
        """Whether it bears on the status: neither ignored by the user nor a mere note."""
        return self.ignored is None and self.severity != "note"


def finding_from_json(data: Mapping[str, Any]) -> Finding:
    """Read back one finding."""
    readers = {
        "severity": one_of(Severity),
        "remedy": lambda remedy: record(RemedyOutcome, remedy) if remedy else None,
    }
    return record(Finding, data, readers)


def status_of(findings: Sequence[Finding]) -> Status:
    """The worst severity among the findings that count."""
    severities = {f.severity for f in findings if f.counts}
    if "fail" in severities:
        return "fail"
    return "warn" if "warn" in severities else "pass"
