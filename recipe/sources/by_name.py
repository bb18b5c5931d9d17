"""An experiment from names alone: data, model, and what is to be predicted."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from recipe.core.errors import UsageError
from recipe.experiment import Experiment
from recipe.models.pretrained import read_weights
from recipe.sources.csv_data import csv_table
from recipe.sources.detection import detection_folder, is_detection
from recipe.sources.detectors import FIRST_CLASS, can_measure_map, detector, refuse_weights
from recipe.sources.hf_data import hf_images, hf_kind, hf_set, is_hf
from recipe.sources.hf_texts import hf_encoder
from recipe.sources.hub import Factory, bare, is_hub, label
from recipe.sources.image_folders import image_folder
from recipe.sources.image_format import ImageFormat
from recipe.sources.image_labelling import HOW
from recipe.sources.image_names import suffixes
from recipe.sources.inputs_json import InputsRecord
from recipe.sources.models_by_name import (
    USUAL,
    check_model,
    check_weights,
    factory,
    image_format_of,
    is_for_text,
    is_torchvisions,
    last_layer,
)
from recipe.sources.segmentation import is_segmentation, segmentation_folder
from recipe.sources.source import TEXTS, Kind, Source
from recipe.sources.table_files import TABLES, is_table, path_and_sheet, tables_in
from recipe.sources.text_files import text_file
from recipe.sources.text_tables import TextEncoder, texts_reader
from recipe.sources.torchvision_data import SETS, known_set, torchvision_set

FREE_EPOCHS = {
    "images": 15,
    "table": 30,
    "text": 15,
    "texts": 15,
    "segmentation": 15,
    "detection": 15,
}
"""Epochs of one full training where none are named."""
BATCH = {"images": 64, "table": 32, "text": 32, "texts": 32, "segmentation": 16,
         "detection": 8}  # fmt: skip
NAME_DATA = (
    f"name a folder of images ({HOW}), a table (.csv, .jsonl, .parquet, .xlsx), a text (.txt), or "
    "one of torchvision's data sets, or hf:NAME"
)
LARGE_BATCH, MANY = 128, 10_000
PRETRAINED_EPOCHS = 5
TORCHVISIONS = "DEFAULT"
"""What torchvision calls the best of its weights."""


def kind_of(data: str) -> Kind:
    """What lies under this name: an existing path first, then a data set of torchvision.

    Raises:
        UsageError: nothing does.

    """
    if is_hf(data):
        return hf_kind(data)
    path = Path(data)
    if path.is_dir():
        return _kind_of_folder(path)
    if path_and_sheet(data)[0].is_file() and is_table(path_and_sheet(data)[0]):
        return "table"
    if path.suffix.lower() in TEXTS and path.is_file():
        return "text"
    if known_set(data):
        return "images"
    if path.is_file():
        raise UsageError(
            f"{data!r} is neither a folder of images nor a table nor a text: its name has to end "
            f"in one of {', '.join((*TABLES, *TEXTS))}."
        )
    near = get_close_matches(data.lower(), SETS, n=1)
    sets = f"there are {len(SETS)}, such as cifar10, fashionmnist and food101"
    what = f"did you mean {near[0]!r}?" if near else f"{NAME_DATA} ({sets})."
    raise UsageError(f"There is no data {data!r}: {what}")


def _kind_of_folder(folder: Path) -> Kind:
    if is_detection(folder):
        return "detection"
    if is_segmentation(folder):
        return "segmentation"
    return "table" if _holds_tables(folder) else "images"


def _holds_tables(folder: Path) -> bool:
    """Whether there are tables in a folder, and no images anywhere below it."""
    return bool(tables_in(folder)) and not any(
        path.suffix.lower() in suffixes() for path in folder.rglob("*")
    )


def experiment_by_name(
    data: str,
    *,
    model: str | None = None,
    target: str | None = None,
    task: str | None = None,
    group: str | None = None,
    time: str | None = None,
    column: Mapping[str, str] | None = None,
    pretrained: bool = False,
    weights: Path | None = None,
    image_size: int | None = None,
    augment: str | None = None,
    skip_unreadable: bool = False,
    data_dir: Path | None = None,
) -> tuple[Experiment, tuple[str, ...]]:
    """The experiment, and sentences about what was guessed.

    Args:
        data: a folder of images, a table, a text, or a data set of torchvision.
        model: see `model_names`; None: the usual one for this kind of data.
        target: the column of a table to predict, or several: a,b; of images see `image_folder`.
        task: of a table, where it is not what the column looks like.
        group: of a table, a column of which no value is both in training and in validation.
        time: of a table, a column by which rows are ordered: the latest validate.
        column: of a table, kinds of columns by name, where they are not what they look like.
        pretrained: begin with the library's weights, the last layer drawn anew.
        weights: a file of weights to begin with, in the same way.
        image_size: side of the images in pixels.
        augment: `none`, `shift` or `flip`.
        skip_unreadable: leave out images that cannot be read.
        data_dir: where downloaded data sets are kept.

    Raises:
        UsageError: a name that is unknown, or data that cannot be used.

    """
    kind = kind_of(data)
    name = model or USUAL[kind]
    read_as: Kind = "texts" if kind == "table" and is_for_text(name) else kind
    check_model(name, read_as, pretrained=pretrained)
    _check_beginning(name, read_as, weights, pretrained=pretrained)
    of_table: dict[str, Any] = {"target": target, "task": task, "group": group, "time": time,
                                "column": column or None}  # fmt: skip
    check_options(data, kind, **of_table, image_size=image_size, augment=augment,
                  skip_unreadable=skip_unreadable or None)  # fmt: skip
    if kind == "table":
        encoder = _encoder(name) if read_as == "texts" else None
        source = (hf_set if is_hf(data) else csv_table)(data, **of_table, encoder=encoder)
        name = model or USUAL[source.kind]
        check_model(name, source.kind, pretrained=pretrained)
    elif kind == "text":
        source = text_file(data)
    else:
        look = _look(name, kind, image_size, weights, pretrained=pretrained)
        more: Any = {"folder": data_dir, "skip_unreadable": skip_unreadable, "target": target}
        source = _images(data, kind, look, size=image_size, augment=augment or "none", **more)
    make = _made(name, kind, source, image_size, pretrained=pretrained)
    experiment = _experiment(source, name, make, pretrained=pretrained, weights=weights)
    return experiment, (f"Data {source.name}: {source.notes[0]}", *source.notes[1:])


def _look(
    name: str, kind: Kind, image_size: int | None, weights: Path | None, *, pretrained: bool
) -> ImageFormat | None:
    """How a classifier of this name wants its images; None for other kinds of models."""
    if kind != "images":
        return None
    theirs = weights is not None and is_torchvisions(weights, name)
    return image_format_of(name, image_size, pretrained=pretrained or theirs)


def _made(
    name: str, kind: Kind, source: Source, image_size: int | None, *, pretrained: bool
) -> Factory:
    """What builds the model for the inputs and outputs of the data."""
    if kind == "detection":
        return detector(name, source.outputs, image_size)
    return factory(
        name, source.kind, source.shape, source.outputs, pretrained=pretrained,
        options=getattr(source.reader, "model_options", None),
    )  # fmt: skip


def _check_beginning(name: str, kind: Kind, weights: Path | None, *, pretrained: bool) -> None:
    """What the model begins with, before the data is read, which takes time."""
    if pretrained and weights is not None:
        raise UsageError(
            f"Both --pretrained and --weights {str(weights)!r} were named: name one of them."
        )
    if kind == "detection" and (pretrained or weights is not None):
        refuse_weights()
    if pretrained:
        check_weights(name, kind)
    if weights is not None:
        read_weights(weights)


def _images(
    data: str, kind: Kind, look: ImageFormat | None, *, size: int | None, augment: str,
    target: str | None, folder: Path | None, skip_unreadable: bool,
) -> Source:  # fmt: skip
    """Images with a class, a mask or boxes each, from wherever the name says."""
    if kind == "segmentation":
        return segmentation_folder(data, size=size, skip_unreadable=skip_unreadable)
    if kind == "detection":
        return detection_folder(data, size=size, first=FIRST_CLASS, skip_unreadable=skip_unreadable)
    if is_hf(data):
        return hf_images(data, look, target=target, size=size, augment=augment)
    if Path(data).is_dir():
        return image_folder(
            data, look, size=size, augment=augment, target=target, skip_unreadable=skip_unreadable
        )
    return torchvision_set(data, look, size=size, augment=augment, folder=folder)


def _encoder(name: str) -> TextEncoder:
    """What makes inputs of text for a model that reads it."""
    return hf_encoder(bare(name)) if is_hub(name) else texts_reader


def _experiment(
    source: Source, name: str, make: Factory, *, pretrained: bool, weights: Path | None
) -> Experiment:
    """What is usual for this kind of data and this model."""
    kind = source.kind
    n = len(source.train[0] if isinstance(source.train, tuple) else source.train)
    moved = pretrained or weights is not None
    return Experiment(
        model=make,
        head=last_layer(make()) if moved else None,
        weights=TORCHVISIONS if pretrained else weights,
        train=source.train, val=source.val, test=source.test, task=source.task,
        optimizer="adamw"
        if pretrained or kind != "images" or is_hub(name) or "vit" in name or "swin" in name
        else "sgd",
        batch_size=LARGE_BATCH if n >= MANY else BATCH[kind],
        epochs=PRETRAINED_EPOCHS if pretrained else FREE_EPOCHS[kind],
        augment=source.augment, name=f"{source.name}-{label(name)}",
        inputs=_kept(name, source, pretrained), columns=source.columns,
        metric="map" if kind == "detection" and can_measure_map() else None,
    )  # fmt: skip


def _kept(name: str, source: Source, pretrained: bool) -> InputsRecord | None:
    """What a run keeps, to answer without the data."""
    if source.reader is None:
        return None
    return InputsRecord(
        source.kind, source.reader, name, source.task, source.shape, source.outputs, source.classes,
        source.scale, pretrained,
    )  # fmt: skip


def check_options(data: str, kind: Kind, **given: object) -> None:
    """An option that this kind of data does not have is a mistake, not a wish to be ignored."""
    fits: dict[str, tuple[str, ...]] = {
        "image_size": ("images", "segmentation", "detection"), "augment": ("images",),
        "skip_unreadable": ("images", "segmentation", "detection"),
    } | dict.fromkeys(("target", "task", "group", "time", "column"), ("table",))  # fmt: skip
    for name, value in given.items():
        also = name == "target" and (is_hf(data) or (kind == "images" and Path(data).is_dir()))
        if value not in (None, {}) and kind not in fits[name] and not also:
            whose = {"table": "tables", "images": "images"}[fits[name][0]]
            raise UsageError(
                f"--{name.replace('_', '-')} is for {whose}, {data!r} is {kind}: leave it out."
            )
