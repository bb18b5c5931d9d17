"""Labels that are words: the classes that they name, and the number of each."""

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from recipe.core.errors import UsageError
from recipe.tasks import Task

Meaning = Literal["classes", "yes or no", "several", "numbers"]
"""What words stand for: one class of an item, one of two answers, any number of labels of an item,
or numbers that were written as text."""
FREE_TEXT, FEW = 0.5, 20
"""Share of items whose label no other has, and of how many items at least, from which words are
text and no labels."""
TOLD = 8
"""Classes that are named in a message."""


@dataclass(frozen=True)
class WordLabels:
    """How words become numbers.

    Attributes:
        names: of the classes, in the order of their numbers.
        meaning: of a word.
        declared: whether the user named the classes: no others are taken.

    """

    names: tuple[str, ...] = ()
    meaning: Meaning = "classes"
    declared: bool = False

    def encoded(self, value: Any, where: str) -> Any:
        """A target with numbers in place of its words; anything else as it is. The words of an
        item that may have several become zeros and ones, one for each class.

        Raises:
            UsageError: a word is no class, or no number where numbers are wanted.

        """
        if self.meaning == "several" and _empty(value):
            return torch.zeros(len(self.names))
        words = words_of(value)
        if words is None:
            return value
        numbers = [self._number(word, where) for word in words]
        if self.meaning == "several":
            return torch.zeros(len(self.names)).index_fill_(0, torch.tensor(numbers), 1.0)
        if isinstance(value, str | bytes):
            return numbers[0]
        return torch.tensor(numbers).reshape(getattr(value, "shape", (-1,)))

    def of_items(self, values: Any, where: str) -> Tensor:
        """The targets [n, ...] of all items, from an array of words."""
        if self.meaning == "several":
            return torch.stack([self.encoded(each, where) for each in values])
        encoded: Tensor = self.encoded(values, where)
        return encoded

    def _number(self, word: str, where: str) -> float:
        if self.meaning == "numbers":
            with suppress(ValueError):
                return float(word)
            raise UsageError(
                f"{where} has the target {word!r}, which is text where a number is wanted: give a "
                'number for each item, or pass task="classification" if these are classes.'
            )
        if word not in self.names:
            raise UsageError(
                f"{where} has the label {word!r}, which is none of the {len(self.names)} classes "
                f"({_told(map(repr, self.names))}): name it in Experiment(classes=[...]), or leave "
                "the item out."
            )
        return self.names.index(word)

    def joined(self, others: Iterable[str]) -> "WordLabels":
        """With the classes of other data behind those that are known."""
        return replace(self, names=(*self.names, *in_order(set(others) - set(self.names))))

    @property
    def said(self) -> str:
        """Which class has which number, in words."""
        if self.meaning == "numbers":
            return "targets are numbers written as text; they are read as numbers."
        pairs = [f"{name} is {number}" for number, name in enumerate(self.names)]
        return f"labels are words, so they are numbered: {_told(pairs)}."


def meaning_for(task: Task) -> Meaning | None:
    """What words as targets stand for; None where a task takes no labels."""
    if task.target_kind == "real":
        return None if task.takes_trees or task.separate_items else "numbers"
    if task.separate_items or task.name in ("language_model", "sequence_to_sequence"):
        return None
    if task.target_kind == "zero or one":
        return "several" if task.name == "multilabel" else "yes or no"
    return "classes"


def words_of(value: Any) -> list[str] | None:
    """The words of a target, be it one word or several; None where it holds anything else."""
    if isinstance(value, str | bytes):
        return [_text(value)]
    if isinstance(value, np.ndarray) and value.dtype.kind in "USO" and value.size:
        value = value.flatten().tolist()
    listed = isinstance(value, list | tuple) and bool(value)
    if listed and all(isinstance(part, str | bytes) for part in value):
        return [_text(part) for part in value]
    return None


def in_order(words: Iterable[str]) -> list[str]:
    """Numbers by their size, other words by the alphabet."""
    found = sorted(set(words))
    if all(_is_number(word) for word in found):
        return sorted(found, key=lambda word: (float(word), word))
    return found


def checked(words: WordLabels, found: Sequence[str], name: str) -> WordLabels:
    """The same with its classes, from the words of all items.

    Raises:
        UsageError: they are text that differs from item to item, or more or less than two answers
            where there can only be two.

    """
    names = tuple(in_order(found))
    if words.meaning == "numbers":
        return words
    if len(found) >= FEW and len(names) > FREE_TEXT * len(found):
        raise UsageError(
            f"The targets of {name} are text that is another one in nearly every item "
            f"({names[0][:40]!r}, {names[1][:40]!r}), not labels: pass collate=, a function from a "
            "list of items to a batch of numbers, or the numbers that the loss compares."
        )
    if words.meaning == "yes or no" and len(names) > 2:
        raise UsageError(
            f"The targets of {name} are {len(names)} words ({_told(map(repr, names))}), where "
            'task="binary" has two answers: pass task="classification" and a model with an output '
            "for each of them."
        )
    return replace(words, names=names)


def in_arrays(values: Any, name: str) -> list[str] | None:
    """The words of an array or list of targets, one or several for each item; None where it holds
    other things.

    Raises:
        UsageError: some items have no label.

    """
    if isinstance(values, np.ndarray) and values.dtype.kind not in "USO":
        return None
    if not isinstance(values, np.ndarray | list | tuple) or not len(values):
        return None
    entries = list(values)
    if not any(isinstance(entry, str | bytes) or words_of(entry) for entry in entries):
        return None
    missing = [index for index, entry in enumerate(entries) if _missing(entry)]
    if missing:
        raise UsageError(
            f"The targets of {name} are words, and {len(missing)} of {len(entries)} items have "
            f"none (item {missing[0]} at first): leave these items out, or give them a label."
        )
    found = [words_of(entry) for entry in entries]
    if any(each is None and not _empty(entry) for each, entry in zip(found, entries, strict=True)):
        odd = next(e for w, e in zip(found, entries, strict=True) if w is None and not _empty(e))
        raise UsageError(
            f"The targets of {name} are words in some items and a {type(odd).__name__} ({odd!r}) "
            "in others: give all of them the same kind."
        )
    return [word for each in found for word in each or ()]


def _text(word: str | bytes) -> str:
    return (word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)).strip()


def _is_number(word: str) -> bool:
    with suppress(ValueError):
        return math.isfinite(float(word))
    return False


def _missing(entry: Any) -> bool:
    empty = isinstance(entry, str | bytes) and not entry.strip()
    return entry is None or empty or (isinstance(entry, float) and math.isnan(entry))


def _empty(value: Any) -> bool:
    """Whether an item has no labels at all, where it may have several."""
    return isinstance(value, list | tuple) and not value


def _told(parts: Iterable[str]) -> str:
    """The first of them, and how many more."""
    every = list(parts)
    more = f" and {len(every) - TOLD} more" if len(every) > TOLD else ""
    return ", ".join(every[:TOLD]) + more
