"""Where labels that are words stand: in arrays, in a data set, in a stream."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import numpy as np
from torch.utils.data import DataLoader

from recipe.data.arrays import is_array_tree, is_arrays
from recipe.data.item_parts import Parting
from recipe.data.single_items import undisturbed
from recipe.data.word_labels import Meaning, WordLabels, checked, in_arrays, words_of

KNOWN_AS = ("targets", "labels")
"""Attributes in which data sets of this field keep the labels of all items."""
MOST = 10_000
"""Items of a stream that are read for their labels."""


def words_in(
    source: Any, name: str, parting: Parting, meaning: Meaning | None, *,
    begin: Callable[[], Iterable[Any]] | None = None, workers: int = 0,
) -> WordLabels | None:  # fmt: skip
    """How the labels of a source become numbers; None where they are no words.

    Args:
        source: a data set; arrays; or a stream, which `begin` then begins anew.
        name: what complaints call it.
        parting: what of an item is the target, and what is known of words so far.
        meaning: of words; None for a task that takes none.
        begin: of a stream.
        workers: processes that read a data set.

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
            found = of_data_set(source, name, target, workers)
    if found is None:
        return known
    if known is not None:
        return known.joined(found)
    return checked(WordLabels(meaning=meaning), found, name)


def of_data_set(
    dataset: Any, name: str, target: Callable[[Any], Any], workers: int
) -> list[str] | None:
    """The words of all items of a data set, which is gone through for them where it does not keep
    them in a list; None where the first item has another kind of target.

    Args:
        dataset: with a length.
        name: what complaints call it.
        target: of an item.
        workers: processes that read.

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
    loader: Iterable[Any] = DataLoader(dataset, 64, num_workers=workers, collate_fn=list)
    return in_arrays([target(item) for items in loader for item in items], name)


def of_stream(
    begin: Callable[[], Iterable[Any]], name: str, target: Callable[[Any], Any], most: int
) -> list[str] | None:
    """The words of the first items of a stream; None where their targets are others."""
    first = next(iter(begin()), None)
    if first is None or words_of(target(first)) is None:
        return None
    return in_arrays([target(item) for item in islice(begin(), most)], name)
