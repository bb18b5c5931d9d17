"""A table from anywhere as columns of text: CSV, JSON, Parquet, Arrow, Excel, or in Python a pandas
DataFrame or a pyarrow Table.
"""

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recipe.core.errors import UsageError
from recipe.sources.csv_cells import Columns, read_csv, unique_names

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON_LINES = (".jsonl", ".ndjson")
EXCEL = (".xlsx", ".xls", ".xlsm")
ARROW = (".feather", ".arrow")
IN_MEMORY = "the table"
"""What messages call a table that was handed over in Python."""
INDEX = "__index_level_"
"""What pandas calls a nameless index that it writes into a file."""
LARGEST_EXACT = 2**53
"""Up to here every whole number is one of float64."""


def read_table(data: Any, header: bool | None = None, decimal: str | None = None) -> Columns:
    """Read a table.

    Args:
        data: a path (.csv, .tsv, .data, .jsonl, .json, .parquet, .feather, .arrow, .xlsx, .xls), a
            pandas DataFrame, a pyarrow Table, or columns by name.
        header: of a CSV file; see `read_csv`.
        decimal: of a CSV file; see `read_csv`.

    Raises:
        UsageError: it cannot be read, has no rows, or needs a package that is missing.

    """
    if isinstance(data, Columns):
        return data
    if not isinstance(data, str | Path):
        return _of_memory(data)
    path = Path(data)
    suffix = path.suffix.lower()
    reads: Callable[[Path], Columns] | None = (
        _json if suffix in (".json", *JSON_LINES)
        else _arrow if suffix in (".parquet", *ARROW)
        else _excel if suffix in EXCEL
        else None
    )  # fmt: skip
    if reads is None:
        return read_csv(path, header, decimal)
    if not path.is_file():
        raise UsageError(f"{str(path)!r} cannot be read (No such file or directory).")
    return replace(reads(path), path=path)


def columns_of(
    columns: Mapping[Any, Sequence[Any]], path: Path = Path(IN_MEMORY), notes: Sequence[str] = ()
) -> Columns:
    """Columns of Python values as columns of text; nested values are left out with a note.

    Raises:
        UsageError: there is no row, or no column.

    """
    said, plain = list(notes), {}
    for name, values in columns.items():
        if str(name).startswith(INDEX):
            said.append("The index that pandas wrote into the file is left out.")
        elif nested := next((v for v in values if not _is_plain(v)), None):
            what = type(nested).__name__
            said.append(f"Left out, holds values of type {what} instead of one each: {name}.")
        else:
            plain[str(name)] = [_cell(value) for value in values]
    if not plain or not any(plain.values()):
        raise UsageError(f"{str(path)!r} is empty: name a table with a row per item.")
    rows = list(zip(*plain.values(), strict=True))
    places = [place for place, row in enumerate(rows, 1) if any(row)]
    if not places:
        raise UsageError(f"{str(path)!r} has no value in any row: name a table with some.")
    cells = tuple(zip(*(rows[place - 1] for place in places), strict=True))
    return Columns(unique_names(list(plain)), cells, rows=tuple(places), path=path,
                   notes=tuple(dict.fromkeys(said)))  # fmt: skip


def _is_plain(value: Any) -> bool:
    dimensions: int = getattr(value, "ndim", 0)
    return not dimensions and not isinstance(value, list | tuple | dict | set | bytes)


def _cell(value: Any) -> str:
    """A value as a CSV file would hold it; empty where there is none."""
    if value is None or str(value) in ("nan", "NaT", "<NA>"):
        return ""
    if hasattr(value, "item"):
        value = value.item()  # of numpy
    if isinstance(value, float):
        whole = math.isfinite(value) and value.is_integer() and abs(value) < LARGEST_EXACT
        return str(int(value)) if whole else repr(value)
    if isinstance(value, dt.timedelta):
        return repr(value.total_seconds())
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return str(value).strip()


def _of_memory(data: Any) -> Columns:
    """A DataFrame, a pyarrow Table, or a mapping of columns."""
    if hasattr(data, "to_pydict"):
        return columns_of(_unlike(data.column_names, data.to_pydict()))
    if hasattr(data, "columns") and hasattr(data, "iloc"):
        return columns_of(*_of_frame(data))
    if isinstance(data, Mapping):
        return columns_of(data)
    raise UsageError(
        f"A {type(data).__name__} is no table: pass a path, a pandas DataFrame or a pyarrow Table."
    )


def _unlike(names: Sequence[str], columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The columns; UsageError where two have one name, of which a mapping would lose the first."""
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise UsageError(f"The table has two columns {twice!r}: rename one of them.")
    return columns


def _of_frame(frame: Any) -> tuple[dict[str, list[Any]], Path, list[str]]:
    names = [" ".join(map(str, n)) if isinstance(n, tuple) else str(n) for n in frame.columns]
    columns = {
        name: frame.iloc[:, place].astype(object).tolist()
        for place, name in enumerate(unique_names(names))
    }
    plain = type(frame.index).__name__ == "RangeIndex"
    return columns, Path(IN_MEMORY), [] if plain else [
        "The index of the DataFrame is left out (reset_index() makes it a column)."]  # fmt: skip


@contextmanager
def _needs(path: Path, package: str) -> "Iterator[Any]":
    """A package that reads such files, and one sentence where it is missing or refuses the file."""
    hint = "pip install 'training-recipe[tables]', or export the table as CSV."
    try:
        yield import_module(package)
    except ImportError as error:
        missing = error.name or package
        raise UsageError(f"{str(path)!r} needs the package {missing!r}: {hint}") from error
    except UsageError:
        raise
    except Exception as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise UsageError(f"{str(path)!r} cannot be read as a table ({why.rstrip('.')}).") from error


def _arrow(path: Path) -> Columns:
    if path.suffix.lower() == ".parquet":
        with _needs(path, "pyarrow.parquet") as parquet:
            table = parquet.read_table(path)
    else:
        with _needs(path, "pyarrow.feather") as feather:
            table = _feather_or_stream(path, feather)
    return columns_of(_unlike(table.column_names, table.to_pydict()), path)


def _feather_or_stream(path: Path, feather: Any) -> Any:
    """A file of Arrow, or a stream, as `datasets` writes it under the same ending."""
    import pyarrow as pa

    try:
        return feather.read_table(path)
    except pa.ArrowInvalid:
        with pa.memory_map(str(path)) as file:
            return pa.ipc.open_stream(file).read_all()


def _excel(path: Path) -> Columns:
    with _needs(path, "pandas") as pandas, pandas.ExcelFile(path) as book:
        sheets = book.sheet_names
        frame = pandas.read_excel(book, sheet_name=sheets[0], dtype=object)
    columns, _, _ = _of_frame(frame)
    notes = [f"The first of {len(sheets)} sheets is read: {sheets[0]}."]
    return columns_of(columns, path, notes if len(sheets) > 1 else ())


def _json(path: Path) -> Columns:
    """Records: one object per line, a list of them, or a list under one key."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{str(path)!r} is no UTF-8 text ({error.reason}): save it so.") from error
    records = _lines(path, text) if path.suffix.lower() in JSON_LINES else _whole(path, text)
    odd = next((place for place, each in enumerate(records, 1) if not isinstance(each, dict)), None)
    if odd is not None or not records:
        what = f"record {odd} is no object" if records else "it is empty"
        raise UsageError(
            f'{str(path)!r} is no table ({what}): write one object per row, as in {{"text": "fine",'
            ' "label": "good"}.'
        )
    names = dict.fromkeys(name for record in records for name in record)
    return columns_of({name: [record.get(name) for record in records] for name in names}, path)


def _lines(path: Path, text: str) -> list[Any]:
    found = []
    for place, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except ValueError as error:
                raise UsageError(
                    f"{str(path)!r} holds no JSON in line {place} ({error}): fix that line."
                ) from error
    return found


def _whole(path: Path, text: str) -> list[Any]:
    try:
        data = json.loads(text)
    except ValueError:
        return _lines(path, text)  # JSON lines under the name .json, as data sets often come
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list)]
        data = lists[0] if len(lists) == 1 else [data]
    return data if isinstance(data, list) else [data]
