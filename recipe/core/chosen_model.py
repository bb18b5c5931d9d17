"""The model that a run ends with: which trainings it is made of, and how good it is (standard
library only).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from recipe.core.json_fields import each, record

ChosenKind = Literal["single", "averaged", "snapshots", "ensemble"]
KINDS: tuple[str, ...] = get_args(ChosenKind)


@dataclass(frozen=True)
class Member:
    """One set of weights."""

    params: Mapping[str, Any]
    """Hyperparameters of its training."""
    weights: str
    """A safetensors file, as a path from the run folder."""
    origin: str = ""
    """In words: "trial 3", "seed 2, averaged"."""


@dataclass(frozen=True)
class FinalScore:
    """The score on the test data, which are looked at once."""

    score: float | None
    low: float | None = None
    high: float | None = None
    """The interval of 95 % confidence."""
    items: int = 0
    loss: float | None = None
    how: str = ""
    """Of the interval: `wilson` or `bootstrap`."""


@dataclass(frozen=True)
class Chosen:
    """The model to use: `recipe.load` gives it."""

    kind: ChosenKind = "single"
    members: tuple[Member, ...] = ()
    val_score: float | None = None
    val_loss: float | None = None
    test: FinalScore | None = None


def chosen_from_json(data: Mapping[str, Any] | None) -> Chosen | None:
    """Read it back.

    Raises:
        ValueError: a kind there is not.

    """
    if not data:
        return None
    if data["kind"] not in KINDS:
        raise ValueError(f"{data['kind']!r} is none of {', '.join(KINDS)}")
    readers: dict[str, Callable[[Any], Any]] = {
        "members": each(lambda member: record(Member, member)),
        "test": lambda test: record(FinalScore, test) if test else None,
    }
    return record(Chosen, data, readers)
