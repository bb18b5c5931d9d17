"""Where labels that are words stand: in arrays, in a data set, in a stream."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from torch.utils.data import DataLoader

from recipe.core.errors import UsageError
from recipe.data.arrays import is_array_tree, is_arrays
from recipe.data.decoding import Notify
from recipe.data.item_parts import Parting
from recipe.data.single_items import read, undisturbed
from recipe.data.word_labels import Meaning, WordLabels, checked, in_arrays, words_of

KNOWN_AS = ("targets", "labels")
"""Attributes in which data sets of this field keep the labels of all items."""
MOST, READ_AT_ONCE, LOOKED_AT = 10_000, 64, 8
"""Items of a stream that are read for their labels, of a data set at once, and to see of what kind
they are: one that may have several labels may have none."""


def words_in(
    source: Any, name: str, parting: Parting, meaning: Meaning | None, *,
    begin: Callable[[], Iterable[Any]] | None = None, workers: int = 0,
    notify: Notify | None = None,
) -> WordLabels | None:  # fmt: skip
    """How the labels of a source become numbers; None where they are no words.

    Args:
        source: a data set; arrays; or a stream, which `begin` then begins anew.
        name: what complaints call it.
        parting: what of an item is the target, and what is known of words so far.
        meaning: of words; None for a task that takes none.
        begin: of a stream.
        workers: processes that read a data set.
        notify: told about progress as (done, total, what).

    Raises:
        UsageError: some items have no label, or words are no labels.

    """
    known = parting.words
    if meaning is None or (known is not None and known.declared):
        return known

    def target(item: Any) -> Any:
        return parting(item, f"An item of {name}")[1]

    with undisturbed():
        if is_arrays(source) or is_array_tree(source):
            found = in_arrays(_targets_of(source, name, parting), name)
        elif not _begin_with_words(source if begin is None else begin(), target):
            found = None
        elif begin is not None:
            found = in_arrays([target(item) for item in islice(begin(), MOST)], name)
        else:
            found = of_data_set(source, name, target, workers, notify)
    if found is None:
        return known
    if known is not None:
        return known.joined(found)
    return checked(WordLabels(meaning=meaning), found, name)


def of_data_set(
    dataset: Any,
    name: str,
    target: Callable[[Any], Any],
    workers: int,
    notify: Notify | None,
) -> list[str] | None:
    """The words of all items of a data set, which is gone through for them where it does not keep
    them in a list; None where they are of another kind.

    Args:
        dataset: with a length.
        name: what complaints call it.
        target: of an item.
        workers: processes that read.
        notify: told about progress.

    Raises:
        UsageError: an item cannot be read, or has no label.

    """
    for attribute in KNOWN_AS:
        kept = getattr(dataset, attribute, None)
        if isinstance(kept, list | np.ndarray) and len(kept) == len(dataset):
            found = in_arrays(kept, name)
            if found is not None and words_of(kept[0]) == words_of(target(dataset[0])):
                return found
    loader: Iterable[Any] = DataLoader(
        dataset,
        READ_AT_ONCE,
        num_workers=workers,
        collate_fn=_Targets(target),
        multiprocessing_context="fork" if workers else None,
    )
    targets: list[Any] = []
    for part in read(loader, name):
        targets += part
        if notify:
            notify(len(targets), len(dataset), f"reading the labels of {name}")
    return in_arrays(targets, name)


@dataclass(frozen=True)
class _Targets:
    """Keeps the targets of items alone, in the process that reads them."""

    target: Callable[[Any], Any]

    def __call__(self, items: list[Any]) -> list[Any]:
        return [self.target(item) for item in items]


def _begin_with_words(source: Any, target: Callable[[Any], Any]) -> bool:
    """Whether the first target that there is among some items is words. What is wrong with an item,
    reading the data says.
    """
    with suppress(Exception):
        first = (
            (source[index] for index in range(min(LOOKED_AT, len(source))))
            if hasattr(source, "__getitem__") else islice(source, LOOKED_AT)
        )  # fmt: skip
        for item in first:
            found = target(item)
            if not (isinstance(found, list | tuple) and not found):
                return words_of(found) is not None
    return False


def _targets_of(source: Any, name: str, parting: Parting) -> Any:
    """Of arrays; None where it is not known which of them these are, as reading the data says."""
    with suppress(UsageError):
        return parting(source, name)[1]
    return None
