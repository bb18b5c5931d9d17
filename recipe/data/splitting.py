"""Training and validation data: declared apart, or the second cut off the first."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from recipe.core.errors import UsageError
from recipe.core.keys_and_seeds import derive_seed
from recipe.data.datasets import Data, Splits, TensorData
from recipe.data.decoding import Notify
from recipe.data.disk_cache import select_rows
from recipe.data.item_data import ItemData, StreamData, like
from recipe.data.loading import ItemForm, Say, load_labelled
from recipe.data.streams import IterableData
from recipe.experiment import Experiment

DEFAULT_VAL_SHARE = 0.2


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
        found = _split(train, share, experiment, seed)
        return replace(found, classes=words.names if words else ())
    declared, words = load_labelled(val, "val", device, notify, form=form.knowing(words), say=say)
    declared = like(declared, train)
    return Splits(like(train, declared), declared, words.names if words else ())


def _split(train: Data, share: float, experiment: Experiment, seed: int) -> Splits:
    n = len(train)
    held = round(n * share) if 0 < share < 1 else 0
    if not 0 < held < n:
        raise UsageError(
            f"val={share!r} of {n} training items leaves an empty part: "
            "pass a fraction in (0, 1), or validation data of its own."
        )
    if isinstance(train, IterableData):
        return Splits(train.after(held), like(train.first(held), train))
    order = _split_order(train, experiment, derive_seed(seed, "split"))
    held_out, kept = order[:held], order[held:]
    if experiment.resolved_task.ordered:
        held_out, kept = list(range(n - held, n)), list(range(n - held))
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


def _rows(data: TensorData, index: list[int], name: str) -> TensorData:
    places = torch.tensor(index).to(data.x.device)
    return replace(data, x=select_rows(data.x, places, name), y=data.y[places])


def _split_order(train: Data, experiment: Experiment, seed: int) -> list[int]:
    """A random order whose every stretch has about the class shares of the whole.

    Stratified where targets are classes: items are shuffled, numbered within their class, and
    sorted by their relative position in it.
    """
    generator = torch.Generator().manual_seed(seed)
    order: list[int] = torch.randperm(len(train), generator=generator).tolist()
    labels = _labels(train)
    if experiment.resolved_task.target_kind == "real" or labels is None:
        return order
    counts: dict[Any, int] = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
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
