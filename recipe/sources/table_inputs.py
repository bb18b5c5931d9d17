"""Which columns of a table say something, and how each becomes inputs: numbers, words and dates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from recipe.core.errors import UsageError
from recipe.sources.csv_cells import Columns, blank, number
from recipe.sources.dates import CYCLIC, Dates, date_format, dates_of, described, expanded
from recipe.sources.readers import Numbers, TableReader, Words, numbers_of, words_of
from recipe.sources.table_splits import Split
from recipe.sources.table_targets import FEW_CLASSES, NAME_SHARE
from recipe.sources.tokens import is_wordy

MOST_WORDS = 50
"""Words of one column that get an input of their own; the rarer ones share one."""
ODD_SHARE, LEAST_NUMBERS = 0.05, 20
"""Up to this share of other cells, a column with so many different numbers is one of numbers."""
SHOWN = 3
"""Odd cells in a note."""
Role = Literal["numbers", "words", "dates", "text", "left out"]


@dataclass
class Roles:
    """What each column of a table is, as its training rows say."""

    numbers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """And the odd words in it that are taken for missing."""
    words: list[str] = field(default_factory=list)
    dates: list[Dates] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    """Free text: several words, and nearly every row another one."""
    wordy: list[str] = field(default_factory=list)
    """Among the words, columns whose cells are text that comes again."""
    left_out: dict[str, list[str]] = field(default_factory=dict)
    """Names by reason."""
    notes: list[str] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """The columns of text, where there is nothing else to learn from."""
        rest = [name for name in self.words if name not in self.wordy]
        return [*self.text, *self.wordy] if not (self.numbers or self.dates or rest) else []

    def sentences(self) -> list[str]:
        """What a user has to be told."""
        left = [f"Left out, {why}: {', '.join(names)}." for why, names in self.left_out.items()]
        return [*left, *self.notes]


def roles_of(table: Columns, targets: Sequence[str], train: list[int], split: Split) -> Roles:
    """What every column but the predicted ones is."""
    roles = Roles()
    for name in table.names:
        if name in targets:
            continue
        if name == split.time:
            _add_dates(roles, table, name, train, CYCLIC)
        elif name not in split.leaves_out:
            _add(roles, table, name, train)
    return roles


def _add(roles: Roles, table: Columns, name: str, train: list[int]) -> None:
    """Put a column where it belongs."""
    words = words_of(table, name, range(len(table)))
    different = len(set(words[train]))
    odd = _odd_cells(table, name)
    if different < 2:
        roles.left_out.setdefault("the same in every row", []).append(name)
    elif table.numbers(name) is not None or odd:
        values = numbers_of(table, name, range(len(table)), odd)
        if len(values) > 2 * FEW_CLASSES and bool((np.abs(np.diff(values)) == 1).all()):
            roles.left_out.setdefault("a running number", []).append(name)
        else:
            roles.numbers[name] = odd
            roles.notes += [_of_odd_cells(table, name, odd)] if odd else []
    elif _add_dates(roles, table, name, train):
        return
    elif is_wordy(words[train]) and different > NAME_SHARE * len(train):
        roles.text.append(name)
    elif different > NAME_SHARE * len(train) and len(train) > 2 * FEW_CLASSES:
        roles.left_out.setdefault("another word in nearly every row", []).append(name)
    else:
        roles.words.append(name)
        if is_wordy(words[train]) and different > MOST_WORDS:
            roles.wordy.append(name)


def _odd_cells(table: Columns, name: str) -> tuple[str, ...]:
    """The few cells of a column that are no numbers, where all others are; empty elsewhere."""
    filled = [cell for cell in table.column(name) if not blank(cell)]
    odd = [cell for cell in filled if number(cell, table.decimal) is None]
    numbers = len(set(filled)) - len(set(odd))
    few = 0 < len(odd) <= ODD_SHARE * len(filled) and numbers > LEAST_NUMBERS
    return tuple(sorted(set(odd))) if few else ()


def _of_odd_cells(table: Columns, name: str, odd: Sequence[str]) -> str:
    rows = [table.rows[row] for row, cell in enumerate(table.column(name)) if cell in odd]
    shown = ", ".join(map(repr, odd[:SHOWN])) + (", ..." if len(odd) > SHOWN else "")
    where = f"row {rows[0]}" if len(rows) == 1 else f"{len(rows)} rows, the first is {rows[0]}"
    return f"{name!r} is a column of numbers: {shown} ({where}) is taken for missing."


def _add_dates(
    roles: Roles, table: Columns, name: str, train: list[int], parts: Sequence[str] | None = None
) -> bool:
    """Put a column of dates where it belongs; False where it is none.

    Args:
        roles: to add to.
        table: of the column.
        name: of the column.
        train: the training rows.
        parts: those that may be inputs; None: all that vary.

    """
    found = date_format(table.column(name)) if table.numbers(name) is None else None
    if found is None:
        return False
    form, other = found
    dates = dates_of(table, name, form, train)
    if dates is None:
        roles.left_out.setdefault("the same in every row", []).append(name)
        return True
    if parts is not None:
        kept = tuple(part for part in dates.parts if part in parts)
        dates = Dates(name, form, dates.first, kept)
    doubt = f" ({described(other)} fits too: write YYYY-MM-DD to be sure)" if other else ""
    shown = ", ".join(dates.column(part).partition(": ")[2] for part in dates.parts)
    if parts is not None:
        what = f"of its parts {shown} are inputs" if shown else "it is no input"
        roles.notes.append(f"{name!r} orders the rows; {what}: later rows lie beyond the others.")
    else:
        roles.notes.append(f"{name!r} holds dates, {described(form)}{doubt}; inputs are {shown}.")
    roles.dates += [dates] if dates.parts else []
    return True


def table_reader(
    table: Columns, roles: Roles, targets: Sequence[str], train: list[int]
) -> TableReader:
    """How rows become inputs, as the training rows say.

    Raises:
        UsageError: no column says anything.

    """
    parts = [each.column(part) for each in roles.dates for part in each.parts]
    wide = expanded(table, roles.dates)
    odd = roles.numbers | dict.fromkeys(parts, ())
    numbers = {name: numbers_of(wide, name, train, odd[name]) for name in odd}
    words = {name: words_of(wide, name, train) for name in roles.words}
    if not numbers and not words:
        raise UsageError(
            f"{table.path} has no column beside {', '.join(map(repr, targets))} that could say "
            "anything."
        )
    return TableReader(
        _numbers(numbers, odd), _words(words), table.names,
        targets[0] if len(targets) == 1 else tuple(targets), table.header, table.decimal,
        tuple(roles.dates),
    )  # fmt: skip


def _numbers(
    columns: Mapping[str, np.ndarray], odd: Mapping[str, tuple[str, ...]]
) -> tuple[Numbers, ...]:
    """How each column is filled in and scaled."""
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import StandardScaler

    found = []
    for name, values in columns.items():
        imputer = SimpleImputer(strategy="median", add_indicator=True)
        scaler = StandardScaler().fit(imputer.fit_transform(values[:, None]))
        mean, std = scaler.mean_.tolist(), scaler.scale_.tolist()
        missing = (mean[1], std[1]) if len(mean) > 1 else None
        median = float(imputer.statistics_[0])
        found.append(Numbers(name, median, mean[0], std[0], missing, odd[name]))
    return tuple(found)


def _words(columns: Mapping[str, np.ndarray]) -> tuple[Words, ...]:
    """Which words of each column get an input of their own."""
    from sklearn.preprocessing import OneHotEncoder

    found = []
    for name, values in columns.items():
        encoder = OneHotEncoder(max_categories=MOST_WORDS, handle_unknown="infrequent_if_exist")
        encoder.fit(values[:, None])
        (rare,) = encoder.infrequent_categories_
        few = set() if rare is None else set(rare)
        known = tuple(str(word) for word in encoder.categories_[0] if word not in few)
        found.append(Words(name, known, bool(few)))
    return tuple(found)
