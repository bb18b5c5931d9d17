"""Where labels that are words stand: in arrays, in a data set, in a stream."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from torch.utils.data import DataLoader

from recipe.data.arrays import is_array_tree, is_arrays
from recipe.data.decoding import Notify
from recipe.data.item_parts import Parting
from recipe.data.single_items import undisturbed
from recipe.data.word_labels import Meaning, WordLabels, checked, in_arrays, words_of

KNOWN_AS = ("targets", "labels")
"""Attributes in which data sets of this field keep the labels of all items."""
MOST, READ_AT_ONCE = 10_000, 64
"""Items of a stream that are read for their labels, and of a data set at once."""


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
        if begin is not None:
            found = of_stream(begin, name, target, MOST)
        elif is_arrays(source) or is_array_tree(source):
            found = in_arrays(parting(source, name)[1], name)
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
    them in a list; None where the first item has another kind of target.

    Args:
        dataset: with a length.
        name: what complaints call it.
        target: of an item.
        workers: processes that read.
        notify: told about progress.

    Raises:
        UsageError: an item cannot be read, or has no label.

    """
    first = words_of(target(dataset[0]))
    if first is None:
        return None
    for attribute in KNOWN_AS:
        kept = getattr(dataset, attribute, None)
        if isinstance(kept, list | np.ndarray) and len(kept) == len(dataset):
            found = in_arrays(kept, name)
            if found is not None and words_of(kept[0]) == first:
                return found
    loader: Iterable[Any] = DataLoader(
        dataset, READ_AT_ONCE, num_workers=workers, collate_fn=_Targets(target)
    )
    targets: list[Any] = []
    for part in loader:
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


def of_stream(
    begin: Callable[[], Iterable[Any]], name: str, target: Callable[[Any], Any], most: int
) -> list[str] | None:
    """The words of the first items of a stream; None where their targets are others."""
    first = next(iter(begin()), None)
    if first is None or words_of(target(first)) is None:
        return None
    return in_arrays([target(item) for item in islice(begin(), most)], name)
