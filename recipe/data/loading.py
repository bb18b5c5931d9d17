"""What the user declared as data, loaded: arrays, data sets, loaders, streams, functions."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from recipe.border.faults import said_of
from recipe.core.errors import UsageError
from recipe.data.arrays import (
    as_arrays,
    check_not_empty,
    from_array_tree,
    from_arrays,
    is_array,
    is_array_tree,
    is_arrays,
    paired,
)
from recipe.data.collating import (
    Collate,
    check_items,
    differ_in_length_only,
    leaves_of,
    part_item,
)
from recipe.data.datasets import Data, TensorData
from recipe.data.decoding import PARALLEL_FROM, Notify, decode, read_items
from recipe.data.disk_cache import MEMORY_SHARE
from recipe.data.item_data import ItemData, StreamData
from recipe.data.item_parts import Parting, is_picture
from recipe.data.loaders import LoaderParts, take_apart
from recipe.data.order import Order, saved_by_length
from recipe.data.placing import placed
from recipe.data.single_items import (
    Unequal,
    item,
    probe_indices,
    randomness,
    raw_item,
    undisturbed,
)
from recipe.data.streams import Fresh, as_factory, is_stream, load_stream
from recipe.data.word_labels import Meaning, WordLabels, meaning_for
from recipe.data.word_sources import words_in
from recipe.experiment import Experiment
from recipe.machine.memory import free_memory
from recipe.machine.processes import cores

WORTH = 0.2
"""Share of the room of padded batches whose saving is worth an order that is less random."""
Say = Callable[[str], None]
CPU = torch.device("cpu")


@dataclass(frozen=True)
class ItemForm:
    """How items become batches, as the user declares it; what a loader says comes after that."""

    parting: Parting = field(default_factory=Parting)
    collate: Any = None
    separate: bool = False
    """Whether the task takes items of several sizes, as detection does."""
    epoch_items: int | None = None
    by_length: int | None = None
    """Items of a batch, where those of like length are to be batched together."""
    meaning: Meaning | None = "classes"
    """Of targets that are words; None where they are no labels."""

    @staticmethod
    def of(experiment: Experiment) -> "ItemForm":
        """As an experiment declares it."""
        meaning = meaning_for(experiment.resolved_task)
        words = None
        if experiment.classes and meaning is not None:
            words = WordLabels(experiment.classes, meaning, declared=True)
        return ItemForm(
            Parting(experiment.target, experiment.batch, words),
            experiment.collate,
            experiment.resolved_task.separate_items,
            experiment.epoch_items,
            experiment.batch_size if experiment.by_length else None,
            meaning,
        )

    def knowing(self, words: WordLabels | None) -> "ItemForm":
        """The same, for data whose labels are these words."""
        return replace(self, parting=replace(self.parting, words=words))

    def collated(self, parts: LoaderParts | None) -> Collate:
        """The function that makes batches of items."""
        own = self.collate or (parts.collate if parts else None)
        return Collate(own, self.parting, separate=self.separate)


def load_data(
    source: Any,
    name: str,
    device: torch.device,
    notify: Notify | None = None,
    *,
    form: ItemForm | None = None,
    say: Say = lambda _: None,
) -> Data:
    """Turn one declared source into data on `device`; see `load_splits`.

    Args:
        source: arrays, a data set, a loader, a stream, or a function that returns one.
        name: what complaints call it.
        device: where tensors are kept.
        notify: told about progress.
        form: how items become batches; by default they are pairs, stacked.
        say: told what is made of a loader or a stream.

    """
    return placed(load_labelled(source, name, device, notify, form=form, say=say)[0], device)


def load_labelled(
    source: Any,
    name: str,
    device: torch.device,
    notify: Notify | None = None,
    *,
    form: ItemForm | None = None,
    say: Say = lambda _: None,
) -> tuple[Data, WordLabels | None]:
    """As `load_data`, and how labels that were words became numbers; tensors are on the host."""
    form = form or ItemForm()
    declared, parts = source, None
    source = paired(as_arrays(_called(declared, name)), name, say)
    if isinstance(source, DataLoader):
        parts = take_apart(source, name)
        say(parts.said)
        source = parts.dataset
    order = parts.order if parts and name == "train" else Order()
    made = _Made(name, device, form.collated(parts), order, notify,
                 form.by_length if name == "train" else None, say)  # fmt: skip
    form = _with_words(declared, source, form, made)
    made = replace(made, collate=form.collated(parts))
    words = form.parting.words
    if words is not None and not words.declared and name == "train":
        say(f"{name}: {words.said}")
    return _loaded(declared, source, form, made), words


def _with_words(declared: Any, source: Any, form: ItemForm, made: "_Made") -> ItemForm:
    """With how labels that are words become numbers; a collate function sees to that itself."""
    if made.collate.own is not None or form.separate:
        return form
    name, begin, workers = made.name, None, 0
    if is_stream(source):
        if iter(source) is source and not callable(declared):
            return form  # it can be read once only
        begin = _fresh(declared, source)
    elif not (is_arrays(source) or is_array_tree(source)):
        count = _length(source, name)
        check_not_empty(count, name)
        workers = _workers(count)
    try:
        found = words_in(
            source, name, form.parting, form.meaning, begin=begin, workers=workers,
            notify=made.notify,
        )  # fmt: skip
    except UsageError:
        raise
    except Exception:  # noqa: BLE001 - reading the data says what is wrong
        return form
    return form.knowing(found)


def _loaded(declared: Any, source: Any, form: ItemForm, made: "_Made") -> Data:
    name, device, collate, order = made.name, made.device, made.collate, made.order
    if is_arrays(source):
        return from_arrays(source, name, CPU, form.parting.words)
    if is_array_tree(source):
        return from_array_tree(source, name, CPU, form.parting)
    if is_stream(source):
        stream = load_stream(
            _fresh(declared, source), name, device, collate, epoch_items=form.epoch_items,
            say=made.say,
        )  # fmt: skip
        return replace(stream, order=order)  # type: ignore[type-var]  # all are dataclasses
    check_not_empty(_length(source, name), name)
    order.check(len(source))
    if name == "train" and collate.own is None:
        _say_pictures(source, made)
    if (kind := randomness(source, name, collate)) != "none":
        collate = _knowing(source, name, collate)
        workers = _workers(len(source))
        return StreamData(source, device, workers, rewritten=kind == "rewritten",
                          collate=collate, name=name, order=order)  # fmt: skip
    if collate.own is not None or collate.separate:
        return _unequal(source, made)
    return _decoded(source, made)


def _fresh(declared: Any, source: Any) -> Fresh:
    """What begins a stream anew: the function that was declared, where it is one."""
    if not callable(declared) or isinstance(declared, Dataset):
        return as_factory(source)

    def begun() -> Any:
        made = declared()
        return made.dataset if isinstance(made, DataLoader) else made

    return as_factory(begun)


def _length(source: Any, name: str) -> int:
    """Of a data set.

    Raises:
        UsageError: it is none, or does not tell its length.

    """
    usual = (
        "pass a Dataset of (x, y) with a length, a pair of tensors, a DataLoader, a stream of "
        "items, or a function that returns one."
    )
    if isinstance(source, str | bytes | Path):
        raise UsageError(f"{name} is text ({str(source)!r}), not data: {usual}")
    if isinstance(source, Mapping) and source and 0 not in source:
        kinds = ", ".join(f"{key!r}: {type(part).__name__}" for key, part in source.items())
        raise UsageError(
            f"{name} is a dict ({kinds}) that holds other things than arrays: give each key an "
            "array or a tensor with one entry per item, or pass a Dataset of dicts."
        )
    if isinstance(source, tuple) and len(source) > 2 and all(map(is_array, source)):
        raise UsageError(
            f"{name} is a tuple of {len(source)} arrays with "
            f"{', '.join(str(len(part)) for part in source)} entries: pass as many of each, such "
            f"as {name}=((a, b), y)."
        )
    if not (hasattr(source, "__getitem__") and hasattr(source, "__len__")):
        raise UsageError(f"{name} is a {type(source).__name__}: {usual}")
    try:
        return len(source)
    except Exception as error:
        who = f"The length of {name} is not known: len()"
        otherwise = "return the number of its items from __len__"
        raise UsageError(said_of(error, who, otherwise)) from error


def _knowing(source: Any, name: str, collate: Collate) -> Collate:
    """With what some random items show of the lengths of others."""
    if collate.own is not None or collate.separate:
        return collate
    with undisturbed():
        first = item(source, 0, name, collate.parting)
        if not any(differ_in_length_only([leaf]) for leaf in leaves_of(first[0])):
            return collate
        items = [item(source, i, name, collate.parting) for i in probe_indices(len(source))]
    check_items(items, name, probe_indices(len(source)))
    return collate.knowing(items)


@dataclass(frozen=True)
class _Made:
    """How a data set is loaded."""

    name: str
    device: torch.device
    collate: Collate
    order: Order
    notify: Notify | None
    by_length: int | None
    say: Say


def _say_pictures(source: Any, made: _Made) -> None:
    with undisturbed():
        inputs, _ = made.collate.parting(raw_item(source, 0, made.name), f"{made.name}[0]")
    if is_picture(inputs):
        made.say(f"{made.name}: images become bytes [channels, height, width].")


def _decoded(source: Any, made: _Made) -> Data:
    try:
        x, y = decode(source, made.name, made.notify, made.collate.parting)
    except Unequal:
        return _unequal(source, made)
    return TensorData(x, y, order=made.order)


def _unequal(source: Any, made: _Made) -> Data:
    """Items of several shapes: kept where they fit into memory, else read again in every epoch."""
    name, device, collate, order = made.name, made.device, made.collate, made.order
    raw = collate.own is not None
    numbers = probe_indices(len(source))
    sample = [raw_item(source, i, name) for i in numbers]
    if not raw:
        sample = [part_item(each, collate.parting, name, f"An item of {name}") for each in sample]
    if not (raw or collate.separate):
        check_items(sample, name, numbers)
        collate = collate.knowing(sample)
    x, y = collate(sample, name)  # refuses what cannot be brought together before all is read
    size = len(source) * (x.nbytes + y.nbytes) / len(sample)
    if size > MEMORY_SHARE * free_memory(torch.device("cpu")):
        return StreamData(source, device, _workers(len(source)), deterministic=True,
                          collate=collate, name=name, order=order)  # fmt: skip
    kept = read_items(source, name, made.notify, collate.parting, raw=raw)
    if not (raw or collate.separate):
        check_items(kept, name)
        collate = collate.knowing(kept)
    if made.by_length and not raw and not order.drawn:
        order = _by_length(kept, made.by_length, made.say)
    return ItemData(kept, collate, device, name, order=order)


def _by_length(kept: Sequence[Any], size: int, say: Say) -> Order:
    """The order in which items of like length are batched together, where that pays."""
    lengths = tuple(
        max(
            (len(leaf) for leaf in leaves_of(x) if is_array(leaf)),
            default=1,
        )
        for x, _ in kept
    )
    saved = saved_by_length(lengths, size)
    if saved <= WORTH:
        say(f"train: batching by length would save {max(0.0, saved):.0%} of the room: left out.")
        return Order()
    say(
        f"train: sequences of like length are batched together, which saves {saved:.0%} of the "
        "room."
    )
    return Order(lengths=lengths)


def _called(source: Any, name: str) -> Any:
    if not callable(source) or isinstance(source, Dataset):
        return source
    try:
        return source()
    except Exception as error:
        who, otherwise = f"The function given as {name}", "call it by itself"
        raise UsageError(said_of(error, who, otherwise)) from error


def _workers(n: int) -> int:
    # By fork alone: a process that begins anew cannot be given functions without a name, and runs
    # the user's file again.
    return min(8, cores()) if n >= PARALLEL_FROM and sys.platform == "linux" else 0
