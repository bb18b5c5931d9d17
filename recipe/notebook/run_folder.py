"""The run folder: its name, what makes it resumable, and the files in it."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recipe.core.errors import UsageError
from recipe.core.files import make_folder, read_plain, to_json, write_text
from recipe.core.json_fields import check_types
from recipe.core.results import RunResult
from recipe.notebook.journal import FILE, Journal, read_entries

RESULT, SETTINGS = "result.json", "recipe.toml"
RUN, FINISHED = "run", "finished"
DATA = "data"
"""In the journal of a run: by which its training and validation data are known again."""

NOTHING_YET = {FILE, ".lock"}
"""What a run folder has before its run is written down."""
MOST_SAID = 200
"""Characters of what is wrong with a result."""


def create(out: Path, name: str) -> Path:
    """A new folder `<name>-<time>` below `out`."""
    make_folder(out)
    stem = f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    for suffix in ("", *(f"-{n}" for n in range(2, 1000))):
        folder = out / f"{stem}{suffix}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise UsageError(f"{str(out)!r} holds a thousand runs of this second: choose another --out.")


def unfinished(out: Path, name: str, identity: Mapping[str, Any]) -> Path | None:
    """The latest run of this name that did not finish and was started with the same identity, or
    was killed before it had written down what it is.
    """
    same = json.loads(to_json(identity))  # as the journal holds it: lists, no tuples
    for folder in sorted(out.glob(f"{name}-*"), reverse=True):
        entries = read_entries(folder / FILE)
        started = entries.get((RUN, "identity"))
        if (folder / FILE).is_file() and not entries and _holds_nothing(folder):
            return folder
        if started is not None and (FINISHED, "run") not in entries and started == same:
            return folder
    return None


def _holds_nothing(folder: Path) -> bool:
    return {path.name for path in folder.iterdir()} <= NOTHING_YET


def resumable(out: Path) -> list[Path]:
    """Folders below `out` of runs that did not finish and that a command can go on with, the latest
    first.
    """
    found = []
    for settings in out.glob(f"*/{SETTINGS}"):
        folder = settings.parent
        entries = read_entries(folder / FILE)
        if (RUN, "identity") in entries and (FINISHED, "run") not in entries:
            found.append(folder)
    return sorted(found, key=lambda folder: (folder / FILE).lstat().st_mtime, reverse=True)


def is_watched(folder: Path) -> bool:
    """Whether it is of a loop of the user's own, which recipe.watch looked at."""
    return "watch" in (read_entries(folder / FILE).get((RUN, "identity")) or {})


def journal_if_free(folder: Path) -> Journal | None:
    """The journal of a folder; None when another process holds it."""
    try:
        return Journal(folder)
    except UsageError:
        return None


def write_result(result: RunResult, folder: Path) -> None:
    """Write result.json."""
    write_text(folder / RESULT, to_json(result.to_json(), indent=1) + "\n")


def read_result(folder: Path) -> RunResult:
    """Read a run folder's result.json.

    Raises:
        UsageError: there is none, or it is not readable.

    """
    path = folder / RESULT
    if not path.is_file():
        raise UsageError(_no_result(folder))
    try:
        return load(path)
    except ValueError as error:
        raise UsageError(
            f"{str(path)!r} cannot be read as a result ({error}): "
            f"write it again with 'recipe resume {folder}'."
        ) from error


def finished_result(folder: Path) -> RunResult | None:
    """The result of a run that came to its end; None where it did not, or where the result cannot
    be read.
    """
    if (FINISHED, "run") not in read_entries(folder / FILE):
        return None
    try:
        return load(folder / RESULT)
    except ValueError:
        return None


def load(path: Path) -> RunResult:
    """The result in a result.json.

    Raises:
        ValueError: it cannot be read, or holds something else.

    """
    try:
        result = RunResult.from_json(json.loads(read_plain(path)), path.parent)
        check_types(result)
    except (
        OSError,
        ArithmeticError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise ValueError(str(error)[:MOST_SAID]) from error
    return result


def _no_result(folder: Path) -> str:
    if not folder.exists():
        return f"There is no folder {str(folder)!r}: name a run folder, such as one below reports/."
    if not folder.is_dir():
        return f"{str(folder)!r} is a file: name the run folder that it lies in."
    if (folder / FILE).exists():
        return (
            f"{str(folder)!r} holds no {RESULT} yet: finish the run with 'recipe resume {folder}'."
        )
    return (
        f"{str(folder)!r} is no run folder (it holds no {RESULT}): name one, such as those below "
        "reports/."
    )


def to_toml(values: Mapping[str, Any]) -> str:
    """TOML of plain values: text, numbers, booleans, lists, one level of tables."""
    tables = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    lines = [f"{k} = {_toml(v)}" for k, v in values.items() if k not in tables and v is not None]
    for name, table in tables.items():
        lines += ["", f"[{name}]"] + [f"{json.dumps(k)} = {_toml(v)}" for k, v in table.items()]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
