"""What a run on data by name keeps beside its weights: how files become inputs, how the model is
built, and what its outputs mean. With it the model answers where the training data are not.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from recipe.errors import UsageError
from recipe.experiment import Experiment
from recipe.files import to_json, write_text
from recipe.sources.models import factory
from recipe.sources.readers import READERS, Numbers, Reader, TableReader, Words
from recipe.sources.source import Kind

FILE = "inputs.json"
"""In the run folder."""


@dataclass(frozen=True)
class Kept:
    """Model and data by name, without the data."""

    kind: Kind
    reader: Reader
    model: str
    task: str
    shape: tuple[int, ...]
    """Of one input."""
    outputs: int
    classes: tuple[str, ...] = ()
    scale: tuple[float, float] | None = None
    """Mean and deviation of amounts that are predicted: the model was trained on scaled ones."""
    pretrained: bool = False

    def experiment(self) -> Experiment:
        """An experiment that builds the model, and has nothing to train it on."""
        make = factory(self.model, self.kind, self.shape, self.outputs, pretrained=self.pretrained)
        return Experiment(model=make, train=None, task=self.task, inputs=self)

    def write(self, folder: Path) -> None:
        """Write it into a run folder."""
        write_text(folder / FILE, to_json(asdict(self), indent=1) + "\n")

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
            data = json.loads(path.read_text("utf-8"))
            data["reader"] = _reader(data["kind"], data["reader"])
            for name in ("shape", "classes", "scale"):
                data[name] = None if data[name] is None else tuple(data[name])
            return cls(**data)
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise UsageError(
                f"{str(path)!r} cannot be read ({error}): copy the whole run folder again, or "
                "delete the file where the training data are at hand."
            ) from error


def _reader(kind: str, data: Mapping[str, Any]) -> Reader:
    given = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
    if READERS[kind] is TableReader:
        given["numbers"] = tuple(
            Numbers(**{**column, "missing": column["missing"] and tuple(column["missing"])})
            for column in data["numbers"]
        )
        given["words"] = tuple(Words(**{**c, "known": tuple(c["known"])}) for c in data["words"])
    made: Reader = READERS[kind](**given)
    return made
