"""Training and validation data: declared apart, or the second cut off the first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from recipe.core.errors import UsageError
from recipe.core.keys_and_seeds import derive_seed
from recipe.data.copies import CHANCE, chance_of_repeats, joined, near_copies, numbers_of
from recipe.data.datasets import Data, Splits, TensorData
from recipe.data.decoding import Notify
from recipe.data.disk_cache import select_rows
from recipe.data.item_data import ItemData, StreamData, like
from recipe.data.loading import ItemForm, Say, load_labelled
from recipe.data.placing import splits_on
from recipe.data.row_hashes import hash_of_item, row_hashes
from recipe.data.streams import IterableData
from recipe.data.trees import as_structure
from recipe.experiment import Experiment

DEFAULT_VAL_SHARE = 0.2
NEARLY_EQUAL = 0.01
"""Share of items with a near copy from which these are kept together; a pair or two is nothing."""


def load_splits(
    experiment: Experiment,
    device: torch.device,
    seed: int,
    notify: Notify | None = None,
    say: Say = lambda _: None,
) -> Splits:
    """Decode the training data and find or cut off the validation data.

    Args:
        experiment: declares `train` and `val`.
        device: where tensors are kept.
        seed: of the split when `val` is a fraction.
        notify: told about progress as (done, total, what).
        say: told what is made of a loader or a stream.

    Raises:
        UsageError: a data set is empty, unreadable or of an unknown kind.

    """
    form = ItemForm.of(experiment)
    train, words = load_labelled(experiment.train, "train", device, notify, form=form, say=say)
    val = experiment.val
    if val is None or isinstance(val, int | float):
        share = DEFAULT_VAL_SHARE if val is None else float(val)
        found = splits_on(_split(train, share, experiment, seed, say), device)
        return replace(found, classes=words.names if words else ())
    declared, words = load_labelled(val, "val", device, notify, form=form.knowing(words), say=say)
    declared = like(declared, train)
    found = Splits(like(train, declared), declared, words.names if words else ())
    return splits_on(found, device)


def _split(train: Data, share: float, experiment: Experiment, seed: int, say: Say) -> Splits:
    n = len(train)
    held = round(n * share) if 0 < share < 1 else 0
    if not 0 < held < n:
        raise UsageError(
            f"val={share!r} of {n} training items leaves an empty part: "
            "pass a fraction in (0, 1), or validation data of its own."
        )
    if isinstance(train, IterableData):
        return Splits(train.after(held), like(train.first(held), train))
    if experiment.resolved_task.ordered:
        held_out, kept = list(range(n - held, n)), list(range(n - held))
    else:
        held_out, kept = _parted(train, experiment, held, derive_seed(seed, "split"), say)
    drawn = train.order.of(kept)
    if isinstance(train, TensorData):
        rest, val = _rows(train, kept, "train"), _rows(train, held_out, "val")
        return Splits(replace(rest, order=drawn), replace(val, order=train.order.whole))
    if not isinstance(train, ItemData | StreamData):
        raise TypeError(f"{type(train).__name__} cannot be split.")
    return Splits(
        replace(train.part(kept), order=drawn),
        replace(train.part(held_out), order=train.order.whole),
    )


def _copies(train: Data, say: Say) -> list[int] | None:
    """For each item a number that it shares with its copies; None where there are no copies, or
    where they cannot be told from items that repeat by chance.
    """
    if isinstance(train, TensorData):
        rows, answers, numbers = row_hashes(train.x), row_hashes(train.y), numbers_of(train.x)
    elif isinstance(train, ItemData) and train.collate.own is None:
        rows = [hash_of_item(as_structure(x)) for x, _ in train.kept]
        answers = [hash_of_item(as_structure(y)) for _, y in train.kept]
        numbers = None
    else:
        return None
    equal = chance_of_repeats(rows, answers, numbers) < CHANCE
    pairs = near_copies(numbers)
    near = len({place for pair in pairs for place in pair}) >= NEARLY_EQUAL * len(rows)
    if not (equal or near):
        return None
    groups = rows if equal else list(range(len(rows)))
    if near:
        groups = joined(groups, pairs)
    how = "equal" if equal and not near else "equal or nearly equal" if equal else "nearly equal"
    say(
        f"train: {len(groups) - len(set(groups))} of {len(groups)} items repeat another one: "
        f"{how} items are kept on one side of the split."
    )
    return groups


def _parted(
    train: Data, experiment: Experiment, held: int, seed: int, say: Say
) -> tuple[list[int], list[int]]:
    """The items that are held out, drawn at random, and the others; no copies in both."""
    groups = _copies(train, say)
    if groups is None:
        order = _split_order(train, experiment, seed, range(len(train)))
        return order[:held], order[held:]
    members: dict[int, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    together = {of[0]: of for of in members.values()}
    held_out: list[int] = []
    for first in _split_order(train, experiment, seed, list(together)):
        if len(held_out) + len(together[first]) <= held:
            held_out += together[first]
    held_out = held_out or min(together.values(), key=len)
    chosen = set(held_out)
    return held_out, [place for place in range(len(groups)) if place not in chosen]


def _rows(data: TensorData, index: list[int], name: str) -> TensorData:
    places = torch.tensor(index).to(data.x.device)
    return replace(data, x=select_rows(data.x, places, name), y=data.y[places])


def _split_order(train: Data, experiment: Experiment, seed: int, items: Sequence[int]) -> list[int]:
    """Some items in a random order whose every stretch has about the class shares of the whole.

    Stratified where targets are classes: items are shuffled, numbered within their class, and
    sorted by their relative position in it.
    """
    generator = torch.Generator().manual_seed(seed)
    order = [items[place] for place in torch.randperm(len(items), generator=generator).tolist()]
    labels = _labels(train)
    if experiment.resolved_task.target_kind == "real" or labels is None:
        return order
    counts = Counter(labels[index] for index in order)
    seen: dict[Any, int] = {}
    position = {}
    for index in order:
        label = labels[index]
        seen[label] = seen.get(label, 0) + 1
        position[index] = (seen[label] - 0.5) / counts[label]
    return sorted(order, key=position.__getitem__)


def _labels(data: Data) -> list[Any] | None:
    """The one label of each item; None where there is none, or where it is not at hand."""
    if isinstance(data, TensorData):
        y = data.y
        return y.reshape(-1).tolist() if isinstance(y, Tensor) and y.numel() == len(data) else None
    if isinstance(data, ItemData) and data.collate.own is None:
        targets = [target for _, target in data.kept]
        if all(isinstance(target, Tensor) and target.numel() == 1 for target in targets):
            return [target.item() for target in targets]
    return None
