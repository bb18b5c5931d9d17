"""What a source of data gives an experiment."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from recipe.core.column_facts import ColumnFacts
from recipe.sources.readers import Reader

Kind = Literal["images", "table", "text", "texts", "segmentation", "detection"]
"""`texts` are short ones with a label, in a table."""
TEXTS = (".txt", ".md")
"""Endings of files that are texts."""
Scale = tuple[float, float] | tuple[tuple[float, ...], tuple[float, ...]]
"""Mean and deviation of an amount, or of each of several."""


@dataclass(frozen=True)
class Source:
    """Data that was found by name, with what a model has to know about it."""

    name: str
    kind: Kind
    task: str
    train: Any
    """A pair of tensors or a Dataset, as `Experiment` takes them."""
    val: Any
    """The same, or the share of `train` to hold out."""
    test: Any
    shape: tuple[int, ...]
    """Of one input: [channels, height, width], [columns], or [tokens]."""
    outputs: int
    """How many numbers a model returns for an item: one per class, 1 for yes or no and for a
    number."""
    classes: tuple[str, ...] = ()
    """Names of the classes in the order of their numbers; of a text, its alphabet."""
    augment: Callable[[Tensor], Tensor] | None = None
    reader: Reader | None = None
    """How other files become inputs."""
    scale: Scale | None = None
    """Mean and deviation of amounts that are predicted, where they were scaled."""
    notes: tuple[str, ...] = ()
    """What was guessed, filled in or left out, in sentences for the user."""
    columns: tuple[ColumnFacts, ...] = ()
    """Of a table: what each column is, and how it is used."""
