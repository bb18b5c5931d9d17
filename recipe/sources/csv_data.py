"""A table with a column to predict, from a file or from memory."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from recipe.core.errors import UsageError
from recipe.sources.csv_cells import Columns, blank
from recipe.sources.dates import expanded
from recipe.sources.source import Source
from recipe.sources.table_files import read_table
from recipe.sources.table_inputs import Roles, roles_of, table_reader
from recipe.sources.table_splits import split_as_given, split_rows
from recipe.sources.table_targets import Answer, answer_of, target_columns
from recipe.sources.text_tables import TextEncoder, text_columns, texts_reader

LEAST_ROWS = 5


def csv_table(
    data: Any,
    target: str | None,
    task: str | None = None,
    *,
    group: str | None = None,
    time: str | None = None,
    encoder: TextEncoder | None = None,
) -> Source:
    """The other columns as inputs, `target` as what is predicted; a fifth of the rows held out.

    Numbers get mean 0 and deviation 1, a missing one is the median and says so in an input of its
    own; words become one input each, dates their parts. All of that is measured on the training
    rows alone. Where nothing but text stands beside the answer, inputs are token numbers
    [rows, length].

    Args:
        data: a file (see `read_table`), a pandas DataFrame, or a pyarrow Table.
        target: name of the column, or its number from 1; several with commas between them.
        task: `classification`, `binary` or `regression`; None: as the column looks.
        group: a column of which no value may be both in training and in validation.
        time: a column by which rows are ordered: the latest fifth validates.
        encoder: what makes inputs of text; named, columns of text alone are inputs.

    Raises:
        UsageError: the data or the column cannot be used.

    """
    table = read_table(data)
    return table_source(table, target, task, group=group, time=time, encoder=encoder)


def table_source(
    table: Columns,
    target: str | None,
    task: str | None = None,
    *,
    group: str | None = None,
    time: str | None = None,
    encoder: TextEncoder | None = None,
    parts: Sequence[str] | None = None,
) -> Source:
    """As `csv_table`, of columns.

    Args:
        table: all rows.
        target: see `csv_table`.
        task: see `csv_table`.
        group: see `csv_table`.
        time: see `csv_table`.
        encoder: see `csv_table`.
        parts: of each row `train`, `val` or `test`, where the data set says it.

    Raises:
        UsageError: the column cannot be used.

    """
    path = table.path
    targets = target_columns(table, target, path)
    kept = _answered(table, targets)
    answer = answer_of(table, targets, kept, task, path)
    split = (
        split_rows(table, kept, answer, group=group, time=time) if parts is None
        else split_as_given([parts[row] for row in kept], answer)
    )  # fmt: skip
    train = [kept[row] for row in split.train]
    roles = roles_of(table, targets, train, split)
    reader, notes = _reader(table, roles, targets, train, encoder)
    if roles.dates and group is time is parts is None:
        day = roles.dates[0].name
        notes = (*notes, f"Rows are held out at random (--time {day}: the latest validate).")
    y, scale = answer.scaled(split.train, ",".join(targets), path)
    pair = _pair_maker(table, reader, roles, kept, y)
    return Source(
        name=path.stem, kind="texts" if hasattr(reader, "columns") else "table", task=answer.task,
        train=pair(split.train), val=pair(split.val),
        test=None if split.test is None else pair(split.test),
        shape=(reader.width,), outputs=answer.outputs, classes=answer.classes, reader=reader,
        scale=scale,
        notes=(_what(targets, answer, len(kept), reader, task), *table.notes, *notes, *split.notes,
               *_of_unanswered(len(table) - len(kept), targets)),
    )  # fmt: skip


def _answered(table: Columns, targets: Sequence[str]) -> list[int]:
    """The rows with a value in every column that is predicted."""
    labels = [table.column(name) for name in targets]
    kept = [row for row in range(len(table)) if not any(blank(cells[row]) for cells in labels)]
    if len(kept) < LEAST_ROWS:
        names = ", ".join(map(repr, targets))
        raise UsageError(
            f"{str(table.path)!r} has {len(kept)} rows with a value in {names}: "
            f"{LEAST_ROWS} or more are needed."
        )
    return kept


def _of_unanswered(count: int, targets: Sequence[str]) -> tuple[str, ...]:
    names = " or ".join(map(repr, targets))
    return (f"{count} rows without {names} are left out.",) if count else ()


def _what(
    targets: Sequence[str], answer: Answer, rows: int, reader: Any, task: str | None
) -> str:  # fmt: skip
    """What is predicted from what, in one sentence."""
    hint = "" if task or len(targets) > 1 else " (--task to say otherwise)"
    names = ", ".join(map(repr, targets))
    texts = getattr(reader, "columns", None)
    inputs = f"text in {' and '.join(map(repr, texts))}" if texts else f"{reader.width} inputs"
    verb = "are" if len(targets) > 1 else "is"
    return f"{names} {verb} {answer.words}: {rows} rows, {inputs}{hint}."


def _reader(
    table: Columns, roles: Roles, targets: Sequence[str], train: list[int],
    encoder: TextEncoder | None,
) -> tuple[Any, tuple[str, ...]]:  # fmt: skip
    """How rows become inputs, and sentences about it."""
    texts = roles.texts
    if encoder is not None and not texts:
        texts = roles.text
        others = [*roles.numbers, *roles.words, *(each.name for each in roles.dates)]
        if not texts:
            raise UsageError(
                f"{table.path} has no column of text for this model, which reads text: leave "
                "--model out, or name one for tables."
            )
        roles.notes = [f"Left out, since the model reads text alone: {', '.join(others)}."]
    if texts:
        texts = [name for name in table.names if name in texts]
        encode = encoder or texts_reader
        reader, notes = encode(table, text_columns(texts, table.path), targets, train)
        return reader, (*roles.sentences(), *notes)
    if roles.text:
        roles.left_out["free text (--model bag reads it instead of the other columns)"] = roles.text
    return table_reader(table, roles, targets, train), tuple(roles.sentences())


def _pair_maker(table: Columns, reader: Any, roles: Roles, kept: list[int], y: np.ndarray) -> Any:
    """A function from places among the kept rows to inputs and targets."""
    wide = table if hasattr(reader, "columns") else expanded(table, roles.dates)

    def pair(rows: np.ndarray) -> Any:
        chosen = [kept[row] for row in rows]
        if hasattr(reader, "dataset"):
            return reader.dataset(table, chosen, y[rows])
        return reader.inputs(wide, chosen), y[rows]

    return pair
