"""What a run on data by name keeps beside its weights: how files become inputs, how the model is
built, and what its outputs mean. With it the model answers where the training data are not.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from torch import Tensor, nn

from recipe.core.errors import UsageError
from recipe.core.files import read_plain, to_json, write_text
from recipe.core.json_fields import check_types
from recipe.experiment import Experiment
from recipe.sources.cell_numbers import NumberStyle
from recipe.sources.csv_cells import Columns
from recipe.sources.dates import Dates
from recipe.sources.hf_texts import HubTextsReader
from recipe.sources.image_files import ImageReader
from recipe.sources.models_by_name import factory
from recipe.sources.readers import Numbers, Reader, TableReader, TextReader, Words
from recipe.sources.source import TEXTS, Kind, Scale
from recipe.sources.table_files import is_table, tables_in
from recipe.sources.text_parts import TextParts, agree, read_encoders, write_encoders
from recipe.sources.text_tables import TextsReader
from recipe.sources.typed_columns import TypedColumn

WANTED: Mapping[Kind, str] = {
    "images": "images", "table": "a table", "text": "a text", "texts": "a table of texts",
    "segmentation": "images", "detection": "images",
}  # fmt: skip
READERS: dict[str, Callable[..., Any]] = {
    "images": ImageReader, "table": TableReader, "text": TextReader, "texts": TextsReader,
    "segmentation": ImageReader,
}  # fmt: skip
OF_IMAGES = ("images", "segmentation")
PARTS: Mapping[str, Callable[..., Any]] = {
    "columns": TypedColumn, "numbers": Numbers, "words": Words, "texts": TextParts,
}  # fmt: skip
"""What the lists of a `TableReader` hold."""
FILE = "inputs.json"
"""In the run folder."""
MOST_SAID = 200
"""Characters of what is wrong with it."""
SAME = 1e-5
"""Of two numbers that were measured on the same data, on two machines."""


@dataclass(frozen=True)
class InputsRecord:
    """Model and data by name, without the data."""

    kind: Kind
    reader: Reader
    model: str | None
    """Its name; None for a factory of the user's own."""
    task: str
    shape: tuple[int, ...]
    """Of one input."""
    outputs: int
    classes: tuple[str, ...] = ()
    scale: Scale | None = None
    """Mean and deviation of amounts that are predicted: the model was trained on scaled ones."""
    pretrained: bool = False

    def experiment(self) -> Experiment | None:
        """An experiment that builds the model, and has nothing to train it on; None where the model
        is the user's own.
        """
        if self.model is None:
            return None
        make = factory(
            self.model, self.kind, self.shape, self.outputs, pretrained=self.pretrained,
            options=getattr(self.reader, "model_options", None),
        )  # fmt: skip
        return Experiment(model=make, train=None, task=self.task, inputs=self)

    def write(self, folder: Path, made: Callable[..., nn.Module]) -> None:
        """Write it into a run folder.

        Args:
            folder: of the run.
            made: the factory that the run has: where it is another one than that of the name, the
                name is left out.

        """
        own = self.experiment()
        same = own is not None and _parts(own.model) == _parts(made)
        kept = self if same else replace(self, model=None)
        write_text(folder / FILE, to_json(_plain(kept), indent=1) + "\n")
        write_encoders(folder, getattr(self.reader, "texts", ()))

    def check_kind(self, path: Path) -> None:
        """Raise UsageError where a path cannot be of the kind of data that the run has."""
        said = f"the run was trained on {WANTED[self.kind]}"
        of_tables = self.kind in ("table", "texts") and path.is_dir() and bool(tables_in(path))
        if self.kind not in OF_IMAGES and path.is_dir() and not of_tables:
            raise UsageError(f"{str(path)!r} is a folder, {said}: name one.")
        if (
            self.kind in OF_IMAGES
            and path.is_file()
            and (is_table(path) or path.suffix.lower() in TEXTS)
        ):
            raise UsageError(f"{str(path)!r} is no image, {said}: name some.")

    def check(self, path: Path, x: Tensor) -> None:
        """Raise UsageError where images that were read are not of the size of those in training."""
        if self.kind in OF_IMAGES and tuple(x.shape[1:]) != self.shape:
            raise UsageError(
                f"{str(path)!r} becomes inputs of shape {list(x.shape[1:])}, the model was trained "
                f"with {list(self.shape)}: give images of that size."
            )

    def agrees(self, other: "InputsRecord") -> bool:
        """Whether the same files become the same inputs, but for rounding."""
        same = _alike(_plain(replace(self, model=None)), _plain(replace(other, model=None)))
        pairs = zip(*(getattr(each.reader, "texts", ()) for each in (self, other)), strict=False)
        return same and all(agree(mine, theirs) for mine, theirs in pairs)

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """What a run folder holds of it; None where there is nothing.

        Raises:
            UsageError: it cannot be read.

        """
        path = folder / FILE
        if not path.exists():
            return None
        try:
            data = json.loads(read_plain(path))
            data["reader"] = _reader(data["kind"], data["reader"], folder)
            for name in ("shape", "classes", "scale"):
                data[name] = _tuples(data[name])
            check_types(read := cls(**data))
            _check_fits(read)
        except (
            OSError, ArithmeticError, ValueError, LookupError, TypeError, AttributeError,
            RecursionError,
        ) as error:  # fmt: skip
            raise UsageError(
                f"{str(path)!r} cannot be read ({str(error)[:MOST_SAID]}): copy the whole run "
                "folder again, or delete the file where the training data are at hand."
            ) from error
        return read


def _check_fits(record: InputsRecord) -> None:
    """Raise where the parts of a table's reader do not fit together: it is tried on a blank row."""
    reader = record.reader
    if not isinstance(reader, TableReader):
        return
    row = Columns(reader.names, (("",),) * len(reader.names), rows=(1,))
    with np.errstate(divide="raise", over="raise"):
        found = reader.inputs(row, [0]).shape[1:]
    if found != record.shape:
        raise ValueError(f"its columns give inputs of shape {found}, not {record.shape}")


def _parts(made: Callable[..., nn.Module]) -> Any:
    """What two factories by name are compared by."""
    return (made.func, made.args, made.keywords) if isinstance(made, partial) else made


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=SAME, abs_tol=SAME)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    return bool(one == other)


def _plain(record: InputsRecord) -> dict[str, Any]:
    """A record as plain values, the encoders of texts left out, which have a file of their own."""
    reader = record.reader
    if isinstance(reader, TableReader) and reader.texts:
        bare = tuple(replace(each, encoder=None) for each in reader.texts)
        record = replace(record, reader=replace(reader, texts=bare))
    return asdict(record)


def _reader(kind: str, data: Mapping[str, Any], folder: Path) -> Reader:
    given = {name: _tuples(value) for name, value in data.items()}
    if READERS[kind] is TableReader:
        for name, part in PARTS.items():
            listed = data.get(name, [])
            given[name] = tuple(part(**{k: _tuples(v) for k, v in one.items()}) for one in listed)
        given["columns"] = tuple(map(_with_style, given["columns"]))
        given["dates"] = tuple((name, Dates(each["first"], _tuples(each["parts"])))
                               for name, each in data.get("dates", []))  # fmt: skip
        if given["texts"]:
            kept = read_encoders(folder)
            given["texts"] = tuple(replace(t, encoder=kept[t.name]) for t in given["texts"])
    cls = HubTextsReader if "tokenizer" in given else READERS[kind]
    made: Reader = cls(**given)
    return made


def _with_style(column: TypedColumn) -> TypedColumn:
    """A column whose style of numbers was read as plain values."""
    plain: Any = column.style
    if plain is None:
        return column
    return replace(column, style=NumberStyle(**{k: _tuples(v) for k, v in plain.items()}))


def _tuples(value: Any) -> Any:
    """Lists of JSON as the tuples that they were."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
