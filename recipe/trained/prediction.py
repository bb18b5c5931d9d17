"""Answers of a run's model for new data."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from recipe.core.errors import UsageError, in_a_line
from recipe.data.datasets import TensorData
from recipe.data.joining import join
from recipe.data.loading import ItemForm, Say, load_data
from recipe.data.splitting import load_splits
from recipe.data.trees import Tree, Values, as_values, shape_of
from recipe.experiment import Experiment
from recipe.machine.device import pick_device
from recipe.models.halving import outputs_that_fit
from recipe.notebook.run_folder import read_result
from recipe.sources.image_files import ImageReader, Images
from recipe.sources.image_reading import open_image
from recipe.tasks import Task
from recipe.trained.arrays import as_called, read_array
from recipe.trained.loading import (
    as_given_in_training,
    as_trained,
    chosen_model,
    experiment_of,
)

SPLITS = ("train", "val", "test")
ARRAYS = (".npy", ".safetensors")
BATCH = 256
HALF = 0.5
HOW = (
    "name a folder of images, a table or a text like that of the run, inputs as the model takes "
    "them (.npy, .safetensors), or train, val or test for the data of the experiment"
)


@dataclass(frozen=True)
class Answer:
    """What the model says about one item."""

    item: str
    """A file, the number of a row of a table, from 1, or the number of an input, from 0."""
    answer: str
    """A class, yes or no as 1 or 0, the next character, or numbers."""
    probability: float | None = None
    """Of this class or character; of yes, where yes and no have no names; None where answers are
    amounts."""


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
        data: images, a table, a text, arrays, or the name of a split; several may be
            images and folders of them.
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
    own = every[0] in SPLITS and not Path(every[0]).exists()
    declared = experiment or experiment_of(result, Path(run), with_data=own, trust=trust)
    place = pick_device(device)
    trained = as_trained(declared, result)
    if len(every) > 1:
        names, x = _images(trained, every, place, skip=skip_unreadable, say=say)
    else:
        seed = int(result.settings.get("seed") or 0)
        names, x = inputs(trained, every[0], place, seed, skip=skip_unreadable, say=say)
    model = chosen_model(trained, result, Path(run), place)
    saved = not own and Path(every[0]).suffix.lower() in ARRAYS
    x = in_precision_of(as_called(model, x, every[0]) if saved else x, model)
    return _answers(trained, model, names, as_given_in_training(trained, result, model, x))


def inputs(
    experiment: Experiment,
    data: str,
    device: torch.device,
    seed: int,
    *,
    skip: bool = False,
    say: Say = lambda _: None,
) -> tuple[Sequence[str], Values]:
    """Names of the items, and the inputs [N, ...] as the model takes them.

    Args:
        experiment: with the reader of its inputs, or a transform.
        data: where they are, or the name of a split.
        device: where to put them.
        seed: of the split.
        skip: leave out images that cannot be read.
        say: told what was left out.

    Raises:
        UsageError: they cannot be found or read.

    """
    path = Path(data)
    if data in SPLITS and not path.exists():
        x = _split(experiment, data, device, seed)
        return [str(index) for index in range(len(x))], x
    if not path.exists():
        raise UsageError(f"There is no data {data!r}: {HOW}.")
    if path.suffix.lower() in ARRAYS:
        x = read_array(path).to(device)
        return [str(index) for index in range(len(x))], x
    kept = experiment.inputs
    if kept is None or isinstance(kept.reader, ImageReader):
        return _images(experiment, [data], device, skip=skip, say=say)
    kept.check_kind(path)
    return (found := kept.reader.read(path))[0], as_values(found[1]).to(device)


def _images(
    experiment: Experiment, data: Sequence[str], device: torch.device, *, skip: bool, say: Say
) -> tuple[Sequence[str], Values]:
    """Images, and those of folders, as training read them."""
    kept = experiment.inputs
    transform = _transform(experiment) if kept is None else None
    if kept is None and transform is None:
        raise UsageError(
            f"{data[0]!r}: how a file becomes an input is not known, since the training data have "
            "no `transform`: give inputs as the model takes them (.npy, .safetensors)."
        )
    if kept is not None and not isinstance(kept.reader, ImageReader):
        raise UsageError(f"{len(data)} DATA were named: several may be images alone.")
    paths = [Path(one) for one in data]
    lost = next((path for path in paths if not path.exists()), None)
    if lost is not None:
        raise UsageError(f"There is no data {str(lost)!r}: {HOW}.")
    if kept is not None:
        for path in paths:
            kept.check_kind(path)
    images = Images(*paths, skip_unreadable=skip)
    for note in images.notes:
        say(note)
    if kept is not None:
        x = kept.reader.tensors(images)
        kept.check(paths[0], x)
        return images.names, as_values(x).to(device)
    loader = getattr(_innermost(experiment.train), "loader", open_image)
    found = load_data(_Transformed(images.names, loader, transform), data[0], device)
    if not isinstance(found, TensorData):
        raise UsageError(
            f"{data[0]!r}: the transform of the training data is random: leave that out."
        )
    return images.names, found.x


def _split(experiment: Experiment, name: str, device: torch.device, seed: int) -> Values:
    if name == "test" and experiment.test is None:
        raise UsageError("The experiment has no test data: name other data.")
    data = (
        load_data(experiment.test, "test", device, form=ItemForm.of(experiment)) if name == "test"
        else getattr(load_splits(experiment, device, seed), name)
    )  # fmt: skip
    if not data.deterministic:
        raise UsageError(f"{name}: its items are random, so there is no order to answer in.")
    return data.x if isinstance(data, TensorData) else join([x for x, _ in data.eval_batches()])


def _transform(experiment: Experiment) -> Any:
    """What the training data set makes of an image, where it is one of torchvision's kind."""
    return getattr(_innermost(experiment.train), "transform", None)


def _innermost(dataset: Any) -> Any:
    while hasattr(dataset, "dataset"):
        dataset = dataset.dataset
    return dataset


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
    task, meaning = experiment.resolved_task, _Meaning(experiment)
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
            yield Answer(name, *_read(task, output.detach().cpu().float(), meaning))


def in_precision_of(x: Values, model: nn.Module) -> Values:
    """Real inputs in the precision of the weights: arrays are often saved as float64."""
    if isinstance(x, Tree):
        return x.on_tensors(lambda tensor: tensor_in_precision_of(tensor, model))
    return tensor_in_precision_of(x, model)


def tensor_in_precision_of(x: Tensor, model: nn.Module) -> Tensor:
    """The same of one tensor."""
    weights = next((p for p in model.parameters() if p.is_floating_point()), None)
    return x if weights is None or not x.is_floating_point() else x.to(weights.dtype)


def class_names(experiment: Experiment) -> list[str]:
    """In the order of their numbers, where the data have names of classes."""
    kept = experiment.inputs
    known = getattr(_innermost(experiment.train), "classes", None)
    found = kept.classes if kept else experiment.classes or known
    return [str(name) for name in found] if isinstance(found, list | tuple) else []


class _Meaning:
    """What outputs stand for: names of classes, and the scale of amounts."""

    def __init__(self, experiment: Experiment) -> None:
        kept = experiment.inputs
        self.classes = class_names(experiment)
        mean, std = (kept and kept.scale) or (0.0, 1.0)
        self.mean, self.std = (torch.tensor(part, dtype=torch.float64) for part in (mean, std))

    def name(self, index: int) -> str:
        """Of a class; its number where it has none."""
        return self.classes[index] if index < len(self.classes) else str(index)


def _read(task: Task, output: Tensor, meaning: _Meaning) -> tuple[str, float | None]:
    """An answer in words, and its probability."""
    if task.target_kind == "class index":
        if task.name == "language_model" and output.ndim == 2:  # what comes after the last token
            output = output[-1]
        if output.ndim != 1:
            raise UsageError(
                f"The model gives outputs of shape {list(output.shape)} for an item, not one score "
                "per class: use recipe.load, and read them in Python."
            )
        shares = output.softmax(0)
        best = int(shares.argmax())
        return meaning.name(best), float(shares[best])
    if task.target_kind == "zero or one":
        cut = getattr(task, "threshold", 0.0)
        shares = output.flatten() if cut else output.flatten().sigmoid()
        return _yes_or_no(shares, meaning)
    amounts = meaning.mean + meaning.std * output.flatten().double()
    return " ".join(f"{value:.6g}" for value in amounts.tolist()), None


def _yes_or_no(shares: Tensor, meaning: _Meaning) -> tuple[str, float | None]:
    """Of one question, or of several with a name each."""
    if len(shares) == 1:
        yes = float(shares[0])
        if len(meaning.classes) != len(("no", "yes")):
            return str(int(yes > HALF)), yes
        return meaning.name(int(yes > HALF)), max(yes, 1 - yes)
    if len(meaning.classes) == len(shares):
        return " ".join(n for n, y in zip(meaning.classes, shares, strict=True) if y > HALF), None
    return " ".join(str(int(share > HALF)) for share in shares), None
