"""What a worker is told to load, as text: it builds the experiment itself, and what it builds has
to be what the run trains.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch

from recipe.core.json_fields import record
from recipe.core.version import VERSION
from recipe.data.datasets import Splits
from recipe.experiment import SEARCHABLE, Experiment
from recipe.training.fingerprint import identity

PLAIN_KINDS = (str, int, float, bool, type(None))
TRUE_OF = {
    "data": (
        "reads other data than this process: see that it finds the same files, and seed whatever "
        "is random in them"
    ),
    "model": (
        "builds another model than this process: see that it finds the same code, and that the "
        "factory gives the same model at every call"
    ),
    "settings": "comes to other settings than this process: see that it finds the same code",
    "torch": "has another PyTorch than this process: install the same version on both",
    "recipe": "has another version of recipe than this process: install the same one on both",
    "experiment": (
        "loads another experiment than this process: see that it finds the same code and data"
    ),
}
"""What is said where a worker has built something else, by the part that differs."""


@dataclass(frozen=True)
class Repair:
    """A remedy that the run applied, by names, and what it was applied to."""

    rule: str
    remedy: str
    step: dict[str, Any]
    """The step's result, as the journal has it."""


@dataclass(frozen=True)
class Order:
    """All that a worker needs to build the experiment of a run."""

    target: str | None
    named: dict[str, Any]
    """Options that name data and model, where there is no target."""
    epochs: int | None
    seed: int
    call_limit: str | None
    exact: bool
    fingerprint: str
    """Of the declared experiment and its data."""
    settings: dict[str, Any]
    """Hyperparameters of the experiment as the run has made it ready."""
    identity: dict[str, str]
    """Of that experiment, part by part."""
    versions: dict[str, str]
    repairs: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def order_from_json(values: dict[str, Any]) -> Order:
    """Read an order back."""
    return record(Order, values)


def order_for(
    experiment: Experiment, data: Splits, repairs: Sequence[Repair], **declared: Any
) -> Order:
    """The order for an experiment that is ready to be trained.

    Args:
        experiment: with its task and outputs found out, and repaired where the run was.
        data: what it trains on.
        repairs: how it came to be what it is.
        declared: the other fields of an `Order`.

    """
    return Order(
        settings=settings_of(experiment),
        identity=identity(experiment, data, declared["seed"]),
        versions=versions(),
        repairs=[asdict(each) for each in repairs],
        **declared,
    )


def settings_of(experiment: Experiment) -> dict[str, Any]:
    """The hyperparameters that are plain values: a function is what the code says."""
    values = {name: getattr(experiment, name) for name in (*SEARCHABLE, "accumulate")}
    return {name: value for name, value in values.items() if isinstance(value, PLAIN_KINDS)}


def versions() -> dict[str, str]:
    """Of what decides about numbers."""
    return {"torch": torch.__version__, "recipe": VERSION}


def difference(wanted: dict[str, str], found: dict[str, str]) -> str | None:
    """What is said of the first part that differs; None where none does."""
    return next((TRUE_OF[part] for part in wanted if wanted[part] != found.get(part)), None)
