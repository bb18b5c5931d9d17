"""A file of any kind as a sheet, by what it holds and whatever it is called."""

import bz2
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from recipe.core.errors import UsageError
from recipe.core.files import MOST_BYTES, read_plain, why
from recipe.logs.column_names import is_measure
from recipe.logs.event_files import is_event_file, scalars_of
from recipe.logs.frames import sheet_of
from recipe.logs.json_records import parsed, sheet_of_json
from recipe.logs.notebooks import is_notebook, sheet_of_notebook
from recipe.logs.pivots import pivoted
from recipe.logs.sheet import UNKNOWN, Sheet
from recipe.logs.tables import Table, table_of
from recipe.logs.text_lines import without_colours
from recipe.logs.text_log import read_text
from recipe.logs.wandb_files import is_wandb, rows_of_wandb
from recipe.logs.yaml_records import parsed_yaml

_PICKLE = (
    "is a pickle, which is never loaded since it may run any code: write its curves as JSON "
    "(`json.dump(history.history, open('history.json', 'w'))`)"
)
_DATABASE = (
    "is a database of SQLite (MLflow, Optuna and Trackio keep such): export the run's curves as "
    "CSV or JSON"
)
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_REFUSED = (
    (_PICKLES, _PICKLE),
    ((b"\x89HDF",), "is an HDF5 file, as of weights: export its curves as CSV or JSON"),
    ((b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), "is a picture: export its curves as CSV or JSON"),
    ((b"%PDF",), "is a PDF: export its curves as CSV or JSON"),
    ((b"SQLite format 3",), _DATABASE),
    ((b"PAR1",), "is a Parquet file: write it as CSV (`pandas.read_parquet(FILE).to_csv(...)`)"),
    ((b"\x28\xb5\x2f\xfd",), "is compressed with zstd: unpack it first (`zstd -d FILE`)"),
)  # fmt: skip
_BARE_ARRAY = b"\x93NUMPY"


def sheet_of_file(path: Path) -> Sheet:
    """The columns of one file.

    Raises:
        UsageError: it cannot be read, or is of a kind that is not.

    """
    try:
        content = read_plain(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot be read ({why(error)}).") from error
    return sheet_of_bytes(content, path.name)


def sheet_of_bytes(content: bytes, name: str) -> Sheet:
    """The columns of what a file holds; see `sheet_of_file`."""
    content, name = _unpacked(content, name)
    for marks, said in _REFUSED:
        if content.startswith(marks):
            raise UsageError(f"{said}.")
    if content.startswith(b"PK\x03\x04"):
        return _of_zip(content)
    if content.startswith(_BARE_ARRAY):
        raise UsageError("holds an array without names: save it with numpy.savez, by name.")
    if is_wandb(content):
        return sheet_of_json(list(rows_of_wandb(content)))
    if is_event_file(content):
        return sheet_of_scalars(content)
    return sheet_of_text(_decoded(content), name)


def sheet_of_scalars(content: bytes) -> Sheet:
    """The columns of an event file of TensorBoard, a row for each step."""
    rows = [("", tag, (UNKNOWN, float(step)), value) for tag, step, value in scalars_of(content)]
    if not rows:
        raise UsageError("is an event file of TensorBoard without scalars.")
    return pivoted(rows)


def sheet_of_text(text: str, name: str) -> Sheet:
    """The columns of a text: JSON, a table, YAML, or a plain log."""
    text = without_colours(text)
    bare = text.lstrip()
    if not bare:
        raise UsageError("is empty: it has no rows below a header.")
    if bare[0] in "{[" and (sheet := _of_json(text, name)) is not None:
        return sheet
    table = table_of(text)
    if table is not None:
        if not table.rows:
            raise UsageError("has no rows below a header.")
        _name_the_value(table, name)
        return sheet_of(table)
    given = parsed_yaml(text)
    if given is not None:
        sheet = sheet_of_json(given)
        if sheet.columns:
            return sheet
    return read_text(text)


def _name_the_value(table: Table, name: str) -> None:
    """Of a table of one curve, as TensorBoard and Neptune save it, the file's name says which."""
    plain = [cell.lower() for cell in table.header]
    if plain.count("value") == 1 and len(plain) <= 4 and not any(map(is_measure, table.header)):
        place = plain.index("value")
        table.header[place] = _measure_of(name) or table.header[place]


def _of_json(text: str, name: str) -> Sheet | None:
    """The sheet of JSON; None where brackets only begin the first line of a plain log."""
    try:
        given, note = parsed(text)
    except UsageError:
        sheet = read_text(text) if text.count("\n") > 1 else None
        if sheet is not None and sheet.length > 1:
            return sheet
        raise
    if is_notebook(given):
        return sheet_of_notebook(given)
    sheet = sheet_of_json(given, _measure_of(name))
    if note:
        sheet.notes.append(note)
    return sheet


def _measure_of(name: str) -> str:
    """The name of the one curve that TensorBoard saved in a file called so, if it says one."""
    stem = re.sub(r"^run-(.*?)-tag-", r"\1 ", re.sub(r"\.[A-Za-z]+$", "", name))
    return stem if is_measure(stem) else ""


def _unpacked(content: bytes, name: str) -> tuple[bytes, str]:
    """What is compressed in a file, up to the most that is read."""
    kinds = ((b"\x1f\x8b", _gzip), (b"BZh", _bz2), (b"\xfd7zXZ", _xz))
    for mark, unpack in kinds:
        if content.startswith(mark):
            try:
                return unpack(content), re.sub(r"\.(?:gz|bz2|xz)$", "", name)
            except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
                raise UsageError(f"is compressed, and damaged ({error}).") from error
    return content, name


def _gzip(content: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        return _most(file)


def _bz2(content: bytes) -> bytes:
    with bz2.BZ2File(io.BytesIO(content)) as file:
        return _most(file)


def _xz(content: bytes) -> bytes:
    with lzma.LZMAFile(io.BytesIO(content)) as file:
        return _most(file)


def _most(file: "gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile") -> bytes:
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in iter(lambda: file.read(1 << 20), b""):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_BYTES:
                raise UsageError(f"is larger than {MOST_BYTES >> 20} MB when it is unpacked.")
    except EOFError:
        if not pieces:
            raise
    return b"".join(pieces)


def _of_zip(content: bytes) -> Sheet:
    """Arrays by name, as numpy.savez writes them."""
    import numpy as np

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            size = sum(info.file_size for info in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UsageError(f"is a damaged archive ({error}).") from error
    if not names or not all(name.endswith(".npy") for name in names) or size > MOST_BYTES:
        raise UsageError(
            "is an archive (weights of PyTorch and Excel files are): export its curves as CSV or "
            "JSON."
        )
    lists: dict[str, list[float]] = {}
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            for name in arrays.files:
                array = arrays[name]
                if array.ndim == 1 and array.dtype.kind in "fiu":
                    lists[name] = array.astype(float).tolist()
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise UsageError(f"holds arrays that cannot be read ({error}).") from error
    return sheet_of_json(lists)


def _decoded(content: bytes) -> str:
    """Text in the encoding that it is in.

    Raises:
        UsageError: it is none.

    """
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            try:
                text = content.decode(encoding)
            except UnicodeDecodeError:
                break
            if _mostly_text(text):
                return text
            break
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        sample = content[:4096]
        if b"\0" in sample or sum(b < 9 for b in sample) or len(content) < 16:
            raise UsageError("is no text file: export the curves as CSV or JSON.") from None
        return content.decode("utf-8-sig", "replace")


def _mostly_text(text: str) -> bool:
    sample = text[:1000]
    return sum(c.isascii() for c in sample) > 0.8 * len(sample) and "\0" not in sample


def lines_in(content: bytes) -> Iterator[str]:
    """Lines of text in bytes."""
    yield from _decoded(content).splitlines()
