"""Answers of a run's model for new data."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from recipe.core.errors import UsageError, in_a_line
from recipe.core.results import RunResult
from recipe.data.datasets import TensorData
from recipe.data.joining import join
from recipe.data.loading import ItemForm, Say, load_data
from recipe.data.splitting import load_splits
from recipe.data.trees import Tree, Values, as_values, shape_of
from recipe.experiment import Experiment
from recipe.machine.device import pick_device
from recipe.models.halving import outputs_that_fit
from recipe.notebook.journal import FILE, read_entries
from recipe.notebook.run_folder import DATA, RUN, read_result
from recipe.sources.image_files import ImageReader, Images
from recipe.sources.image_reading import open_image
from recipe.sources.readers import TableReader
from recipe.trained.answers import Answer, Meaning, class_names, innermost, read
from recipe.trained.arrays import as_called, read_array
from recipe.trained.items import Items, items_of_table, truth_of_folders
from recipe.trained.loading import (
    as_given_in_training,
    as_trained,
    chosen_model,
    experiment_of,
)
from recipe.training.fingerprint import names_of

SPLITS = ("train", "val", "test")
FAR = 5.0
"""Times the range of the training inputs, beyond which inputs are made in another way."""
SPLIT_NAMES = {"train": "training", "val": "validation"}
ARRAYS = (".npy", ".safetensors")
BATCH = 256
HOW = (
    "name a folder of images, a table or a text like that of the run, inputs as the model takes "
    "them (.npy, .safetensors), or train, val or test for the data of the experiment"
)


def predict(
    run: str | Path,
    data: str | Sequence[str],
    experiment: Experiment | None = None,
    *,
    device: str = "cpu",
    skip_unreadable: bool = False,
    trust: bool = False,
    say: Say = lambda _: None,
) -> Iterator[Answer]:
    """The answers, item by item.

    Args:
        run: the run folder.
        data: images and folders of them, a table, a text, arrays, or the name of a split; or
            several of these.
        experiment: as of `recipe.load`.
        device: where to compute.
        skip_unreadable: leave out images that cannot be read.
        trust: as of `recipe.load`.
        say: told what was left out.

    Raises:
        UsageError: no such run or data, inputs of another shape, or outputs that are no answers.

    """
    result = read_result(Path(run))
    every = [data] if isinstance(data, str) else list(data)
    own = any(one in SPLITS and not Path(one).exists() for one in every)
    declared = experiment or experiment_of(result, Path(run), with_data=own, trust=trust)
    place = pick_device(device)
    if own and (changed := _changed(Path(run), declared, result)):
        say(changed)
    trained = as_trained(declared, result)
    found = [_items(trained, one, result, place, skip=skip_unreadable, say=say) for one in every]
    model = chosen_model(trained, result, Path(run), place)
    for one, items in zip(every, found, strict=True):
        if Path(one).suffix.lower() in ARRAYS and (odd := _out_of_range(result, items.x)):
            say(f"{one}: {odd}")
    ready = [
        _as_taken(trained, result, model, items, one)
        for one, items in zip(every, found, strict=True)
    ]
    return chain.from_iterable(
        _of_items(trained, model, items, one if len(every) > 1 else None)
        for one, items in zip(every, ready, strict=True)
    )


def _changed(run: Path, declared: Experiment, result: RunResult) -> str | None:
    """What is said where the experiment has other data than when the run began: items that it now
    keeps apart may be among those that the model was trained on.
    """
    known = read_entries(run / FILE).get((RUN, DATA))
    if not isinstance(known, dict):
        return None
    seed = int(result.settings.get("seed") or 0)
    found = names_of(load_splits(declared, torch.device("cpu"), seed))
    parts = [SPLIT_NAMES[name] for name, value in found.items() if known.get(name) != value]
    if not parts:
        return None
    return (
        f"The {' and '.join(parts)} data of the experiment are no longer those of the run: the "
        "model may have been trained on items that are asked about here, and a score on them says "
        "nothing. Run the recipe again on the data as they are now."
    )


def _out_of_range(result: RunResult, x: Values) -> str | None:
    """What is said of inputs that reach far beyond those of training."""
    ends = [
        (low, high) for step in result.steps
        if (low := step.evidence.number("train_input_min")) is not None
        and (high := step.evidence.number("train_input_max")) is not None
    ]  # fmt: skip
    if not ends or not isinstance(x, Tensor) or not x.numel():
        return None
    low, high = ends[0]
    own = float(x.min()), float(x.max())
    room = FAR * max(high - low, 1e-12)
    if own[0] >= low - room and own[1] <= high + room:
        return None
    return (
        f"values reach from {own[0]:.4g} to {own[1]:.4g}, those of training from {low:.4g} to "
        f"{high:.4g}: scale them as the training data were scaled."
    )


def _as_taken(
    experiment: Experiment, result: RunResult, model: nn.Module, items: Items, data: str
) -> Items:
    """The items with their inputs as the model takes a batch."""
    path = Path(data)
    saved = path.exists() and path.suffix.lower() in ARRAYS
    x = in_precision_of(as_called(model, items.x, data) if saved else items.x, model)
    return replace(items, x=as_given_in_training(experiment, result, model, x))


def _of_items(
    experiment: Experiment, model: nn.Module, items: Items, data: str | None
) -> Iterator[Answer]:
    """The answers for the items of one of the DATA, named where there are several, then the items
    that cannot be read.
    """
    for number, each in enumerate(_answers(experiment, model, items.names, items.x)):
        yield replace(
            each,
            item=f"{data}:{each.item}" if data and each.item.isdigit() else each.item,
            truth=items.truth.get(number),
            carried={name: cells[number] for name, cells in items.carried.items()},
            warnings=tuple(items.warnings.get(number, ())),
        )
    for name, why in items.lost.items():
        yield Answer(name, "", warnings=(f"cannot be read: {why}",))


def _items(
    experiment: Experiment, data: str, result: RunResult, device: torch.device, *,
    skip: bool, say: Say,
) -> Items:  # fmt: skip
    """The items of one of the DATA.

    Raises:
        UsageError: they cannot be found or read.

    """
    path, kept = Path(data), experiment.inputs
    if data in SPLITS and not path.exists():
        x, y = _split(experiment, data, device, int(result.settings.get("seed") or 0))
        truth = _truth_of(experiment, y)
        return Items([str(index) for index in range(len(x))], x, truth)
    if not path.exists():
        raise UsageError(f"There is no data {data!r}: {HOW}.")
    if path.suffix.lower() in ARRAYS:
        x = read_array(path).to(device)
        return Items([str(index) for index in range(len(x))], x)
    if kept is None or isinstance(kept.reader, ImageReader):
        return _images(experiment, path, device, skip=skip, say=say)
    kept.check_kind(path)
    if isinstance(kept.reader, TableReader) and path.is_file():
        found = items_of_table(kept.reader, path, result)
        return replace(found, x=found.x.to(device))
    names, read = kept.reader.read(path)
    return Items(names, as_values(read).to(device))


def _images(
    experiment: Experiment, path: Path, device: torch.device, *, skip: bool, say: Say
) -> Items:
    """Images, and those of folders, as training read them; those that cannot be read apart."""
    kept = experiment.inputs
    transform = _transform(experiment) if kept is None else None
    if kept is None and transform is None:
        raise UsageError(
            f"{str(path)!r}: how a file becomes an input is not known, since the training data "
            "have no `transform`: give inputs as the model takes them (.npy, .safetensors)."
        )
    if kept is not None:
        kept.check_kind(path)
    images = Images(path, skip_unreadable=skip, keep_lost=not skip)
    for note in images.notes:
        say(note)
    truth = truth_of_folders(images.names, class_names(experiment))
    if kept is not None and isinstance(kept.reader, ImageReader):
        x = kept.reader.tensors(images)
        kept.check(path, x)
        return Items(images.names, as_values(x).to(device), truth, lost=images.lost)
    loader = getattr(innermost(experiment.train), "loader", open_image)
    found = load_data(_Transformed(images.names, loader, transform), str(path), device)
    if not isinstance(found, TensorData):
        raise UsageError(
            f"{str(path)!r}: the transform of the training data is random: leave that out."
        )
    return Items(images.names, found.x, truth, lost=images.lost)


def _split(
    experiment: Experiment, name: str, device: torch.device, seed: int
) -> tuple[Values, Values | None]:
    """Inputs and targets of one of the experiment's own splits."""
    if name == "test" and experiment.test is None:
        raise UsageError("The experiment has no test data: name other data.")
    data = (
        load_data(experiment.test, "test", device, form=ItemForm.of(experiment)) if name == "test"
        else getattr(load_splits(experiment, device, seed), name)
    )  # fmt: skip
    if not data.deterministic:
        raise UsageError(f"{name}: its items are random, so there is no order to answer in.")
    if isinstance(data, TensorData):
        return data.x, data.y
    return join([x for x, _ in data.eval_batches()]), None


def _truth_of(experiment: Experiment, y: Values | None) -> dict[int, str]:
    """The right answers of a split, as answers are written; none where targets are more than one
    label or amount for each item.
    """
    if not isinstance(y, Tensor) or y.numel() != len(y):
        return {}
    meaning, values = Meaning(experiment), y.flatten().cpu()
    if experiment.resolved_task.target_kind == "real":
        amounts = meaning.mean.flatten() + meaning.std.flatten() * values.double()
        return {place: f"{amount:.6g}" for place, amount in enumerate(amounts.tolist())}
    named = {place: int(value) for place, value in enumerate(values.tolist()) if value >= 0}
    return {place: meaning.name(label) for place, label in named.items()}


def _transform(experiment: Experiment) -> Any:
    """What the training data set makes of an image, where it is one of torchvision's kind."""
    return getattr(innermost(experiment.train), "transform", None)


@dataclass
class _Transformed:
    """Images as a data set, loaded as those of the training data; the target is always 0."""

    names: Sequence[str]
    loader: Callable[[str], Any]
    transform: Any

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self.transform(self.loader(self.names[index])), 0


@torch.no_grad()
def _answers(
    experiment: Experiment, model: nn.Module, names: Sequence[str], x: Values
) -> Iterator[Answer]:
    task, meaning = experiment.resolved_task, Meaning(experiment)
    x = in_precision_of(x, model)
    for start in range(0, len(x), BATCH):
        part = x[start : start + BATCH]
        try:
            outputs = task.looked_at(outputs_that_fit(model, part, model))
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            raise UsageError(
                f"The model cannot process inputs of shape {shape_of(part)} "
                f"({in_a_line(error)}): give them as in training."
            ) from error
        for name, output in zip(names[start : start + BATCH], outputs, strict=True):
            yield read(name, task, output.detach().cpu().float(), meaning)


def in_precision_of(x: Values, model: nn.Module) -> Values:
    """Real inputs in the precision of the weights: arrays are often saved as float64."""
    if isinstance(x, Tree):
        return x.on_tensors(lambda tensor: tensor_in_precision_of(tensor, model))
    return tensor_in_precision_of(x, model)


def tensor_in_precision_of(x: Tensor, model: nn.Module) -> Tensor:
    """The same of one tensor."""
    weights = next((p for p in model.parameters() if p.is_floating_point()), None)
    return x if weights is None or not x.is_floating_point() else x.to(weights.dtype)
