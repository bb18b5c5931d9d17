"""Outputs of a notebook as a sheet: what was printed, and tables that trainers drew."""

from html.parser import HTMLParser
from typing import Any

from recipe.core.errors import UsageError
from recipe.logs.choosing import choose
from recipe.logs.frames import sheet_of
from recipe.logs.sheet import Sheet
from recipe.logs.tables import Table
from recipe.logs.text_log import read_text


def is_notebook(given: Any) -> bool:
    """Whether JSON is that of a notebook."""
    return isinstance(given, dict) and "nbformat" in given and isinstance(given.get("cells"), list)


def sheet_of_notebook(given: dict[str, Any]) -> Sheet:
    """The fullest log among the outputs: the table of a progress bar, or all printed text.

    Raises:
        UsageError: no output holds a loss or score.

    """
    texts: list[str] = []
    sheets: list[Sheet] = []
    for cell in given["cells"]:
        printed: list[str] = []
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output in outputs if isinstance(outputs, list) else ():
            if isinstance(output, dict):
                printed.append(_text(output.get("text")))
                data = output.get("data")
                if isinstance(data, dict):
                    sheets += tables_of_html(_text(data.get("text/html")))
                    if "text/html" not in data:
                        printed.append(_text(data.get("text/plain")))
        texts.append("".join(printed))
    sheets += [read_text(text) for text in (*texts, "\n".join(texts)) if text.strip()]
    found = [(_worth(sheet), -i, sheet) for i, sheet in enumerate(sheets)]
    best = max(found, key=lambda each: each[:2], default=None)
    if best is None or best[0] == 0:
        raise UsageError(
            "is a notebook without a loss or score in its outputs: run it, and save it with them."
        )
    return best[2]


def _worth(sheet: Sheet) -> int:
    """Values in the curves of a sheet."""
    chosen = choose(sheet.columns).curves
    names = {name for choice in chosen.values() for name in choice.columns}
    return sum(len(sheet.columns[name]) for name in names if name in sheet.columns)


def _text(given: Any) -> str:
    if isinstance(given, list):
        return "".join(part for part in given if isinstance(part, str))
    return given if isinstance(given, str) else ""


class _Tables(HTMLParser):
    """Cells of the tables of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self.tables[-1][-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.tables[-1][-1][-1] += data.strip()


def tables_of_html(page: str) -> list[Sheet]:
    """Tables with a header and rows in a piece of HTML."""
    if "<t" not in page:
        return []
    parser = _Tables()
    parser.feed(page)
    sheets = []
    for table in parser.tables:
        rows = [row for row in table if row]
        if len(rows) > 1:
            width = len(rows[0])
            cells: list[list[object]] = [(row + [""] * width)[:width] for row in rows[1:]]  # type: ignore[misc]
            sheets.append(sheet_of(Table(rows[0], cells)))
    return sheets
