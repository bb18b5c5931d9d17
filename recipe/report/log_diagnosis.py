"""What the rules say of a log: findings in the order in which they matter."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from recipe.core.findings import Finding
from recipe.logs.evidence import evidence_of, places_of
from recipe.logs.log import Curves, Log

ORDER = ("fail", "warn", "note")
NEEDED = {
    "train_loss": "whether it still improves, needs a decay, or is unstable",
    "val_loss": "overfitting",
    "val_score": "whether score and loss agree",
    "lr": "the schedule",
}


@dataclass(frozen=True)
class Part:
    """Curves that were judged by themselves, and what was found in them."""

    name: str
    """Of a part of the loss; empty for the whole."""
    curves: Curves
    at: Curves
    findings: tuple[Finding, ...]
    """The worst first; consequences of another one carry its name."""

    @property
    def causes(self) -> list[Finding]:
        """Without what another finding explains."""
        return [f for f in self.findings if f.because is None]


@dataclass(frozen=True)
class Diagnosed:
    """A log and what its rules found."""

    name: str
    log: Log
    parts: tuple[Part, ...]

    @property
    def findings(self) -> list[tuple[str, Finding]]:
        """Findings that nothing explains, each with the part of the loss that it is of."""
        return [(part.name, f) for part in self.parts for f in part.causes]

    @property
    def failed(self) -> bool:
        """Whether a fault was found."""
        return any(f.severity == "fail" for _, f in self.findings)

    @property
    def warned(self) -> bool:
        """Whether something counts."""
        return any(f.counts for _, f in self.findings)

    @property
    def unchecked(self) -> list[str]:
        """What could not be looked at, for want of a curve."""
        known = set(self.log.curves) | {name for part in self.parts for name in part.curves}
        return [f"{what} (no {curve})" for curve, what in NEEDED.items() if curve not in known]


def diagnosed(name: str, log: Log, *, growing: bool = False) -> Diagnosed:
    """Judge a log.

    Args:
        name: of the file, for people.
        log: what was read of it.
        growing: it is still being written: nothing is said that a later point may undo.

    """
    from recipe.plugin import registry
    from recipe.plugin.rules import judge

    steps = [p.step for p in registry.load() if getattr(p.step, "reads_logs", False)]
    lasting = {rule.name for step in steps for rule in step.rules if rule.lasting}
    parts = []
    for part, evidence in evidence_of(log, growing=growing).items():
        found = [f for step in steps for f in judge(step.rules, evidence)]
        if growing:
            found = [f for f in found if f.rule in lasting and f.counts]
        curves = log.judged[part]
        parts.append(Part(part, curves, _places(log, part, curves), _ordered(found, part)))
    return Diagnosed(name, log, tuple(parts))


def _ordered(found: Sequence[Finding], part: str) -> tuple[Finding, ...]:
    """By severity, as the rules stand within it; those of a part of the loss name it."""
    if part:
        found = [replace(f, message=f"{part}: {f.message}") for f in found]
    return tuple(sorted(found, key=lambda f: ORDER.index(f.severity)))


def _places(log: Log, part: str, curves: Curves) -> Curves:
    """The place of every point: as the log says, or counted."""
    return {
        name: places_of(log, part, name) or [float(k) for k in range(1, len(values) + 1)]
        for name, values in curves.items()
    }
