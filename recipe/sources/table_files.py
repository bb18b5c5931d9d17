"""A table from anywhere as columns of text: CSV, JSON, Parquet, Arrow, Excel, or in Python a pandas
DataFrame or a pyarrow Table.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recipe.core.errors import UsageError
from recipe.core.names import unknown
from recipe.sources.csv_cells import (
    Columns,
    columns_of_rows,
    decimal_sign,
    read_csv,
    unique_names,
)
from recipe.sources.json_records import JSON_LINES, records_of
from recipe.sources.unpacking import PACKED

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = (".csv", ".tsv", ".tab", ".psv", ".data", ".dat", ".jsonl", ".ndjson", ".json", ".parquet",
          ".feather", ".arrow", ".xlsx", ".xlsm", ".xls")  # fmt: skip
"""Endings of files that are tables."""
COVER = 0.3
"""A first sheet with less than this share of the filled cells of another one is a cover."""
EXCEL = (".xlsx", ".xls", ".xlsm")
XLSX = (".xlsx", ".xlsm")
ARROW = (".feather", ".arrow")
IN_MEMORY = "the table"
"""What messages call a table that was handed over in Python."""
INDEX = "__index_level_"
"""What pandas calls a nameless index that it writes into a file."""
LARGEST_EXACT = 2**53
"""Up to here every whole number is one of float64."""


def read_table(data: Any, header: bool | None = None, wanted: str | None = None) -> Columns:
    """Read a table.

    Args:
        data: a path (.csv, .tsv, .data, .jsonl, .json, .parquet, .feather, .arrow, .xlsx, .xls;
            also packed, as .csv.gz), with `#NAME` behind it for a sheet of a workbook; a folder
            of files with the same columns; a pandas DataFrame, a pyarrow Table, or columns by name.
        header: of a CSV file; see `read_csv`.
        wanted: a column that is needed, by which one of several sheets is chosen.

    Raises:
        UsageError: it cannot be read, has no rows, or needs a package that is missing.

    """
    if isinstance(data, Columns):
        return data
    if not isinstance(data, str | Path):
        return _of_memory(data)
    path, sheet = path_and_sheet(data)
    if path.is_dir():
        return _folder(path, header, wanted)
    suffix = table_suffix(path)
    if suffix in EXCEL:
        _check_there(path)
        return replace(_excel(path, header, sheet, wanted), path=path)
    if suffix not in (".json", *JSON_LINES, ".parquet", *ARROW):
        return read_csv(path, header)
    _check_there(path)
    reads = _json if suffix in (".json", *JSON_LINES) else _arrow
    return replace(reads(path), path=path)


def _check_there(path: Path) -> None:
    if not path.is_file():
        raise UsageError(f"{str(path)!r} cannot be read (No such file or directory).")


def table_suffix(path: Path) -> str:
    """The ending that says how a file is read: that before `.gz` of a packed one."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        inner = suffixes[-2] if len(suffixes) > 1 else ""
        return inner if inner in TABLES else ".csv"
    return suffixes[-1] if suffixes else ""


def path_and_sheet(data: str | Path) -> tuple[Path, str | None]:
    """A path, and the sheet of a workbook that is named behind it."""
    path = Path(data)
    name, mark, sheet = str(data).rpartition("#")
    if mark and not path.exists() and Path(name).suffix.lower() in EXCEL:
        return Path(name), sheet
    return path, None


def is_table(path: Path) -> bool:
    """Whether a path is a file that is read as a table, by its ending."""
    packed = path.suffix.lower() in PACKED and (
        len(path.suffixes) > 1 and path.suffixes[-2].lower() in TABLES
    )
    return path.suffix.lower() in TABLES or packed


def tables_in(folder: Path) -> list[Path]:
    """The tables of a folder, in the order of their names; hidden files are passed over."""
    return sorted(p for p in folder.iterdir()
                  if p.is_file() and is_table(p) and not p.name.startswith((".", "~", "_")))  # fmt: skip # noqa: E501


def _folder(folder: Path, header: bool | None, wanted: str | None) -> Columns:
    """The files of a folder that have the same columns, below each other. Where they differ, those
    are taken that have the column which is wanted, else the largest group.
    """
    files = tables_in(folder)
    if not files:
        raise UsageError(
            f"{str(folder)!r} holds no table: its files have to end in one of {', '.join(TABLES)}."
        )
    read = [(path, read_table(path, header)) for path in files]
    groups: dict[frozenset[str], list[tuple[Path, Columns]]] = {}
    for path, table in read:
        groups.setdefault(frozenset(table.names), []).append((path, table))
    names = [name.strip() for name in (wanted or "").split(",") if name.strip()]
    usable = [g for columns, g in groups.items() if all(name in columns for name in names)]
    chosen = max(usable or list(groups.values()), key=lambda g: sum(len(t) for _, t in g))
    first = chosen[0][1]
    cells = tuple(tuple(cell for _, table in chosen for cell in table.column(name))
                  for name in first.names)  # fmt: skip
    rows = tuple(range(1, len(cells[0]) + 1))
    said = f"{len(chosen)} files of one table are read: {', '.join(p.name for p, _ in chosen)}."
    others = [path.name for path, table in read if all(table is not t for _, t in chosen)]
    left = [f"Other columns, not read: {', '.join(others)}."] if others else []
    notes = dict.fromkeys(note for _, table in chosen for note in table.notes)
    said = said if len(chosen) > 1 else f"The table {chosen[0][0].name} is read."
    return replace(first, cells=cells, rows=rows, path=folder, notes=(said, *left, *notes))


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
    return Columns(unique_names(list(plain)), cells, decimal_sign(cells), rows=tuple(places),
                   path=path, notes=tuple(dict.fromkeys(said)))  # fmt: skip


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


def _excel(path: Path, header: bool | None, sheet: str | None, wanted: str | None) -> Columns:
    """A sheet of a workbook: the named one, else the first that has the wanted column, else the
    first that is no mere cover.
    """
    # Blocks of merged cells are known only where all of the file is read at once.
    whole = {"engine_kwargs": {"read_only": False}} if path.suffix.lower() in XLSX else {}
    with _needs(path, "pandas") as pandas, pandas.ExcelFile(path, **whole) as book:
        if sheet is not None and sheet not in book.sheet_names:
            raise UsageError(f"{path}: {unknown('sheet', sheet, book.sheet_names)}")
        names = [sheet] if sheet is not None else list(book.sheet_names)
        grids = {name: _grid(pandas, book, name) for name in names}
    filled = {name: rows for name, rows in grids.items() if rows}
    if not filled:
        raise UsageError(f"{str(path)!r} is empty: name a table with a row per item.")
    sizes = {name: sum(bool(cell) for row in rows.values() for cell in row)
             for name, rows in filled.items()}  # fmt: skip
    columns = [each.strip() for each in (wanted or "").split(",") if each.strip()]
    has = [name for name, rows in filled.items()
           if columns and any(set(columns) <= set(row) for row in rows.values())]  # fmt: skip
    large = [name for name in filled if sizes[name] >= COVER * max(sizes.values())]
    chosen = (has or large)[0]
    notes = []
    if len(grids) > 1:
        place = "first" if chosen == next(iter(grids)) else f"sheet {list(grids).index(chosen) + 1}"
        notes.append(f"The {place} of {len(grids)} sheets is read: {chosen} (name another one as "
                     f"{path.name}#{next(n for n in grids if n != chosen)}).")  # fmt: skip
    return columns_of_rows(filled[chosen], path, header, notes)


def _grid(pandas: Any, book: Any, name: str) -> dict[int, list[str]]:
    """The rows of a sheet that have any value, by their place from 1; of merged cells each has the
    value.
    """
    frame = pandas.read_excel(
        book, sheet_name=name, header=None, dtype=object, keep_default_na=False, na_values=[""]
    )
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    _fill_merged(book, name, rows)
    return {place: row for place, row in enumerate(rows, 1) if any(row)}


def _fill_merged(book: Any, name: str, rows: list[list[str]]) -> None:
    """Give every cell of a block that was merged over several rows the value of its first one."""
    try:
        merged = book.book[name].merged_cells.ranges
    except (AttributeError, KeyError, TypeError):
        return  # of another library than openpyxl, or read without its blocks
    for block in merged:
        for row in range(block.min_row, min(block.max_row, len(rows))):
            for column in range(block.min_col - 1, min(block.max_col, len(rows[row]))):
                if block.max_row > block.min_row and block.min_col == block.max_col:
                    rows[row][column] = rows[block.min_row - 1][column]


def _json(path: Path) -> Columns:
    records = records_of(path)
    names = dict.fromkeys(name for record in records for name in record)
    return columns_of({name: [record.get(name) for record in records] for name in names}, path)
