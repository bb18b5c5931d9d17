"""What the column to predict asks: a class, yes or no, an amount, or several of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recipe.core.errors import UsageError
from recipe.core.names import unknown
from recipe.core.option_definitions import TABLE_TASKS
from recipe.sources.csv_cells import Columns
from recipe.sources.source import Scale
from recipe.sources.typed_columns import TypedColumn

FEW_CLASSES = 20
"""Up to so many different whole numbers are taken for classes, more for amounts."""
MOST_CLASSES = 1000
NAME_SHARE = 0.5
"""A column of words of which more than this share are different names the row and says nothing
about others."""
YES = frozenset({"1", "1.0", "yes", "true", "y", "t"})
NO = frozenset({"0", "0.0", "no", "false", "n", "f"})


@dataclass(frozen=True)
class Answer:
    """What is predicted."""

    task: str
    values: np.ndarray
    """Per kept row: the number of its class, 0 or 1, or the amount; [rows, columns] of several."""
    outputs: int
    classes: tuple[str, ...]
    words: str
    """What it is, to be said behind the name of the column."""

    @property
    def stratum(self) -> np.ndarray | None:
        """What a split keeps the shares of; None where there are no classes."""
        return self.values if self.classes and self.values.ndim == 1 else None

    def scaled(self, train: np.ndarray, name: str, path: Path) -> tuple[np.ndarray, Scale | None]:
        """Targets of every kept row, amounts with mean 0 and deviation 1 on the training rows.

        Raises:
            UsageError: numbers too large to be scaled.

        """
        if self.task != "regression":
            return self.values, None
        with np.errstate(over="ignore", invalid="ignore"):
            mean, std = self.values[train].mean(0), self.values[train].std(0)
        std = np.where(std == 0, 1.0, std)
        if not (np.isfinite(mean).all() and np.isfinite(std).all()):
            raise UsageError(
                f"{path}: {name!r} holds numbers up to {abs(self.values).max():.3g}: scale it."
            )
        y = ((self.values - mean) / std).astype(np.float32)
        if self.values.ndim == 1:
            return y, (float(mean), float(std))
        return y, (tuple(mean.tolist()), tuple(std.tolist()))


def target_columns(table: Columns, target: str | None, path: Path) -> tuple[str, ...]:
    """The names of the columns that `target` means: one, or several with commas between them.

    Raises:
        UsageError: there is none.

    """
    if target is None or target in table.names or "," not in target:
        return (target_column(table, target, path),)
    names = [each.strip() for each in target.split(",") if each.strip()]
    found = tuple(target_column(table, name, path) for name in names)
    if len(set(found)) < len(found):
        twice = next(name for name in found if found.count(name) > 1)
        raise UsageError(f"--target names the column {twice!r} twice: name each column once.")
    return found


def target_column(table: Columns, target: str | None, path: Path) -> str:
    """The name of the column that `target` means.

    Raises:
        UsageError: there is none.

    """
    if target is None:
        names = ", ".join(table.names)
        raise UsageError(f"Which column of {str(path)!r} should be predicted? Name it with --target: {names}.")  # fmt: skip # noqa: E501
    return column_named(table, target, path)


def column_named(table: Columns, name: str, path: Path) -> str:
    """A column by its name, or by its number from 1.

    Raises:
        UsageError: there is none.

    """
    if name in table.names:
        return name
    if name.isdigit() and 1 <= int(name) <= len(table.names):
        return table.names[int(name) - 1]
    raise UsageError(f"{path}: {unknown('column', name, table.names)}")


def without_answer(column: TypedColumn, cells: Sequence[str]) -> np.ndarray:
    """Which rows say nothing in a column that is predicted, bool [rows]."""
    if column.kind in ("number", "boolean", "grade"):
        return np.array(np.isnan(column.numbers(cells)))
    return np.array(column.words(cells) == "")


def answer_of(
    table: Columns, targets: Sequence[TypedColumn], kept: list[int], task: str | None, path: Path
) -> Answer:
    """What the target columns say in the kept rows, and what kind of question that is.

    Raises:
        UsageError: nothing can be learnt from them, or they do not suit the task.

    """
    if task is not None and task not in TABLE_TASKS:
        raise UsageError(unknown("task of a table", task, TABLE_TASKS))
    if len(targets) > 1:
        return _several(table, targets, kept, task, path)
    (column,) = targets
    target = column.name
    numbers, words = _numbers(table, column, kept), _words(table, column, kept)
    task = task or _guess(numbers, words)
    if task == "regression":
        if numbers is None:
            raise UsageError(
                f"{path}: {target!r} holds words, such as {words[0]!r}: no regression."
            )
        return Answer(task, numbers, 1, (), "a number")
    classes = _sorted(set(words), column)
    if len(classes) < 2:
        raise UsageError(f"{path}: {target!r} is {classes[0]!r} in every row: name another column.")
    if len(classes) > min(MOST_CLASSES, NAME_SHARE * len(words)) and len(words) > 2 * FEW_CLASSES:
        raise UsageError(
            f"{path}: {target!r} has {len(classes)} different values in {len(words)} rows: name a "
            "column with few classes, or with numbers."
        )
    if task == "binary" and len(classes) > 2:
        raise UsageError(f"{path}: {target!r} has {len(classes)} values, yes or no are two.")
    place = {name: index for index, name in enumerate(classes)}
    values = np.array([place[word] for word in words])
    if task == "binary":
        said = f"yes ({classes[1]}) or no ({classes[0] or 'empty'})"
        return Answer(task, values.astype(np.float32), 1, classes, said)
    return Answer(task, values, len(classes), classes, f"one of {len(classes)} classes")


def _numbers(table: Columns, column: TypedColumn, kept: Sequence[int]) -> np.ndarray | None:
    """A column as amounts; None where it holds words."""
    if column.style is None:
        return None
    cells = table.column(column.name)
    return column.numbers([cells[row] for row in kept])


def _words(table: Columns, column: TypedColumn, kept: Sequence[int]) -> list[str]:
    """A column as names of classes; numbers that are equal have one name."""
    cells = table.column(column.name)
    words: list[str] = column.words([cells[row] for row in kept]).tolist()
    if column.style is None:
        return words
    names: dict[float | None, str] = {}
    return [names.setdefault(column.number(word), word) for word in words]


def _guess(numbers: np.ndarray | None, words: Sequence[str]) -> str:
    different = len(set(words))
    if different <= 2:
        return "binary"
    if numbers is None:
        return "classification"
    whole = bool((numbers == np.round(numbers)).all())
    few = different <= FEW_CLASSES and len(words) >= 5 * different
    return "classification" if whole and few else "regression"


def _sorted(names: set[str], column: TypedColumn) -> tuple[str, ...]:
    """Classes in the order of their size, of their rank, or of the alphabet."""
    if column.style is not None or (column.order and names <= set(column.order)):
        return tuple(sorted(names, key=lambda name: column.number(name) or 0.0))
    return tuple(sorted(names))


def _several(
    table: Columns, targets: Sequence[TypedColumn], kept: list[int], task: str | None, path: Path
) -> Answer:
    """Several columns: labels of which each is yes or no, or amounts."""
    names = [column.name for column in targets]
    flags = [_yes_or_no(table, column, kept) for column in targets]
    yes = [found for found in flags if found is not None]
    amounts = [found for each in targets if (found := _numbers(table, each, kept)) is not None]
    if task is None and len(yes) == len(targets):
        said = f"{len(targets)} labels, each yes or no"
        values = np.stack([values for values, _ in yes], axis=1).astype(np.float32)
        meant = [f"{name} is {word!r}" for name, (_, word) in zip(names, yes, strict=True)
                 if word.lower() not in YES]  # fmt: skip
        more = f" (yes of {', of '.join(meant)})" if meant else ""
        return Answer("multilabel", values, len(targets), tuple(names), said + more)
    if task in (None, "regression") and len(amounts) == len(targets):
        values = np.stack(amounts, axis=1)
        return Answer("regression", values, len(targets), (), f"{len(targets)} numbers")
    if task in ("classification", "binary"):
        raise UsageError(
            f"--task {task} is for one column, --target names {len(targets)}: leave --task out "
            "where each of them is yes or no, or name one column."
        )
    odd = next((c.name for c in targets if c.style is None and c.kind != "boolean"), names[0])
    raise UsageError(
        f"{path}: several columns are predicted together where all are yes or no, or all are "
        f"numbers; {odd!r} holds words, such as {table.column(odd)[kept[0]]!r}: leave it out, or "
        "predict it alone."
    )


def _yes_or_no(
    table: Columns, column: TypedColumn, kept: Sequence[int]
) -> tuple[np.ndarray, str] | None:
    """1 where a column says yes, and the word for it; None where it holds something else."""
    words = _words(table, column, kept)
    known = _sorted(set(words), column)
    if len(known) == 1 and known[0].lower() in YES | NO:
        yes = known[0] if known[0].lower() in YES else "1"
    elif len(known) == 2:
        yes = known[1]
    else:
        return None
    return np.array([word == yes for word in words]), yes
