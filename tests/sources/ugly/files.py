"""Tables become files in the formats and layouts that people have."""

import csv
import gzip
import io
import json
from dataclasses import dataclass
from datetime import date, datetime

from ugly.table import Column


@dataclass(frozen=True)
class Made:
    """A file that is still in memory."""

    suffix: str
    content: bytes
    columns: tuple[Column, ...]
    text: str
    """What its hash is made of: cells of workbooks and of Parquet, whose bytes depend on the
    versions of libraries; all bytes of the others."""


def made(table, suffix, content, text=None):
    text = content.hex() if text is None else text
    labels = json.dumps([(each.name, each.kind, each.also) for each in table.columns])
    return Made(suffix, content, tuple(table.columns), text + labels)


def rows_of(table):
    return [list(row) for row in zip(*(column.cells for column in table.columns), strict=True)]


def shown(cell):
    """As pandas writes it."""
    return "" if cell is None else str(cell)


def lines_of(table, sep=",", *, quote="minimal", header=True, ending="\n"):
    """The rows of a CSV file."""
    out = io.StringIO()
    styles = {"minimal": csv.QUOTE_MINIMAL, "all": csv.QUOTE_ALL, "text": csv.QUOTE_NONNUMERIC}
    writer = csv.writer(out, delimiter=sep, quoting=styles[quote], lineterminator=ending)
    if header:
        writer.writerow([column.name for column in table.columns])
    for row in rows_of(table):
        cells = row if quote == "text" else [shown(cell) for cell in row]
        writer.writerow(["" if cell is None else cell for cell in cells])
    return out.getvalue()


def as_csv(
    table, sep=",", *, encoding="utf-8", above="", below="", suffix=".csv", packed=False, **style
):  # fmt: skip
    text = above + lines_of(table, sep, **style) + below
    content = text.encode(encoding)
    if packed:
        return made(table, f"{suffix}.gz", gzip.compress(content, mtime=0), content.hex())
    return made(table, suffix, content)


def as_blanks(
    table, *, above="", header=True, suffix=".txt", gap=2, packed=False, below_header=""
):  # fmt: skip
    """Columns under each other, with blanks between them; a line of units may follow the header."""
    rows = [[shown(cell) for cell in row] for row in rows_of(table)]
    if header:
        rows.insert(0, [column.name for column in table.columns])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        (" " * gap).join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    lines[1:1] = [below_header] if below_header else []
    content = (above + "\n".join(lines) + "\n").encode()
    if packed:
        return made(table, f"{suffix}.gz", gzip.compress(content, mtime=0), content.hex())
    return made(table, suffix, content)


def as_json_lines(table, *, packed=False, drop_empty=False):
    """An object per line; with `drop_empty`, one without a value lacks the key."""
    names = [column.name for column in table.columns]
    lines = []
    for row in rows_of(table):
        pairs = [(name, cell) for name, cell in zip(names, row, strict=True)
                 if not (drop_empty and cell is None)]  # fmt: skip
        lines.append(json.dumps(dict(pairs), ensure_ascii=False, default=str))
    content = ("\n".join(lines) + "\n").encode()
    if packed:
        return made(table, ".jsonl.gz", gzip.compress(content, mtime=0), content.hex())
    return made(table, ".jsonl", content)


def as_parquet(table, **types):
    """With the types that the cells have, or those named (pyarrow's)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {}
    for column in table.columns:
        kind = types.get(column.name)
        if kind == "dictionary":
            arrays[column.name] = pa.array(column.cells).dictionary_encode()
        else:
            arrays[column.name] = pa.array(column.cells, type=kind)
    out = io.BytesIO()
    pq.write_table(pa.table(arrays), out)
    return made(table, ".parquet", out.getvalue(), cells_text(rows_of(table)))


def as_excel(
    table, *, above=(), below=(), header=True, groups=(), merged=(), sheets=None, others=(),
    sheet="Sheet1",
):  # fmt: skip
    """A workbook.

    Args:
        table: the columns.
        above: rows over the header.
        below: rows under the last one.
        header: whether columns are named.
        groups: (first, last, title) of columns below one merged cell over the header.
        merged: numbers of columns where equal cells that follow each other are one merged cell.
        sheets: names of sheets over which the rows are dealt, each with its own header.
        others: (name, rows) of sheets that hold something else, in front.
        sheet: name of the one sheet.

    """
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in others:
        page = book.create_sheet(name)
        for row in rows:
            page.append(list(row))
    names, rows = [column.name or None for column in table.columns], rows_of(table)
    parts = sheets or (sheet,)
    size = -(-len(rows) // len(parts))
    for part, title in enumerate(parts):
        page = book.create_sheet(title)
        for row in above:
            page.append(list(row))
        _add_groups(page, groups, len(names))
        if header:
            page.append(names)
        first = page.max_row + 1
        for row in rows[part * size : (part + 1) * size]:
            page.append([None if cell == "" else cell for cell in row])
        for column in merged:
            _merge(page, column + 1, first)
        for row in below:
            page.append(list(row))
    out = io.BytesIO()
    book.save(out)
    told = [above, below, groups, merged, parts, others]
    return made(table, ".xlsx", out.getvalue(), cells_text(rows) + repr(told))


def _add_groups(page, groups, width):
    if groups:
        cells = [None] * width
        for first, _, title in groups:
            cells[first] = title
        page.append(cells)
        row = page.max_row
        for first, last, _ in groups:
            page.merge_cells(None, row, first + 1, row, last + 1)


def _merge(page, column, first):
    """Equal cells that follow each other become one."""
    start, last = first, page.max_row
    for row in range(first + 1, last + 2):
        value = page.cell(row, column).value if row <= last else object()
        if value != page.cell(start, column).value:
            if row - 1 > start:
                page.merge_cells(None, start, column, row - 1, column)
            start = row


def cells_text(rows):
    def told(cell):
        return cell.isoformat() if isinstance(cell, date | datetime) else repr(cell)

    return "\n".join("\t".join(told(cell) for cell in row) for row in rows)
