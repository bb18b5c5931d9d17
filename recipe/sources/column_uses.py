"""The table of columns: what each is, whether it is used, and how."""

from collections.abc import Sequence
from functools import partial

from recipe.core.column_facts import ColumnFacts
from recipe.sources.cell_notes import SHOWN
from recipe.sources.csv_cells import Columns, blank
from recipe.sources.readers import FAR, TableReader
from recipe.sources.table_inputs import Roles, said_parts
from recipe.sources.typed_columns import TypedColumn


def facts_of(
    table: Columns, columns: Sequence[TypedColumn], targets: Sequence[str], roles: Roles, *,
    texts: Sequence[str], reader: object,
) -> tuple[ColumnFacts, ...]:  # fmt: skip
    """The table of columns: what each is, and whether and how it is used."""
    found = []
    for column in columns:
        cells = table.column(column.name)
        missing = sum(map(blank, cells))
        odd = [cell for cell in cells if cell in set(column.odd)]
        facts = partial(
            ColumnFacts, column.name, column.kind, missing=missing, odd=len(odd),
            examples=tuple(sorted(set(odd))[:SHOWN]),
        )  # fmt: skip
        if column.name in targets:
            found.append(facts("target", ""))
        elif column.name in texts:
            found.append(facts("input", "tokens"))
        elif column.name in roles.columns and isinstance(reader, TableReader):
            found.append(facts("input", _how(column, reader)))
        else:
            found.append(facts("left out", roles.left_out.get(column.name, "divides the rows")))
    return tuple(found)


def _how(column: TypedColumn, reader: TableReader) -> str:
    """How a column becomes inputs, in a few words."""
    name = column.name
    if text := next((each for each in reader.texts if each.name == name), None):
        what = "words" if column.kind == "text" else "groups of letters"
        return f"{text.width} numbers from its {what} (TF-IDF, SVD)"
    words = next((each for each in reader.words if each.name == name), None)
    count = 0 if words is None else len(words.known) + words.rare
    if column.kind == "category":
        return f"one input for each of the {count} words"
    if column.kind == "date":
        return ", ".join(said_parts(dict(reader.dates)[name]))
    numbers = next((each for each in reader.numbers if each.name == name), None)
    far = f"values beyond {FAR:g} standard deviations count as {FAR:g}"
    more = [far] if numbers and numbers.bound else []
    more += ["an extra input marks missing values"] if numbers and numbers.missing else []
    gap = f" ({'; '.join(more)})" if more else ""
    if column.kind == "grade" and column.order and not count:
        return f"its rank{gap}"
    if column.kind == "grade" and count:
        return f"its rank, and one input for each of the {count} grades{gap}"
    return f"scaled{gap}" if column.kind != "boolean" else f"0 or 1, then scaled{gap}"
