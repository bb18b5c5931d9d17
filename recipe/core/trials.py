"""A training run of the search, and the best of them (standard library only)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from recipe.core.evidence import Curve, Scalar, curve, keep_finite
from recipe.core.json_fields import one_of, record

TrialStatus = Literal["finished", "stopped", "diverged", "failed"]


@dataclass(frozen=True)
class Trial:
    """One training run of the search, a line in the laboratory notebook."""

    key: str
    step: str
    round: int
    number: int
    params: Mapping[str, Scalar]
    seed: int
    status: TrialStatus
    epochs: int
    """Whole epochs that were trained."""
    planned_epochs: int
    seconds: float
    metric: str = "val_score"
    val_score: float | None = None
    """Score of the best epoch, the one whose weights are kept."""
    val_loss: float | None = None
    best_epoch: int | None = None
    """Zero-based epoch of the snapshot."""
    reason: str | None = None
    """Why it ended early or failed."""
    curves: Mapping[str, Curve] = field(default_factory=dict)
    part: float = 0.0
    """Share of one more epoch, of a trial that was stopped in the middle of it."""
    rung: float | None = None
    """Epochs after which it was compared with others; the curve `rung_loss` says how it stood."""
    repeats: str | None = None
    """Key of the trial whose setting this one trained from another seed; it is never the best."""
    set_aside: bool = False
    """Its score was the best, but not for certain: it is not the best of the run."""

    def __post_init__(self) -> None:
        curves = {name: curve(values) for name, values in self.curves.items()}
        object.__setattr__(self, "curves", curves)
        keep_finite(self, "val_score", "val_loss")

    @property
    def trained(self) -> float:
        """Epochs that were trained, the part of an unfinished one included."""
        return self.epochs + self.part


@dataclass(frozen=True)
class Best:
    """The chosen trial, or the baseline: parameters and the score of the kept epoch."""

    params: Mapping[str, Scalar]
    val_score: float | None
    val_loss: float | None = None
    epoch: int | None = None
    checkpoint: str | None = None

    def __post_init__(self) -> None:
        keep_finite(self, "val_score", "val_loss")


def trial_from_json(data: Mapping[str, Any]) -> Trial:
    """Read back one trial."""
    return record(Trial, data, {"status": one_of(TrialStatus)})


def best_from_json(data: Mapping[str, Any] | None) -> Best | None:
    """Read back the best setting, where there is one."""
    return record(Best, data) if data else None
