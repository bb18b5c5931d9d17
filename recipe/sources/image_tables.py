"""Labels of images in a table of their file names, beside them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from recipe.core.errors import UsageError
from recipe.sources.csv_cells import Columns, blank
from recipe.sources.image_layout import SPLITS, File
from recipe.sources.table_files import read_table

LABEL_TABLES = (".csv", ".tsv", ".xlsx", ".jsonl", ".parquet", ".txt")
"""Endings of files that may hold labels."""
LIKELY = (
    "label", "labels", "class", "classname", "classlabel", "target", "category", "species", "breed",
    "dx", "diagnosis", "type", "tag", "y", "classid", "labelname", "emotion",
)  # fmt: skip
"""Names of columns of labels, without signs and in small letters."""
SPLIT_NAMES = ("split", "set", "subset", "partition", "part", "phase", "usage")
DEEPEST = 3
"""Folders down to which tables are looked for, the file counted."""
MOST_TABLES = 12
MOST_FOLDERS = 4
"""Of a path in a table, the name of the file counted."""
LEAST_NAMED = 0.5
"""Of the images of a part, or of the rows, that a table has to name."""
MOST_CLASSES = 0.5
"""Of the images: more different labels than that are no classes."""
FEW_LABELS = 20
ROWS_ASKED = 200
"""Rows by which it is seen whether a table names images."""


@dataclass(frozen=True)
class Labels:
    """The label of each image that has one."""

    by_path: Mapping[Path, str]
    notes: tuple[str, ...]
    tables: tuple[Path, ...]
    """That say so."""
    splits: Mapping[Path, str] | None = None
    """The part that each belongs to, where a column says so."""


def label_tables(folder: Path, files: Sequence[Path]) -> list[Path]:
    """Files that may hold labels of the images below a folder: beside them or above them, and not a
    sample of answers to hand in.
    """
    return [
        path for path in sorted(files, key=lambda path: (len(path.parts), path))
        if path.suffix.lower() in LABEL_TABLES and "submission" not in path.name.lower()
        and len(path.relative_to(folder).parts) <= DEEPEST
    ]  # fmt: skip


def labels_in_tables(
    tables: Sequence[Path], files: Sequence[File], target: str | None
) -> Labels | None:
    """What tables say about these images; None where none of them names images and labels.

    Args:
        tables: of several that name images (batch_1.csv, batch_2.csv) all are read.
        files: the images.
        target: the column of the labels; None: as it is called and looks.

    Raises:
        UsageError: the column of the labels is not known.

    """
    labels: dict[Path, str] = {}
    splits: dict[Path, str] = {}
    notes: list[str] = []
    read: list[Path] = []
    for path in tables[:MOST_TABLES]:
        found = _table(path, files)
        kept = found and _labels_of(*found, target, path)
        if found is None or kept is None:
            continue
        table, rows = found
        column, here = kept
        labels |= {path: label for path, label in here.items() if path not in labels}
        splits |= _splits_of(table, rows)
        read.append(path)
        notes.append(f"Labels are in {column} of {str(path)!r}.")
        if lost := len(table) - len(rows):
            notes.append(f"{lost} rows of {str(path)!r} name no image that is there: left out.")
    return Labels(labels, tuple(notes), tuple(read), splits or None) if labels else None


def _table(path: Path, files: Sequence[File]) -> tuple[Columns, dict[int, Path]] | None:
    """A table that names images, and the image of each row; None where it does not."""
    best: tuple[Columns, dict[int, Path]] | None = None
    by_name = _names_of(files)
    for table in _read(path):
        for name in table.names:
            cells = table.column(name)
            asked = [cell for cell in cells[:ROWS_ASKED] if not blank(cell)]
            if len({*asked}) < LEAST_NAMED * len(asked):
                continue
            rows = {row: image for row, cell in enumerate(cells)
                    if (image := by_name.get(_plain(cell))) is not None}  # fmt: skip
            if best is None or len(rows) > len(best[1]):
                best = (table, rows)
    if best is None or len(best[1]) < min(len(best[0]), len(files)) * LEAST_NAMED:
        return None
    return best


def _read(path: Path) -> Iterator[Columns]:
    """The table, and once more without a header: its first row may name an image, too."""
    first = None
    if path.suffix.lower() != ".txt":
        with suppress(UsageError):
            yield (first := read_table(path))
    if path.suffix.lower() in (".csv", ".tsv", ".txt") and (first is None or first.header):
        with suppress(UsageError):
            yield read_table(path, header=False)


def _names_of(files: Sequence[File]) -> Mapping[str, Path]:
    """Images by their paths and their names, with and without endings; what two share is none's."""
    found: dict[str, Path | None] = {}
    for file in files:
        for way in _ways(file.path):
            found[way] = None if found.get(way, file.path) != file.path else file.path
    return {name: path for name, path in found.items() if path is not None}


def _ways(path: Path) -> set[str]:
    """How a table may name an image."""
    ends = ["/".join(path.parts[-count:]) for count in range(1, 1 + MOST_FOLDERS)]
    return {_plain(way) for end in ends for way in (end, end.removesuffix(path.suffix))}


def _plain(cell: str) -> str:
    """A name as it is compared: spreadsheets take zeros from the front of numbers."""
    name = cell.strip().replace("\\", "/").lower().removeprefix("./").removesuffix(".0")
    return name.lstrip("0") or "0" if name.isdigit() else name


def _labels_of(
    table: Columns, rows: Mapping[int, Path], target: str | None, path: Path
) -> tuple[str, dict[Path, str]] | None:
    """The column of the labels and what it says of each image."""
    naming = [name for name in table.names
              if _hits(table, name, rows) > LEAST_NAMED * len(rows)]  # fmt: skip
    others = [name for name in table.names if name not in naming and _letters(name)
              not in SPLIT_NAMES]  # fmt: skip
    column = _column(table, others, rows, target, path)
    if column is None:
        hot = _one_hot(table, others, rows)
        return None if hot is None else ("its columns of 0 and 1", hot)
    cells = table.column(column)
    found = {image: cells[row].strip() for row, image in rows.items() if not blank(cells[row])}
    return repr(column), found


def _hits(table: Columns, name: str, rows: Mapping[int, Path]) -> int:
    """How many cells of a column name the image of their row."""
    cells = table.column(name)
    return sum(_plain(cells[row]) in _ways(image) for row, image in rows.items())


def _column(
    table: Columns, others: Sequence[str], rows: Mapping[int, Path], target: str | None, path: Path
) -> str | None:
    if target is not None:
        by_number = dict(zip(map(str, range(1, len(table.names) + 1)), table.names, strict=True))
        wanted = target if target in table.names else by_number.get(target)
        if wanted is None:
            raise UsageError(
                f"{str(path)!r} has no column {target!r}: it has {', '.join(table.names)}."
            )
        return wanted
    sorts = {name: len({table.column(name)[row] for row in rows} - {""}) for name in others}
    fit = [name for name in others if 1 < sorts[name] <= max(FEW_LABELS, MOST_CLASSES * len(rows))]
    likely = sorted((name for name in fit if _letters(name) in LIKELY),
                    key=lambda name: LIKELY.index(_letters(name)))  # fmt: skip
    if likely:
        return likely[0]
    if len(fit) > 1 and _one_hot(table, others, rows) is None:
        raise UsageError(
            f"{str(path)!r} names the images and has the columns {', '.join(fit)}: name that of "
            f"the labels, as in --target {fit[0]}."
        )
    return fit[0] if len(fit) == 1 else None


def _one_hot(
    table: Columns, others: Sequence[str], rows: Mapping[int, Path]
) -> dict[Path, str] | None:
    """The one column of each image that is 1, where all others are 0."""
    ones = {name: [table.column(name)[row].strip() in ("1", "1.0", "true", "True") for row in rows]
            for name in others
            if {table.column(name)[row].strip().lower() for row in rows}
            <= {"0", "1", "0.0", "1.0", "true", "false"}}  # fmt: skip
    if len(ones) < 2 or any(sum(row) != 1 for row in zip(*ones.values(), strict=True)):
        return None
    return {image: next(name for name in ones if ones[name][k])
            for k, image in enumerate(rows.values())}  # fmt: skip


def _splits_of(table: Columns, rows: Mapping[int, Path]) -> dict[Path, str]:
    parts = {name: part for part, names in SPLITS.items() for name in names}
    for name in table.names:
        cells = table.column(name)
        found = {image: parts.get(cells[row].strip().lower()) for row, image in rows.items()}
        if _letters(name) in SPLIT_NAMES and "train" in found.values() and all(found.values()):
            return {image: part for image, part in found.items() if part is not None}
    return {}


def _letters(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign.isalnum())
