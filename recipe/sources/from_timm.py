"""`from_timm`: an experiment of a model of timm, by its name."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from recipe.core.errors import UsageError
from recipe.experiment import Experiment
from recipe.sources.by_name import experiment_by_name
from recipe.sources.timm_models import check, model

MANY = 100_000
"""Items whose labels are read to count the classes, at most."""


def from_timm(
    name: str, data: Any = None, *, pretrained: bool = False, classes: int | None = None,
    **changes: Any,
) -> Experiment:  # fmt: skip
    """An experiment of a model of timm.

    Args:
        name: such as "resnet50".
        data: a folder of images or a data set of torchvision by name, which are brought to size
            and scale of the model; or what `Experiment(train=...)` takes, whose images are taken
            as they are; or an Experiment, whose model is exchanged.
        pretrained: begin with timm's weights, the last layer drawn anew.
        classes: how many; by default they are counted.
        changes: arguments of `Experiment`, which come before what is usual here.

    Raises:
        UsageError: timm is not installed or has no such model, or the data cannot be used.

    """
    check(name, "images")
    if data is None:
        raise UsageError(
            f"from_timm({name!r}) needs data: pass data=, a folder of images, a DataLoader or a "
            "Dataset."
        )
    if isinstance(data, str | Path):
        if classes is not None:
            raise UsageError(
                f"from_timm(classes={classes!r}) beside data by name, whose classes are counted: "
                "leave it out."
            )
        made, notes = experiment_by_name(str(data), model=f"timm:{name}", pretrained=pretrained)
        return replace(made, **{"notes": notes, **changes})
    declared = data if isinstance(data, Experiment) else None
    train = data if declared is None else declared.train
    image, seen = _first_image(train), classes or _classes(train)
    options = {"num_classes": seen, "in_chans": len(image)}
    head = _head(name, options) if pretrained else None
    notes = (
        f"Model: timm's {name} for {seen} classes and images of {len(image)} channels"
        + (", with its weights; the last layer is drawn anew." if pretrained else "."),
    )
    fields: dict[str, Any] = {
        "model": partial(model, name, options), "name": name, "notes": notes, "head": head,
        "weights": "DEFAULT" if pretrained else None,
    }  # fmt: skip
    if declared is not None:
        return replace(declared, **{**fields, **changes})
    return Experiment(**{"train": train, "optimizer": "adamw", **fields, **changes})


def _head(name: str, options: dict[str, Any]) -> str:
    """The name of the layer that gives the outputs."""
    made: Any = model(name, options)
    last = made.get_classifier()
    found: str = next(path for path, layer in made.named_modules() if layer is last)
    return found


def _parts(train: Any) -> Any:
    if callable(train) and not isinstance(train, Dataset) and not hasattr(train, "__getitem__"):
        train = train()
    return train.dataset if isinstance(train, DataLoader) else train


def _first_image(train: Any) -> Tensor:
    """One image [C, H, W].

    Raises:
        UsageError: the items are none.

    """
    source = _parts(train)
    try:
        if isinstance(source, tuple) and len(source) == 2 and len(source[0]) == len(source[1]):
            first = source[0][0]
        elif hasattr(source, "__getitem__"):
            first = source[0]
        else:
            first = next(iter(source))
        if isinstance(first, dict):
            first = next(part for part in first.values() if getattr(part, "ndim", 0) == 3)
        image = torch.as_tensor(first[0] if isinstance(first, tuple | list) else first)
    except Exception as error:
        raise UsageError(
            f"The first item cannot be read as an image ({type(error).__name__}: {error}): give "
            "pairs of an image [C, H, W] and a label."
        ) from error
    if image.ndim != 3:
        raise UsageError(
            f"The first item has the shape {list(image.shape)}, and models of timm take images "
            "[C, H, W]: add a transform such as ToTensor."
        )
    return image


def _classes(train: Any) -> int:
    """How many classes there are.

    Raises:
        UsageError: nothing tells.

    """
    source = _parts(train)
    known = getattr(source, "classes", None)
    if isinstance(known, list | tuple) and known:
        return len(known)
    labels: Any = source[1] if isinstance(source, tuple) and len(source) == 2 else None
    if labels is None:
        labels = getattr(source, "targets", None)
    if labels is None and isinstance(tensors := getattr(source, "tensors", None), tuple):
        labels = tensors[-1]
    try:
        if labels is None and len(source) <= MANY:
            labels = [int(source[place][-1]) for place in range(len(source))]
        return int(torch.as_tensor(labels).max()) + 1
    except Exception as error:
        raise UsageError(
            "Nothing tells how many classes there are: pass classes=, as in "
            "from_timm(..., classes=10)."
        ) from error
