"""One run's curves as the rules read them."""

from collections.abc import Callable
from dataclasses import dataclass

from recipe.results import Evidence, Finding, Severity
from recipe.rules import finding
from recipe_steps.learning_curves.shapes import known

LEARNT = 0.995
"""Training score from which there is nothing left to learn."""
DECAYED = 0.1
"""A rate below a tenth of its peak has decayed: what improves then is the decay's own gain."""


@dataclass(frozen=True)
class Run:
    """One run's curves, cut at the first missing point."""

    label: str
    status: str
    schedule: str
    warmup: float
    regularised: bool
    chance: float
    start: float | None
    """Loss of the best constant prediction on the validation data; None when unknown."""
    items: float
    """Validation items; 0 when unknown."""
    updates: float
    """Of the whole run; 0 when unknown."""
    decay: float
    """Weight decay."""
    optimizer: str
    train_loss: list[float]
    val_loss: list[float]
    train_score: list[float]
    val_score: list[float]
    lr: list[float]
    batch_loss: list[float]

    @property
    def decayed(self) -> bool:
        """Whether the rate ended far below its peak."""
        return bool(self.lr) and self.lr[-1] <= DECAYED * max(self.lr)

    @property
    def learnt(self) -> bool:
        """Whether the training data is learnt by heart."""
        return bool(self.train_score) and max(self.train_score[-2:]) >= LEARNT


LABELS = {"best": "In the best run", "baseline": "In the baseline"}


def runs(evidence: Evidence) -> list[Run]:
    """The runs that the evidence holds, the best first."""
    found = []
    for name, label in LABELS.items():
        status = evidence.text(f"{name}_status")
        if status is None:
            continue
        curves = {c: known(evidence.curve(f"{name}_{c}")) for c in (
            "train_loss", "val_loss", "train_score", "val_score", "lr", "batch_loss")}  # fmt: skip
        found.append(
            Run(
                evidence.text(f"{name}_label") or label,
                status,
                evidence.text(f"{name}_schedule") or "",
                evidence.number(f"{name}_warmup") or 0.0,
                evidence.flag(f"{name}_regularised"),
                evidence.number(f"{name}_chance") or 0.0,
                evidence.number(f"{name}_start"),
                evidence.number(f"{name}_items") or 0.0,
                evidence.number(f"{name}_updates") or 0.0,
                evidence.number(f"{name}_weight_decay") or 0.0,
                evidence.text(f"{name}_optimizer") or "",
                **curves,
            )
        )
    return found


def about(
    evidence: Evidence,
    test: Callable[[Run], str | None],
    severity: Severity,
    advice: str,
    *,
    confidence: float = 1.0,
) -> Finding | None:
    """A finding of what a test says of each run it applies to, in one sentence each."""
    said = [f"{run.label} {text}." for run in runs(evidence) if (text := test(run))]
    return finding(severity, " ".join(said), advice, confidence) if said else None
