"""A CSV table with a column to predict."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recipe.core.errors import UsageError
from recipe.core.names import unknown
from recipe.core.option_definitions import TABLE_TASKS
from recipe.sources.csv_cells import Columns, blank, read_csv
from recipe.sources.readers import Numbers, TableReader, Words, numbers_of, words_of
from recipe.sources.source import Source

VAL_SHARE = 0.2
SPLIT_SEED = 0
LEAST_ROWS = 5
FEW_CLASSES = 20
"""Up to so many different whole numbers are taken for classes, more for amounts."""
MOST_CLASSES = 1000
MOST_WORDS = 50
"""Words of one column that get an input of their own; the rarer ones share one."""
NAME_SHARE = 0.5
"""A column of words of which more than this share are different names the row and says nothing
about others."""
Cells = Sequence[str]


def csv_table(path: str | Path, target: str | None, task: str | None = None) -> Source:
    """The other columns as inputs, `target` as what is predicted; a fifth of the rows held out.

    Numbers get mean 0 and deviation 1, a missing one is the median and says so in an input of its
    own; words become one input each. All of that is measured on the training rows alone.

    Args:
        path: of the file.
        target: name of the column, or its number from 1.
        task: `classification`, `binary` or `regression`; None: as the column looks.

    Raises:
        UsageError: the file or the column cannot be used.

    """
    path = Path(path)
    table = read_csv(path)
    target = target_column(table, target, path)
    labels = table.column(target)
    kept = [row for row, cell in enumerate(labels) if not blank(cell)]
    if len(kept) < LEAST_ROWS:
        raise UsageError(
            f"{str(path)!r} has {len(kept)} rows with a value in {target!r}: "
            f"{LEAST_ROWS} or more are needed."
        )
    answer = _answer(table, target, kept, task, path)
    train, val = _split(len(kept), answer)
    reader, notes = _reader(table, target, [kept[row] for row in train], path)
    y, scale = answer.values, None
    if answer.task == "regression":
        with np.errstate(over="ignore", invalid="ignore"):
            scale = float(y[train].mean()), float(y[train].std()) or 1.0
        if not all(map(math.isfinite, scale)):
            raise UsageError(
                f"{path}: {target!r} holds numbers up to {abs(y).max():.3g}: scale it."
            )
        y = ((y - scale[0]) / scale[1]).astype(np.float32)
    parts = [(reader.inputs(table, [kept[row] for row in rows]), y[rows]) for rows in (train, val)]
    if len(kept) < len(labels):
        notes = (*notes, f"{len(labels) - len(kept)} rows without {target!r} are left out.")
    hint = "" if task else " (--task to say otherwise)"
    what = f"{answer.words}: {len(kept)} rows, {reader.width} inputs{hint}."
    return Source(
        name=path.stem, kind="table", task=answer.task, train=parts[0], val=parts[1], test=None,
        shape=(reader.width,), outputs=answer.outputs, classes=answer.classes, reader=reader,
        scale=scale,
        notes=(f"{target!r} is {what}", *notes),
    )  # fmt: skip


def target_column(table: Columns, target: str | None, path: Path) -> str:
    """The name of the column that `target` means.

    Raises:
        UsageError: there is none.

    """
    if target is None:
        names = ", ".join(table.names)
        raise UsageError(f"Which column of {str(path)!r} is to be predicted? Name it with --target: {names}.")  # fmt: skip # noqa: E501
    if target in table.names:
        return target
    if target.isdigit() and 1 <= int(target) <= len(table.names):
        return table.names[int(target) - 1]
    raise UsageError(f"{path}: {unknown('column', target, table.names)}")


@dataclass(frozen=True)
class _Answer:
    task: str
    values: np.ndarray
    """Per kept row: the number of its class, 0 or 1, or the amount."""
    outputs: int
    classes: tuple[str, ...]
    words: str


def _answer(table: Columns, target: str, kept: list[int], task: str | None, path: Path) -> _Answer:
    """What the target column says, and what kind of question that is."""
    numbers = None if table.numbers(target) is None else numbers_of(table, target, kept)
    words = [table.column(target)[row] for row in kept]
    task = task or _guess(numbers, words)
    if task not in TABLE_TASKS:
        raise UsageError(unknown("task of a table", task, TABLE_TASKS))
    if task == "regression":
        if numbers is None:
            odd = next(word for word in words if table.numbers(target) is None and word)
            raise UsageError(f"{path}: {target!r} holds words, such as {odd!r}: no regression.")
        return _Answer(task, numbers, 1, (), "a number")
    classes = _sorted(set(words), numbers is not None)
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
        said = f"yes ({classes[1]}) or no ({classes[0]})"
        return _Answer(task, values.astype(np.float32), 1, classes, said)
    return _Answer(task, values, len(classes), classes, f"one of {len(classes)} classes")


def _guess(numbers: np.ndarray | None, words: Cells) -> str:
    different = len(set(words))
    if different <= 2:
        return "binary"
    if numbers is None:
        return "classification"
    whole = bool((numbers == np.round(numbers)).all())
    few = different <= FEW_CLASSES and len(words) >= 5 * different
    return "classification" if whole and few else "regression"


def _sorted(names: set[str], numbers: bool) -> tuple[str, ...]:
    return tuple(sorted(names, key=float if numbers else str))


def _split(n: int, answer: _Answer) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on and rows to validate on, with equal class shares where each class has
    enough rows.
    """
    from sklearn.model_selection import train_test_split

    counts = Counter(answer.values.tolist())
    held = round(VAL_SHARE * n)
    fits = answer.classes and min(counts.values()) > 1 and held >= len(counts)
    train, val = train_test_split(
        np.arange(n), test_size=held, random_state=SPLIT_SEED,
        stratify=answer.values if fits else None,
    )  # fmt: skip
    return np.sort(train), np.sort(val)


def _reader(
    table: Columns, target: str, train: list[int], path: Path
) -> tuple[TableReader, tuple[str, ...]]:
    """How rows become inputs, as the training rows say, and what was left out."""
    numbers: dict[str, np.ndarray] = {}
    words: dict[str, np.ndarray] = {}
    left_out: dict[str, list[str]] = {}
    for name in table.names:
        if name == target:
            continue
        reason, values = _column(table, name, train)
        if reason:
            left_out.setdefault(reason, []).append(name)
        else:
            (numbers if values.dtype != object else words)[name] = values[train]
    if not numbers and not words:
        raise UsageError(f"{path} has no column beside {target!r} that could say anything.")
    notes = tuple(f"Left out, {why}: {', '.join(names)}." for why, names in left_out.items())
    made = _numbers(numbers), _words(words)
    return TableReader(*made, table.names, target, table.header, table.decimal), notes


def _numbers(columns: Mapping[str, np.ndarray]) -> tuple[Numbers, ...]:
    """How each column is filled in and scaled."""
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import StandardScaler

    found = []
    for name, values in columns.items():
        imputer = SimpleImputer(strategy="median", add_indicator=True)
        scaler = StandardScaler().fit(imputer.fit_transform(values[:, None]))
        mean, std = scaler.mean_.tolist(), scaler.scale_.tolist()
        missing = (mean[1], std[1]) if len(mean) > 1 else None
        found.append(Numbers(name, float(imputer.statistics_[0]), mean[0], std[0], missing))
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


def _column(table: Columns, name: str, train: list[int]) -> tuple[str, np.ndarray]:
    """Why a column is of no use (empty when it is), and its values: numbers, or words."""
    every = range(len(table))
    words = words_of(table, name, every)
    if len(set(words[train])) < 2:
        return "the same in every row", np.empty(0)
    if table.numbers(name) is not None:
        values = numbers_of(table, name, every)
        counts = len(values) > 2 * FEW_CLASSES and bool((np.abs(np.diff(values)) == 1).all())
        return ("a running number" if counts else ""), values
    if len(set(words[train])) > NAME_SHARE * len(train) and len(train) > 2 * FEW_CLASSES:
        return "another word in nearly every row", np.empty(0)
    return "", words
