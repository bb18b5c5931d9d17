"""What each column of a table is: the evidence of all of its cells, and where that leaves a doubt
the name of the column.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from recipe.core.column_facts import Kind
from recipe.core.errors import UsageError
from recipe.core.names import unknown
from recipe.core.option_definitions import COLUMN_KINDS
from recipe.sources.asides import asides, without
from recipe.sources.cell_numbers import NumberStyle, number_style, taken_apart
from recipe.sources.column_names import (
    is_duration_name,
    is_phone_name,
    is_time_name,
)
from recipe.sources.copies import with_copies
from recipe.sources.csv_cells import Columns, blank, says_unknown
from recipe.sources.dates import COMPACT, EPOCHS, date_formats, like_durations, only_clock, read_any
from recipe.sources.digit_codes import are_codes, padded_codes
from recipe.sources.number_bands import MOST_BANDS
from recipe.sources.plain_numbers import PLAIN, tidy
from recipe.sources.scales import order_of
from recipe.sources.typed_columns import TypedColumn, spelt
from recipe.sources.units import family_of
from recipe.sources.whole_numbers import LEAST_NUMBERS, of_whole_numbers, sentinels
from recipe.sources.word_kinds import kind_of_words
from recipe.sources.yes_or_no import MARKS, to_yes_or_no, yes_or_no

TICKS = 0.1
"""Share of empty cells from which on one word beside them is a tick."""
FEW_ODD, MANY_ODD = 0.05, 0.3
"""Share of cells that may be no numbers in a column of them: cells with digits, which may be codes,
and words."""
MOST_ODD_WORDS = 3
"""Different ones among dates, such as `open` for what is not paid."""
MANY_NUMBERS, MOST_OF_ONE = 10, 0.7
"""Different numbers, beside which one word alone, as `not done`, may stand in so many cells."""
HALF = 0.5
YEAR = re.compile(r"(?:1[5-9]|20)\d\d(?:\.0)?")
RARE = 0.02
"""Share of cells below which what is written in another way is odd."""
LONGEST_ACRONYM = 4
MOST_GRADES = 40
"""Different ones, such as A1 to G5."""


def column_kinds(path: Path | str, target: str | None = None) -> dict[str, str]:
    """The kind of every column of a table, by its name.

    `number`, `boolean`, `date` (days and times), `category`, `grade` (categories with an order),
    `text`, `identifier`, `constant`, or `copy` of another column. The column to predict is never an
    identifier or a copy.

    Args:
        path: of the table, or what else `read_table` takes.
        target: the column to predict.

    Raises:
        UsageError: it cannot be read.

    """
    from recipe.sources.table_files import read_table

    table = read_table(path)
    return {each.name: each.kind for each in typed(table, [] if target is None else [target])}


def typed(
    table: Columns, targets: Sequence[str] = (), forced: Mapping[str, str] | None = None
) -> tuple[TypedColumn, ...]:
    """Every column with its kind.

    Args:
        table: with all of its rows.
        targets: columns to predict.
        forced: kinds that the user named, by column.

    Raises:
        UsageError: a kind that does not exist, or for a column that does not.

    """
    given = _checked(table, forced or {})
    found = [
        judged(name, cells, table.decimal, given.get(name), is_target=name in targets)
        for name, cells in zip(table.names, table.cells, strict=True)
    ]
    return with_copies(table, found, targets, given)


def _checked(table: Columns, forced: Mapping[str, str]) -> dict[str, Any]:
    for name, kind in forced.items():
        if name not in table.names:
            raise UsageError(f"--column {name}={kind}: {unknown('column', name, table.names)}")
        if kind not in COLUMN_KINDS:
            raise UsageError(
                f"--column {name}={kind}: {unknown('kind of column', kind, COLUMN_KINDS)}"
            )
    return dict(forced)


def judged(
    name: str, cells: Sequence[str], decimal: str = ".", forced: Kind | None = None,
    *, is_target: bool = False,
) -> TypedColumn:  # fmt: skip
    """One column with its kind, apart from whether it repeats another."""
    filled = Counter(cell for cell in cells if not blank(cell))
    firm = Counter({cell: count for cell, count in filled.items() if not says_unknown(cell)})
    if forced is not None:
        return _as_forced(name, firm or filled, decimal, forced)
    if not firm:
        return _of_marks(name, filled, len(cells))
    column = _judged(name, firm, filled, decimal, len(cells))
    if is_target and column.kind == "identifier":
        style = number_style(firm, decimal)
        if style is not None and not _odd(style, firm):
            return TypedColumn(name, "number", style)
        return TypedColumn(name, "category", spelt=spelt(filled))
    return column


def _judged(
    name: str, firm: Counter[str], filled: Counter[str], decimal: str, rows: int
) -> TypedColumn:
    variants = spelt(firm)
    words = {dict(variants).get(cell, cell) for cell in firm}
    plain = sum(count for cell, count in firm.items() if PLAIN.fullmatch(tidy(cell))) / firm.total()
    if len(words) == 1:
        return _of_one_word(name, firm, filled, rows)
    if plain < 1 and (yes := yes_or_no(words)) is not None:
        return TypedColumn(name, "boolean", order=yes, spelt=to_yes_or_no(firm, yes))
    if plain < 0.5 and len(words) <= MOST_GRADES and firm.total() >= 2 * len(words):
        odd = _acronym(words)
        order = order_of(words, name) or (odd and order_of(words - {odd}, name))
        if order:
            return TypedColumn(name, "grade", order=order, spelt=variants,
                               odd=tuple(words - {*order}))  # fmt: skip
    if dates := _dates(name, firm, plain):
        return dates
    style = number_style(firm, decimal)
    if style is not None and (number := _number(name, firm, style)):
        return number
    if number := _beside_words(name, firm, decimal):
        return number
    kind = kind_of_words(name, firm, words)
    if kind == "category":
        return TypedColumn(name, kind, spelt=spelt(filled))
    return TypedColumn(name, kind)


def _acronym(words: Collection[str]) -> str:
    """The one word in capitals, as NDA for no data, beside others with small letters."""
    odd = [word for word in words if word.isupper()]
    return (
        odd[0]
        if len(odd) == 1 and len(words) > MOST_ODD_WORDS and len(odd[0]) <= LONGEST_ACRONYM
        else ""
    )


def _of_marks(name: str, filled: Counter[str], rows: int) -> TypedColumn:
    """A column without any value; with an asterisk in some rows these are ticks."""
    if set(filled) == {"*"} and rows - filled.total() >= TICKS * rows:
        return TypedColumn(name, "boolean", order=("", "*"), spelt=to_yes_or_no(filled, ("", "*")))
    return TypedColumn(name, "constant")


def _of_one_word(name: str, firm: Counter[str], filled: Counter[str], rows: int) -> TypedColumn:
    """A column of one word: the same in every row, a tick, or one word beside `unknown`."""
    word = next(iter(firm))
    ticked = rows - firm.total() >= TICKS * rows
    if ticked and word.casefold() in MARKS and firm.total() == filled.total():
        return TypedColumn(name, "boolean", order=("", word), spelt=to_yes_or_no(firm, ("", word)))
    if word == "+" and ticked:
        return TypedColumn(name, "category")  # beside minus, as of strands
    if len(filled) > len(firm) and filled.total() - firm.total() >= TICKS * rows:
        return TypedColumn(name, "category", spelt=spelt(filled))
    return TypedColumn(name, "constant")


def _dates(name: str, firm: Counter[str], plain: float) -> TypedColumn | None:
    """A column of dates and times."""
    if among := _dates_among_years(name, firm):
        return among
    if plain > 0.5:
        return _dates_of_digits(name, firm)
    dated = {cell: count for cell, count in firm.items() if any(map(str.isdigit, cell))}
    words = firm.keys() - dated.keys()
    few = len(words) <= MOST_ODD_WORDS and (
        firm.total() - sum(dated.values()) <= MANY_ODD * firm.total()
    )
    found = date_formats(dated if few else firm)
    if found is None:
        return None
    if only_clock(found[0]) and (is_duration_name(name) or like_durations(firm)):
        return None
    odd = tuple(sorted(cell for cell in firm if read_any(cell, found[0]) is None))
    return TypedColumn(name, "date", formats=found[0], doubt=found[1], odd=odd)


def _dates_among_years(name: str, firm: Counter[str]) -> TypedColumn | None:
    """Dates of which some tell the year alone, as 2019 beside Jun 30, 2020."""
    years = {cell for cell in firm if YEAR.fullmatch(cell)}
    rest = {cell: count for cell, count in firm.items() if cell not in years}
    found = date_formats(rest) if years and sum(rest.values()) > RARE * firm.total() else None
    if found is None or only_clock(found[0]):
        return None
    formats = (*found[0], "%Y")
    odd = tuple(sorted(cell for cell in firm if read_any(cell, formats) is None))
    return TypedColumn(name, "date", formats=formats, doubt=found[1], odd=odd)


def _dates_of_digits(name: str, firm: Counter[str]) -> TypedColumn | None:
    """Dates such as 20240131, and seconds since 1970 where the name speaks of time."""
    cells = [tidy(cell).removesuffix(".0") for cell in firm]
    if all(len(cell) in (8, 12, 14) and cell[:2] in ("19", "20") for cell in cells):
        formats = [form for form in COMPACT[:3] if all(read_any(c, [form]) for c in cells)]
        if formats and (len(firm) > 1):
            return TypedColumn(name, "date", formats=(formats[0],))
    if len(cells) > 30 and all(len(cell) == 4 for cell in cells) and _on_a_clock(cells):
        return TypedColumn(name, "date", formats=("%H%M",))
    lengths = {10: "seconds since 1970", 13: "milliseconds since 1970"}
    if is_time_name(name) and all(c.isdigit() and c[0] in "123456789" for c in cells):
        sizes = {len(cell) for cell in cells}
        form = lengths.get(min(sizes)) if len(sizes) == 1 else None
        if form in EPOCHS:
            return TypedColumn(name, "date", formats=(form,))
    return None


def _on_a_clock(cells: Sequence[str]) -> bool:
    """Whether cells are hours and minutes of four digits, such as 0012 and 1455."""
    return any(c[0] == "0" for c in cells) and all(
        c.isdigit() and c[:2] < "24" and c[2:] < "60" for c in cells
    )


def _odd(style: NumberStyle, firm: Mapping[str, int]) -> list[str]:
    return sorted(cell for cell in firm if style.value(cell) is None)


def _few_odd(odd: Sequence[str], firm: Counter[str], different: int) -> bool:
    """Whether cells that are no numbers are few enough beside so many different numbers."""
    share = sum(firm[cell] for cell in odd) / firm.total()
    words = not any(any(map(str.isdigit, cell)) for cell in odd)
    most = MANY_ODD if words else FEW_ODD
    if words and len(odd) == 1 and different >= MANY_NUMBERS:
        most = MOST_OF_ONE
    return share <= most and different >= LEAST_NUMBERS and 2 * len(odd) <= different + 2


def _number(name: str, firm: Counter[str], style: NumberStyle) -> TypedColumn | None:
    """A column of numbers, or of whole numbers that are names; None where it is one of words."""
    values = {cell: value for cell in firm if (value := style.value(cell)) is not None}
    odd = _odd(style, firm)
    different = set(values.values())
    words = {unit for unit, _ in style.units if unit and not family_of(unit)}
    fine = not words and any(value % 1 for value in different)  # of amounts few may be different
    if odd and not _few_odd(odd, firm, len(different) + (2 if fine else 0)):
        return None
    if len(words) > 1 and all(1500 <= value <= 2100 and value % 1 == 0 for value in different):
        return None  # as 1992 summer and 1994 winter
    limited = sum(firm[cell] for cell in values if (each := taken_apart(tidy(cell))) and each.bound)
    if limited > HALF * firm.total() and len(values) <= MOST_BANDS:
        return None
    if are_codes(name, firm) or is_phone_name(name):
        return None
    if len(different) == 1:
        return TypedColumn(name, "constant") if set(map(style.unit, firm)) == {""} else None
    if different == {0.0, 1.0} and not odd and not any(unit for unit, _ in style.units):
        return TypedColumn(name, "boolean", style=style)
    kind = "category" if padded_codes(name, firm) else of_whole_numbers(name, firm, values)
    if kind == "category":
        return TypedColumn(name, kind, spelt=spelt(firm))
    if kind == "grade":
        return TypedColumn(name, kind, style, odd=tuple(odd))
    if kind == "identifier":
        return TypedColumn(name, kind)
    style = replace(style, missing=sentinels(values, firm))
    return TypedColumn(name, "number", style, odd=tuple(odd))


def _beside_words(name: str, firm: Counter[str], decimal: str) -> TypedColumn | None:
    """A column of numbers with more behind each than a unit, which says nothing."""
    for beside in asides(firm, decimal):
        bare = without(firm, beside)
        counted: Counter[str] = Counter()
        for cell, count in firm.items():
            counted[bare[cell]] += count
        style = number_style(counted, decimal)
        found = None if style is None else _number(name, counted, style)
        if found is not None and found.kind == "number" and found.style is not None:
            style = replace(found.style, beside=beside)
            return replace(found, style=style, odd=tuple(_odd(style, firm)))
    return None


def _as_forced(name: str, firm: Counter[str], decimal: str, kind: Kind) -> TypedColumn:
    """A column of the kind that the user named; cells of no such kind are missing."""
    variants = spelt(firm)
    words = {dict(variants).get(cell, cell) for cell in firm}
    if kind == "number":
        style = number_style(firm, decimal) or NumberStyle(decimal)
        return TypedColumn(name, kind, style, odd=tuple(_odd(style, firm)))
    if kind == "date":
        found = date_formats(firm) or _loosely(firm)
        odd = tuple(sorted(cell for cell in firm if read_any(cell, found[0]) is None))
        return TypedColumn(name, kind, formats=found[0], doubt=found[1], odd=odd)
    if kind == "boolean":
        order = yes_or_no(words)
        if order is None and len(words) != 2:
            raise UsageError(f"--column {name}=boolean: it has {len(words)} different values, yes "
                             "or no are two.")  # fmt: skip
        low, high = order or sorted(words)
        spellings = to_yes_or_no(firm, (low, high)) if order else variants
        return TypedColumn(name, kind, order=(low, high), spelt=spellings)
    if kind == "grade":
        ranks = number_style(firm, decimal)
        if ranks is not None and not _odd(ranks, firm):
            return TypedColumn(name, kind, ranks)
        return TypedColumn(name, kind, order=order_of(words, name) or tuple(sorted(words)),
                           spelt=variants)  # fmt: skip
    return TypedColumn(name, kind, spelt=variants if kind == "category" else ())


def _loosely(firm: Counter[str]) -> tuple[tuple[str, ...], str | None]:
    """Formats of those cells that are dates, however few."""
    for cell in firm:
        if found := date_formats({cell: 1}):
            return found
    return (), None
