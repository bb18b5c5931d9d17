"""A file of delimited text as columns of text. Python's `csv` reads it and not pandas, since rows
of unlike length are told by their place, lines above the header are passed over, and cells may be
of any length.
"""

import codecs
import csv
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recipe.core.errors import UsageError
from recipe.sources import fixed_width
from recipe.sources.decimal_signs import votes
from recipe.sources.encodings import decoded
from recipe.sources.plain_numbers import tidy
from recipe.sources.table_rows import COMMENT, cut_out
from recipe.sources.unpacking import unpacked

BLANK = frozenset({
    "", "?", "na", "n/a", "n.a.", "n.a", "nan", "null", "(null)", "-", "--", "---", "\u2013",
    "\u2014", ".", "..", "...", "…", "#n/a", "#na", "<na>", "nat",
    "#value!", "#ref!", "#div/0!", "#name?",
    "#num!", "#null!", "(blank)", "(empty)", "\\n", "n.v.", "k.a.", "k. a.", "n.d.", "nd",
    "#missing", "<null>", "[null]", "-nan", "1.#qnan", "1.#ind",
})  # fmt: skip
"""Cells that say that there is no value."""
UNKNOWN_WORDS = frozenset({
    "unknown", "missing", "not available", "not applicable", "no data", "not known",
    "keine angabe", "unbekannt", "inconnu", "desconocido", "tbd", "tba", "not recorded",
    "not specified", "unspecified", "undefined", "no answer", "refused", "not reported", "void",
    "fehlt", "not measured", "n/a.", "na.", "none", "none.", "nil", "no value", "n/k",
    "nk", "not stated", "brak", "brak danych", "нет данных", "н/д", "неизвестно", "не указано",
    "未知", "不明", "없음", "sin datos", "no consta", "non renseigné", "non communiqué",
    "non disponibile", "não informado", "geen", "onbekend", "okänd", "ukjent",
    "ukendt", "uppgift saknas", "neznámé", "neuvedeno", "not done", "nicht bekannt",
    "sin información", "en trámite", "en cours", "pendiente", "in bearbeitung",
    "ohne angabe", "o. a.",
})  # fmt: skip
"""Words that say the same, and are kept as one of the words where a column is made of them."""
NO_ANSWER = re.compile(
    r"(?:no|not|non|without|keine?|sin|sans|un|in)(?:\s|-|$)?(?:\s?(?:yet|enough|sufficient|been))*\s?"
    r"(?:data|answers?|available|applicable|recorded|specified|reported|stated|provided|assigned|"
    r"assessed|rated|determined|known|information|info|response|ratings?|scores?|values?|entry|"
    r"daten|angaben?)\W*",
    re.IGNORECASE,
)
"""A phrase that says so."""
MARKERS = re.compile(r"\[[a-z:.]{0,2}\]|[:*#/]+|\([xzc]\)|:\s?[a-z]{1,2}")
"""Signs that statistical offices write for what they do not tell."""
SEPARATORS = "\t;|,"
FIXED = "   "
"""What stands for columns below each other."""
FEWEST_SWALLOWED = 3
"""Lines of a cell that have as many separators as rows have."""
SAMPLE_LINES = 200
LONGEST_CELL = 2**31 - 1
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?')
"""What spreadsheets write above the header."""


@dataclass(frozen=True)
class Columns:
    """The table: names, and below each of them its cells."""

    names: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    """By column, then by row."""
    decimal: str = "."
    """What stands between whole and part in most of its numbers."""
    header: bool = True
    """Whether the file names its columns."""
    rows: tuple[int, ...] = ()
    """Where each row stands below the header, counted from 1: rows without any value are left out.
    """
    path: Path = Path()
    """Of the file."""
    notes: tuple[str, ...] = ()
    """What was converted or passed over in reading, in sentences for the user."""

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.cells[0])

    def column(self, name: str) -> tuple[str, ...]:
        """The cells of a column."""
        return self.cells[self.names.index(name)]


def blank(cell: str) -> bool:
    """Whether there is no value in a cell."""
    return cell.lower() in BLANK


def says_unknown(cell: str) -> bool:
    """Whether a cell has no value, or a word such as `unknown` for it."""
    lower = cell.lower()
    known = lower in BLANK or lower in UNKNOWN_WORDS or bool(MARKERS.fullmatch(lower))
    return known or bool(NO_ANSWER.fullmatch(lower)) or _both_unknown(lower)


def _both_unknown(cell: str) -> bool:
    """Whether a cell says so twice, as `unknown / not applicable`."""
    first, _, second = cell.partition("/")
    return len(second) > 2 and all(map(says_unknown, (first.strip(), second.strip())))


def read_csv(path: Path, header: bool | None = None) -> Columns:
    """Read a table; one without a header gets the names `1`, `2` and so on.

    Args:
        path: of the file, which may be packed (.gz, .bz2, .xz, .zip).
        header: whether its first row names the columns; None: as it looks.

    Raises:
        UsageError: the file cannot be read, has no rows, or rows of unlike length.

    """
    text, said = _text(path)
    notes = list(said)
    separator, text = _without_separator_line(text, notes)
    return columns_of_rows(_rows(text, separator or separator_of(text), path), path, header, notes)


def columns_of_rows(
    rows: dict[int, list[str]], path: Path, header: bool | None, notes: Sequence[str]
) -> Columns:
    """The table among these rows, which are kept by their place in the file; see `read_csv`."""
    found = cut_out(rows, header)
    if not found.rows:
        raise UsageError(f"{str(path)!r} has a header and no rows below it.")
    width = len(found.names)
    odd = next((i for i, row in enumerate(found.rows) if len(row) != width), None)
    if odd is not None:
        cells = "cell" if len(found.rows[odd]) == 1 else "cells"
        raise UsageError(
            f"{str(path)!r} has {len(found.rows[odd])} {cells} in row {found.places[odd]} and "
            f"{width} columns: fix that row."
        )
    filled = tuple(zip(*found.rows, strict=True))
    return Columns(
        unique_names(found.names), filled, decimal_sign(filled), found.header,
        tuple(found.places), path, (*notes, *found.notes),
    )  # fmt: skip


def decimal_sign(columns: Sequence[Sequence[str]]) -> str:
    """What most numbers of a table have before their part."""
    counted: Counter[str] = Counter()
    for cells in columns:
        counted += votes(cell for cell in cells[:SAMPLE_LINES] if re.fullmatch(r"[\d.,]+", cell))
    return "," if counted[","] > counted["."] else "."


def _text(path: Path) -> tuple[str, tuple[str, ...]]:
    """What the file holds, and a sentence where it is in no usual encoding."""
    try:
        content = unpacked(path)
    except OSError as error:
        if not isinstance(error, gzip.BadGzipFile) and error.strerror:
            raise UsageError(f"{str(path)!r} cannot be read ({error.strerror}).") from error
        raise UsageError(f"{str(path)!r} cannot be unpacked ({error}): copy it again.") from error
    except (EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
        raise UsageError(f"{str(path)!r} cannot be unpacked ({error}): copy it again.") from error
    text, notes = _as_text(content, path)
    return text if "\n" in text else text.replace("\r", "\n"), notes


def _as_text(content: bytes, path: Path) -> tuple[str, tuple[str, ...]]:
    """The text that bytes make, in Unicode or in what was written before it."""
    if (unicode := _unicode_of(content, path)) is not None:
        try:
            return content.decode(unicode), (f"It is read as {unicode.upper()[:6]}.",)
        except UnicodeDecodeError as error:
            raise UsageError(
                f"{str(path)!r} is broken UTF-16 text: export the table as UTF-8."
            ) from error
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        text, called = decoded(content)
        return text, (f"It is not UTF-8 and is read as {called}.",)


def _unicode_of(content: bytes, path: Path) -> str | None:
    """The encoding of text with zeros among its bytes."""
    if content[:4] in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return "utf-32"
    if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    if b"\0" not in content:
        return None
    side = next((s for s, n in (("le", 1), ("be", 0)) if _every_other(content, n)), None)
    if side is None:
        raise UsageError(f"{str(path)!r} is no text file: export the table as CSV.")
    return f"utf-16-{side}"


def _every_other(content: bytes, first: int) -> bool:
    """Whether every other byte is zero, as in text of UTF-16 without a mark at its beginning."""
    half = content[first : 2 * SAMPLE_LINES : 2]
    return len(half) > 1 and half.count(0) > 0.9 * len(half)


def _without_separator_line(text: str, notes: list[str]) -> tuple[str | None, str]:
    """The separator that a line `sep=;` above the header names, and the text below it."""
    first, _, rest = text.lstrip("\r\n").partition("\n")
    if found := SEPARATOR_LINE.fullmatch(first.strip("\r")):
        notes.append(f"The line {found[0]!r} above the header is passed over.")
        return found[1], rest
    return None, text


def separator_of(text: str) -> str:
    """What stands between the cells: the sign that cuts most lines into equally many; a space where
    that is none and lines have equally many words.
    """
    sample = _sample(text)
    best, found = (0.0, 0), ","
    for separator in SEPARATORS:
        rows = _cut(sample, separator)
        width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 1
        share = sum(len(row) == width for row in rows) / max(1, len(rows))
        if width < 2 or share < 0.5:
            continue
        broken = sum(any(cell.count('"') % 2 for cell in row) for row in rows)
        if broken > 0.1 * len(rows):
            continue  # it cuts cells in quotes
        commas = separator != "," and _decimal_commas(rows)
        rank = (round(share, 2) + commas, width)
        if rank > best:
            best, found = rank, separator
    gaps = sum(bool(re.search(r"\S {2,}\S", line)) for line in sample)
    if best > (0.0, 0) and gaps < 0.5 * len(sample):
        return found
    for split in ("  ", " "):
        widths = Counter(len(row) for row in _words(sample, split))
        width, often = widths.most_common(1)[0] if widths else (1, 0)
        if width > max(1, best[1]) and often >= 0.9 * widths.total():
            return split
    aligned = gaps >= 0.5 * len(sample) and fixed_width.places_of(sample)
    return FIXED if aligned else found


def _sample(text: str) -> list[str]:
    """The first lines that are no comments; a cell in quotes may hold the end of a line."""
    lines = text.split("\n", SAMPLE_LINES)[:SAMPLE_LINES]
    return [line for line in lines if line.strip() and not COMMENT.match(line)] or lines


def _cut(lines: Sequence[str], separator: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(lines, delimiter=separator, skipinitialspace=True) if row]
    except csv.Error:
        return []


def _decimal_commas(rows: Sequence[Sequence[str]]) -> bool:
    """Whether cells have a comma that is part of a number."""
    commas = [cell for row in rows for cell in row if "," in cell]
    numbers = sum(bool(re.fullmatch(r"[\s+-]*[\d.]*\d,\d+[\s%€]*", cell)) for cell in commas)
    return bool(commas) and numbers > 0.5 * len(commas)


def _words(lines: Sequence[str], split: str) -> list[list[str]]:
    """Lines cut at spaces, at two and more, or where all lines have some; what stands in quotes is
    one cell.
    """
    if split == FIXED:
        return fixed_width.cut(lines)
    gap = r"\t+|\s{2,}" if split == "  " else r"\s+"
    marked = (re.sub(r'"[^"]*"', lambda m: m[0].replace(" ", "\0"), line) for line in lines)
    return [[c.replace("\0", " ").strip('"') for c in re.split(gap, m.strip())] for m in marked]


def _rows(text: str, separator: str, path: Path) -> dict[int, list[str]]:
    """The rows that have any value, by their place in the file, counted from 1."""
    if not separator.strip(" "):
        cut = _words(text.split("\n"), separator)
    else:
        csv.field_size_limit(LONGEST_CELL)
        # Not str.splitlines: a cell may hold U+2028 or U+0085.
        lines = io.StringIO(text, newline="")
        rows = csv.reader(lines, delimiter=separator, skipinitialspace=True)
        try:
            cut = [[cell.strip() for cell in row] for row in rows]
        except csv.Error as error:
            raise UsageError(f"{str(path)!r} cannot be read as a table ({error}).") from error
        joined = text.count("\n") - len(cut) >= FEWEST_SWALLOWED  # few cells hold ends of lines
        if joined and (swallowed := _swallowed(cut, separator)):
            raise UsageError(
                f"{str(path)!r} has a quotation mark in row {swallowed[0]} that makes one cell of "
                f"the {swallowed[1]} rows behind it: close or remove it."
            )
    found = {place: row for place, row in enumerate(cut, 1) if any(row)}
    if not found:
        raise UsageError(f"{str(path)!r} is empty: name a table with a row per item.")
    return found


def _swallowed(rows: Sequence[Sequence[str]], separator: str) -> tuple[int, int] | None:
    """The row with a quotation mark that is closed many rows later, or never, and how many."""
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    for place, row in enumerate(rows, 1):
        for cell in row:
            inside = cell.split("\n")[1:-1] if cell.count("\n") > FEWEST_SWALLOWED else []
            alike = sum(line.count(separator) == width - 1 for line in inside)
            if width > 1 and inside and alike > 0.8 * len(inside):
                return place, len(inside)
    return None


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Every column its own name: of two alike, and of none, the place is added."""
    seen: set[str] = set()
    unique = []
    for index, name in enumerate(names):
        name = tidy(name) if "\n" in name else name  # noqa: PLW2901
        free = name if name and name not in seen else f"{name or 'column'} {index + 1}"
        while free in seen:
            free = f"{free} {index + 1}"
        seen.add(free)
        unique.append(free)
    return tuple(unique)
