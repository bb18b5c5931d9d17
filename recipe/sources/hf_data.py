"""Data sets of Hugging Face by name or from a folder: `hf:NAME`, `hf:NAME:CONFIGURATION`."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from torch.utils.data import Dataset

from recipe.core.errors import UsageError
from recipe.core.names import unknown
from recipe.sources.augment import augmentation
from recipe.sources.csv_data import table_source
from recipe.sources.hub import is_local, package, why
from recipe.sources.image_folders import VAL_SHARE
from recipe.sources.image_format import (
    LOOKED_AT,
    MEASURED,
    ImageFormat,
    described,
    evenly_spread,
    reader_for,
)
from recipe.sources.image_layout import SPLITS
from recipe.sources.source import Kind, Source
from recipe.sources.table_files import columns_of
from recipe.sources.text_tables import TextEncoder

PREFIX = "hf:"
SAVED = ("dataset_dict.json", "state.json")
"""What a folder of `save_to_disk` holds."""
LABELS = ("label", "labels", "class", "target")
"""Columns that are predicted where none is named and none holds named classes."""
Parts = Mapping[str, Any]


def is_hf(data: str) -> bool:
    """Whether data are named with the prefix."""
    return data.startswith(PREFIX)


def hf_kind(data: str) -> Kind:
    """What a data set holds: images where one of its columns does, else a table.

    Raises:
        UsageError: it cannot be loaded.

    """
    return "images" if _of_type(load(data)["train"], "Image") else "table"


@cache
def load(data: str) -> Parts:
    """The parts `train`, and where there are any `val` and `test`.

    Raises:
        UsageError: `datasets` is missing, or the data set cannot be loaded.

    """
    library = package("datasets", "hub", data)
    name, _, config = data.removeprefix(PREFIX).partition(":")
    try:
        if any((Path(name) / file).is_file() for file in SAVED):
            found = library.load_from_disk(name)
        else:
            found = library.load_dataset(name, config or None)
    except KeyboardInterrupt:
        raise
    except Exception as error:
        todo = _todo(name, error)
        raise UsageError(f"{data!r} cannot be loaded ({why(error)}): {todo}") from error
    given = dict(found) if isinstance(found, dict) else {"train": found}
    parts = {part: given[known] for part, names in SPLITS.items()
             if (known := next((n for n in names if n in given), None))}  # fmt: skip
    if "train" not in parts:
        raise UsageError(
            f"{data!r} has no part 'train', but {', '.join(map(str, given))}: name other data."
        )
    return parts


def _todo(name: str, error: Exception) -> str:
    if "config" in str(error).lower():
        return f"name one as in --data hf:{name}:CONFIGURATION."
    if is_local(name):
        return "name a folder of Parquet, CSV or JSON files, or one that `save_to_disk` wrote."
    return "connect to the network, or name a folder here that holds it."


def hf_set(
    data: str,
    target: str | None = None,
    task: str | None = None,
    *,
    group: str | None = None,
    time: str | None = None,
    column: Mapping[str, str] | None = None,
    encoder: TextEncoder | None = None,
) -> Source:
    """A table or texts of Hugging Face; see `csv_table`. The data set's own parts are kept, unless
    `group` or `time` says how to split its training part.

    Raises:
        UsageError: it cannot be loaded or used.

    """
    parts = load(data)
    target = target or _target(data, parts["train"])
    tables = {part: _named(rows) for part, rows in parts.items()}
    notes = []
    if "test" in tables and not any(_has_value(tables["test"], name) for name in target.split(",")):
        del tables["test"]
        notes.append("The part 'test' has no labels and is left out.")
    if group is not None or time is not None:
        notes += [
            f"The part {part!r} is left out: --group and --time split the training part."
            for part in tables
            if part != "train"
        ]
        tables = {"train": tables["train"]}
    place = Path(data.removeprefix(PREFIX))
    merged = {name: [value for table in tables.values() for value in table[name]]
              for name in tables["train"]}  # fmt: skip
    sizes = {part: len(next(iter(table.values()))) for part, table in tables.items()}
    table = columns_of(merged, place, notes)
    owners = [part for part, size in sizes.items() for _ in range(size)]
    given = [owners[row - 1] for row in table.rows] if len(tables) > 1 else None
    return table_source(
        table, target, task, group=group, time=time, column=column, encoder=encoder, parts=given
    )  # fmt: skip


def _has_value(table: Mapping[str, Sequence[Any]], name: str) -> bool:
    return any(value is not None for value in table.get(name.strip(), ()))


def _named(rows: Any) -> dict[str, list[Any]]:
    """The columns, classes by their names; -1 stands for none."""
    columns: dict[str, list[Any]] = rows.to_dict()
    for name in _of_type(rows, "ClassLabel"):
        names = rows.features[name].names
        columns[name] = [None if k is None or k < 0 else names[k] for k in columns[name]]
    return columns


def _of_type(rows: Any, kind: str) -> list[str]:
    """The columns of a type of `datasets`."""
    return [name for name, feature in rows.features.items() if type(feature).__name__ == kind]


def _target(data: str, rows: Any) -> str:
    """The column to predict, where only one can be meant."""
    classes = _of_type(rows, "ClassLabel")
    likely = [name for name in rows.features if name.lower() in LABELS]
    for found in (classes, likely):
        if len(found) == 1:
            return found[0]
    raise UsageError(
        f"Which column of {data!r} should be predicted? Name it with --target: "
        f"{', '.join(rows.features)}."
    )


class HubImages(Dataset[tuple[Any, int]]):
    """Images and the numbers of their classes."""

    def __init__(self, rows: Any, image: str, label: str, classes: Sequence[str]) -> None:
        self.rows, self.image, self.label = rows, image, label
        self.classes = list(classes)
        self.transform: Any = None
        place = {name: index for index, name in enumerate(self.classes)}
        named = rows.features[label]
        words = getattr(named, "names", None)
        self.targets = [place[str(words[k] if words else k)] for k in rows[label]]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        """An image as the transform gives it, and its class."""
        image = self.picture(index)
        return (image if self.transform is None else self.transform(image)), self.targets[index]

    def picture(self, index: int) -> Any:
        """An image, as Pillow opens it."""
        return self.rows[index][self.image]


def hf_images(
    data: str,
    look: ImageFormat | None = None,
    *,
    target: str | None = None,
    size: int | None = None,
    augment: str = "none",
) -> Source:
    """Images with a class each, of Hugging Face; see `image_folder`.

    Raises:
        UsageError: it cannot be loaded, or holds no images with a class.

    """
    parts = load(data)
    rows = parts["train"]
    image = _of_type(rows, "Image")[0]
    target = target or _target(data, rows)
    if target not in rows.features:
        raise UsageError(f"{data}: {unknown('column', target, rows.features)}")
    classes = getattr(rows.features[target], "names", None) or _classes(data, rows, target)
    notes = []
    if "test" in parts and all(k is None or k == -1 for k in parts["test"][target]):
        parts = {part: found for part, found in parts.items() if part != "test"}
        notes.append("The part 'test' has no labels and is left out.")
    sets = {part: _opened(data, found, image, target, classes) for part, found in parts.items()}
    train = sets["train"]
    chosen = evenly_spread(len(train), MEASURED)
    sizes = [train.picture(k).size for k in evenly_spread(len(train), LOOKED_AT)]
    reader, shape = reader_for(
        look or ImageFormat(size=size), sizes, lambda: _pictures(train, chosen)
    )
    for each in sets.values():
        each.transform = reader.transform()
    return Source(
        name=Path(data.removeprefix(PREFIX)).name, kind="images", task="classification",
        train=train, val=sets.get("val", VAL_SHARE), test=sets.get("test"), shape=shape,
        outputs=len(classes), classes=tuple(classes), augment=augmentation(augment), reader=reader,
        notes=(f"{described(len(train), len(classes), shape)}, {target!r} is predicted.", *notes),
    )  # fmt: skip


def _classes(data: str, rows: Any, target: str) -> list[str]:
    """The classes of a column of words or whole numbers."""
    values = set(rows[target])
    if not all(isinstance(value, str | int) for value in values) or len(values) < 2:
        raise UsageError(
            f"{data}: {target!r} holds no classes, such as {next(iter(values), None)!r}: name "
            "another column with --target."
        )
    return [str(value) for value in sorted(values)]


def _opened(data: str, rows: Any, image: str, target: str, classes: Sequence[str]) -> HubImages:
    try:
        return HubImages(rows, image, target, classes)
    except (KeyError, IndexError) as error:
        raise UsageError(
            f"{data}: {target!r} holds {error.args[0]!r} in one part, which the training part "
            "lacks: leave such items out."
        ) from error


def _pictures(images: HubImages, chosen: Sequence[int]) -> Iterator[Any]:
    for index in chosen:
        yield images.picture(index)
