"""A table with a column to predict, from a file or from memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recipe.core.errors import UsageError
from recipe.sources.answers import Answers
from recipe.sources.cell_notes import notes_of
from recipe.sources.column_uses import facts_of
from recipe.sources.csv_cells import Columns
from recipe.sources.kinds import typed
from recipe.sources.leaks import leaks
from recipe.sources.readers import TableReader
from recipe.sources.source import Source
from recipe.sources.table_files import read_table
from recipe.sources.table_inputs import (
    Roles,
    roles_of,
    table_reader,
)
from recipe.sources.table_splits import split_as_given, split_rows
from recipe.sources.table_targets import Answer, answer_of, target_columns, without_answer
from recipe.sources.text_tables import PAIR, TextEncoder, text_columns, texts_reader
from recipe.sources.typed_columns import TypedColumn

LEAST_ROWS = 5


def csv_table(
    data: Any,
    target: str | None,
    task: str | None = None,
    *,
    group: str | None = None,
    time: str | None = None,
    column: Mapping[str, str] | None = None,
    encoder: TextEncoder | None = None,
) -> Source:
    """The other columns as inputs, `target` as what is predicted; a fifth of the rows held out.

    Numbers, however they are written, get mean 0 and deviation 1, those far off are bounded unless
    the answer follows them, a missing one is the median and says so in an input of its own;
    categories become one input each, grades their rank, and an input each where a line over it
    misses the answer; dates become days and those of their parts that the answer follows, texts
    what TF-IDF and SVD make of them. All of that is measured on the
    training rows alone. Where nothing but text stands beside the answer, inputs are token numbers
    [rows, length].

    Args:
        data: a file or folder (see `read_table`), a pandas DataFrame, or a pyarrow Table.
        target: name of the column, or its number from 1; several with commas between them.
        task: `classification`, `binary` or `regression`; None: as the column looks.
        group: a column of which no value may be both in training and in validation.
        time: a column by which rows are ordered: the latest fifth validates.
        column: kinds of columns, by name, where they are not what they look like (see
            `column_kinds`).
        encoder: what makes inputs of text; named, columns of text alone are inputs.

    Raises:
        UsageError: the data or the column cannot be used.

    """
    table = read_table(data, wanted=target)
    return table_source(
        table, target, task, group=group, time=time, column=column, encoder=encoder
    )  # fmt: skip


def table_source(
    table: Columns,
    target: str | None,
    task: str | None = None,
    *,
    group: str | None = None,
    time: str | None = None,
    column: Mapping[str, str] | None = None,
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
        column: see `csv_table`.
        encoder: see `csv_table`.
        parts: of each row `train`, `val` or `test`, where the data set says it.

    Raises:
        UsageError: the column cannot be used.

    """
    path = table.path
    targets = target_columns(table, target, path)
    columns = typed(table, targets, column)
    by_name = {each.name: each for each in columns}
    kept = _answered(table, [by_name[name] for name in targets])
    answer = answer_of(table, [by_name[name] for name in targets], kept, task, path)
    split = (
        split_rows(table, kept, answer, group=group, time=time) if parts is None
        else split_as_given([parts[row] for row in kept], answer)
    )  # fmt: skip
    train = [kept[row] for row in split.train]
    answers = Answers(train, answer.values[split.train], classes=answer.task != "regression")
    roles = roles_of(table, columns, targets, answers, split)
    reader, notes, texts = _reader(table, roles, targets, answers, encoder)
    if roles.dates and group is time is parts is None:
        day = next(iter(roles.dates))
        notes = (*notes, f"Rows are held out at random (--time {day}: the latest validate).")
    y, scale = answer.scaled(split.train, ",".join(targets), path)
    notes = (*notes, *leaks(table, roles, answer, kept, targets))
    pair = _pair_maker(table, reader, kept, y)
    return Source(
        name=path.name.partition(".")[0] or path.stem,
        kind="texts" if texts else "table", task=answer.task,
        train=pair(split.train), val=pair(split.val),
        test=None if split.test is None else pair(split.test),
        shape=(reader.width,), outputs=answer.outputs, classes=answer.classes, reader=reader,
        scale=scale,
        notes=(_what(targets, answer, len(kept), reader, task), *table.notes, *notes, *split.notes,
               *_of_unanswered(table, [by_name[name] for name in targets], len(kept))),
        columns=facts_of(table, columns, targets, roles, texts=texts, reader=reader),
    )  # fmt: skip


def _answered(table: Columns, targets: Sequence[TypedColumn]) -> list[int]:
    """The rows with a value in every column that is predicted."""
    empty = np.zeros(len(table), dtype=bool)
    for column in targets:
        empty |= without_answer(column, table.column(column.name))
    kept = np.flatnonzero(~empty).tolist()
    if len(kept) < LEAST_ROWS:
        names = ", ".join(repr(column.name) for column in targets)
        raise UsageError(
            f"{str(table.path)!r} has {len(kept)} rows with a value in {names}: "
            f"{LEAST_ROWS} or more are needed."
        )
    return kept


def _of_unanswered(table: Columns, targets: Sequence[TypedColumn], kept: int) -> tuple[str, ...]:
    names = " or ".join(repr(column.name) for column in targets)
    count = len(table) - kept
    said = [note for column in targets for note in notes_of(table, column)]
    return (*said, *([f"{count} rows without {names} are left out."] if count else []))


def _what(
    targets: Sequence[str], answer: Answer, rows: int, reader: Any, task: str | None
) -> str:  # fmt: skip
    """What is predicted from what, in one sentence."""
    hint = "" if task or len(targets) > 1 else " (--task to say otherwise)"
    names = ", ".join(map(repr, targets))
    texts = None if isinstance(reader, TableReader) else reader.columns
    inputs = f"text in {' and '.join(map(repr, texts))}" if texts else f"{reader.width} inputs"
    verb = "are" if len(targets) > 1 else "is"
    return f"{names} {verb} {answer.words}: {rows} rows, {inputs}{hint}."


def _reader(
    table: Columns, roles: Roles, targets: Sequence[str], train: Answers,
    encoder: TextEncoder | None,
) -> tuple[Any, tuple[str, ...], tuple[str, ...]]:  # fmt: skip
    """How rows become inputs, sentences about it, and the columns that are read as tokens."""
    texts = roles.texts if len(roles.texts) <= PAIR else []
    if encoder is not None and not texts:
        texts = roles.text
        others = [name for name in roles.columns if name not in texts]
        if not texts:
            raise UsageError(
                f"{table.path} has no column of text for this model, which reads text: leave "
                "--model out, or name one for tables."
            )
        for name in others:
            roles.leave_out(name, "since the model reads text alone")
        roles.notes = []
    if texts:
        texts = [name for name in table.names if name in texts]
        encode = encoder or texts_reader
        reader, notes = encode(table, text_columns(texts, table.path), targets, list(train.rows))
        return reader, (*roles.sentences(), *notes), tuple(texts)
    made = table_reader(table, roles, targets, train)
    if roles.text:
        roles.notes.append(
            f"{', '.join(map(repr, roles.text))}: free text, read as numbers that tell which words "
            "it has (--model bag reads it alone, word by word)."
        )
    return made, tuple(roles.sentences()), ()


def _pair_maker(table: Columns, reader: Any, kept: list[int], y: np.ndarray) -> Any:
    """A function from places among the kept rows to inputs and targets."""

    def pair(rows: np.ndarray) -> Any:
        chosen = [kept[row] for row in rows]
        if hasattr(reader, "dataset"):
            return reader.dataset(table, chosen, y[rows])
        return reader.inputs(table, chosen), y[rows]

    return pair
