"""Which columns of a table say something, and how each becomes inputs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from recipe.core.errors import UsageError
from recipe.sources.answers import Answers, followed
from recipe.sources.cell_notes import notes_of, of_odd_cells
from recipe.sources.csv_cells import Columns
from recipe.sources.dates import CYCLIC, Dates, dates_of, described
from recipe.sources.readers import FAR, Numbers, TableReader, Words, values_of
from recipe.sources.table_splits import Split
from recipe.sources.text_parts import text_parts
from recipe.sources.tokens import is_wordy
from recipe.sources.typed_columns import TypedColumn

MOST_WORDS = 50
"""Words of one column that get an input of their own; the rarer ones share one."""
LEFT_OUT: Mapping[str, str] = {
    "constant": "the same in every row", "identifier": "names the row and says nothing of others",
}  # fmt: skip


@dataclass
class Roles:
    """What each column of a table is for."""

    columns: dict[str, TypedColumn] = field(default_factory=dict)
    """Those that are inputs, by name."""
    dates: dict[str, Dates] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    """Why, by name."""
    notes: list[str] = field(default_factory=list)
    rows: int = 0
    """Of training."""
    wordy: list[str] = field(default_factory=list)
    """Among the categories, columns of very many whose cells are text that comes again."""

    @property
    def text(self) -> list[str]:
        """Columns of free text."""
        return [name for name, column in self.columns.items() if column.kind == "text"]

    @property
    def texts(self) -> list[str]:
        """The columns of text, where there is nothing else to learn from."""
        found = [*self.text, *self.wordy]
        return found if set(found) == self.columns.keys() else []

    def leave_out(self, name: str, why: str) -> None:
        """Take a column from the inputs."""
        self.columns.pop(name, None)
        self.left_out[name] = why

    def sentences(self) -> list[str]:
        """What a user has to be told."""
        reasons: dict[str, list[str]] = {}
        for name, why in self.left_out.items():
            reasons.setdefault(why, []).append(name)
        return [*(f"Left out, {why}: {', '.join(names)}." for why, names in reasons.items()),
                *self.notes]  # fmt: skip


def roles_of(
    table: Columns, columns: Sequence[TypedColumn], targets: Sequence[str], train: Answers,
    split: Split,
) -> Roles:  # fmt: skip
    """What every column but the predicted ones is for."""
    roles = Roles(rows=len(train.rows))
    for column in columns:
        if column.name in targets:
            continue
        if column.name == split.time:
            _add_time(roles, table, column, train)
        elif column.name in split.leaves_out:
            roles.left_out[column.name] = "divides the rows"
        elif column.kind == "copy":
            roles.left_out[column.name] = f"repeats {column.of!r}"
        elif column.kind in LEFT_OUT:
            roles.left_out[column.name] = LEFT_OUT[column.kind]
        else:
            _add(roles, table, column, train)
    roles.left_out = {n: w for n, w in roles.left_out.items() if w != "divides the rows"}
    if not roles.columns:
        _take_numbers_back(roles, table, columns, targets)
    return roles


def _take_numbers_back(
    roles: Roles, table: Columns, columns: Sequence[TypedColumn], targets: Sequence[str]
) -> None:
    """Where nothing else is there, a running number is what there is to learn from."""
    from recipe.sources.kinds import judged

    for column in columns:
        if column.kind == "identifier" and column.name not in targets and column.name in roles.left_out:  # fmt: skip # noqa: E501
            found = judged(column.name, table.column(column.name), table.decimal, is_target=True)
            if found.kind == "number":
                del roles.left_out[column.name]
                roles.columns[column.name] = found


def _add(roles: Roles, table: Columns, column: TypedColumn, train: Answers) -> None:
    """Put a column among the inputs, unless it is the same in all of the training rows."""
    if column.kind == "date":
        _add_dates(roles, table, column, train)
        return
    cells = [table.column(column.name)[row] for row in train.rows]
    amount = column.kind in ("number", "boolean") or (column.kind == "grade" and column.style)
    values = column.numbers(cells) if amount else column.words(cells)
    if len(set(values[~np.isnan(values)].tolist() if amount else values)) < 2 and not (
        amount and column.kind == "boolean" and len(set(np.isnan(values).tolist())) == 2
    ):  # fmt: skip
        roles.left_out[column.name] = LEFT_OUT["constant"]
        return
    roles.columns[column.name] = column
    roles.notes += notes_of(table, column)
    if column.kind == "category" and len(set(values)) > MOST_WORDS and is_wordy(values):
        roles.wordy.append(column.name)


def _add_time(roles: Roles, table: Columns, column: TypedColumn, train: Answers) -> None:
    """Of the column that orders the rows, only what comes again is an input."""
    if column.kind == "date":
        _add_dates(roles, table, column, train, CYCLIC)


def _add_dates(
    roles: Roles, table: Columns, column: TypedColumn, train: Answers,
    parts: Sequence[str] | None = None,
) -> None:  # fmt: skip
    """Put a column of dates where it belongs.

    Args:
        roles: to add to.
        table: of the column.
        column: of dates.
        train: the rows, and what is predicted in them.
        parts: those that may be inputs; None: all that vary.

    """
    cells = table.column(column.name)
    moments = column.moments([cells[row] for row in train.rows])
    found = dates_of([at for at in moments if at], column.formats)
    if found is None:
        roles.left_out[column.name] = LEFT_OUT["constant"]
        return
    if parts is not None:
        found = Dates(found.first, tuple(part for part in found.parts if part in parts))
    varying, found = found, followed(found, moments, train)
    idle = [part for part in varying.parts if part not in found.parts]
    doubt = f" ({described(column.doubt)} fits too: write YYYY-MM-DD to be sure)" if column.doubt else ""  # fmt: skip # noqa: E501
    shown, name = ", ".join(said_parts(found)), column.name
    if parts is not None:
        what = f"of its parts {shown} are inputs" if shown else "it is no input"
        roles.notes.append(f"{name!r} orders the rows; {what}: later rows lie beyond the others.")
    else:
        form = " or ".join(map(described, column.formats))
        verb = "tell" if len(idle) > 1 else "tells"
        said = f"its {_listed(idle)} {verb} nothing about the target" if idle else ""
        what = f"{'inputs are' if ', ' in shown else 'its input is'} {shown}" if shown else said
        also = f" ({said})" if shown and said else ""
        roles.notes.append(f"{name!r} holds dates, {form}{doubt}; {what}{also}.")
        roles.notes += of_odd_cells(table, column)
    if found.parts:
        roles.columns[name], roles.dates[name] = column, found
    elif parts is None:
        roles.left_out[name] = "a time whose parts tell nothing about the target"


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def said_parts(dates: Dates) -> list[str]:
    """The parts of dates, without their waves."""
    return [name for name in dates.names if "sine" not in name]


def table_reader(
    table: Columns, roles: Roles, targets: Sequence[str], train: Answers
) -> TableReader:
    """How rows become inputs, as the training rows say.

    Raises:
        UsageError: no column says anything.

    """
    columns = tuple(roles.columns.values())
    if not columns:
        raise UsageError(
            f"{table.path} has no column beside {', '.join(map(repr, targets))} that could say "
            "anything."
        )
    amounts, words = values_of(table, columns, roles.dates, train.rows)
    texts = [found for column in columns if _as_text(column, words) and
             (found := text_parts(column.name, words[column.name], of_words=column.kind == "text"))]  # fmt: skip # noqa: E501
    told = {each.name for each in texts}
    for name in [name for name in roles.text if name not in told]:
        roles.leave_out(name, "text of which no word comes again in other rows")
    columns = tuple(column for column in columns if column.name in roles.columns)
    plain = {name: c for name, c in words.items() if name not in told and name in roles.columns}
    grades = {column.name: column.order for column in columns if column.kind == "grade"}
    lines = [name for name in plain if name in grades and not train.leave_the_line(amounts[name])]
    plain = {name: cells for name, cells in plain.items() if name not in lines}
    return TableReader(
        columns, _numbers(amounts, train), _words(plain, grades), table.names,
        targets[0] if len(targets) == 1 else tuple(targets), table.header,
        tuple(roles.dates.items()), tuple(texts),
    )  # fmt: skip


def _as_text(column: TypedColumn, words: Mapping[str, np.ndarray]) -> bool:
    """Whether cells are compared by their letters: free text, and kinds too many for an input each
    and too rare to stand for something.
    """
    if column.kind == "text":
        return True
    if column.kind != "category":
        return False
    counts = Counter(words[column.name])
    top = sum(count for _, count in counts.most_common(MOST_WORDS))
    return len(counts) > MOST_WORDS and top < 0.9 * counts.total()


def _numbers(columns: Mapping[str, np.ndarray], train: Answers) -> tuple[Numbers, ...]:
    """How each column is filled in and scaled."""
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import StandardScaler

    found = []
    for name, values in columns.items():
        imputer = SimpleImputer(strategy="median", add_indicator=True)
        scaler = StandardScaler().fit(imputer.fit_transform(values[:, None]))
        mean, std = scaler.mean_.tolist(), scaler.scale_.tolist()
        missing = (mean[1], std[1]) if len(mean) > 1 else None
        plain = Numbers(name, float(imputer.statistics_[0]), mean[0], std[0], missing)
        inputs, bounded = plain.scaled(values), replace(plain, bound=FAR)
        near = abs(inputs).max() <= FAR or train.follow_better(inputs, bounded.scaled(values))
        found.append(plain if near else bounded)
    return tuple(found)


def _words(
    columns: Mapping[str, np.ndarray], grades: Mapping[str, Sequence[str]]
) -> tuple[Words, ...]:
    """Which words of each column get an input of their own."""
    from sklearn.preprocessing import OneHotEncoder

    found = []
    for name, values in columns.items():
        if name in grades:
            there = set(values)
            found.append(Words(name, tuple(word for word in grades[name] if word in there)))
            continue
        encoder = OneHotEncoder(max_categories=MOST_WORDS, handle_unknown="infrequent_if_exist")
        encoder.fit(values[:, None])
        (rare,) = encoder.infrequent_categories_
        few = set() if rare is None else set(rare)
        known = tuple(str(word) for word in encoder.categories_[0] if word not in few)
        found.append(Words(name, known, bool(few)))
    return tuple(found)
