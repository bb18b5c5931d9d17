"""Curves in JSON (and what YAML holds) as sheets: records, lists by name, series of places and
values, and what pandas and trainers write.
"""

import json
import math
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from recipe.core.errors import UsageError
from recipe.logs.cells import is_number
from recipe.logs.column_names import kind_of, split_of, words_of
from recipe.logs.frames import sheet_of
from recipe.logs.pivots import pivoted
from recipe.logs.sheet import UNKNOWN, Sheet
from recipe.logs.tables import Table

Records = list[dict[str, Any]]
SPARSE = 2
"""A list shorter than the longest by this factor was written less often, not ended earlier."""
DEEPEST = 12
"""Objects within objects that are looked into."""
AROUND = frozenset({
    "curves", "history", "log", "logs", "metrics", "results", "data", "scalars", "training_history",
    "train_history", "stats", "params",
})  # fmt: skip
"""Names of objects that say nothing of what is in them."""
_STEPS = ("x", "step", "steps", "epoch", "epochs", "iterations", "iteration", "index")
_VALUES = ("y", "value", "values")
_NUMBERED = re.compile(r"(?:(epoch|ep|step|iter|iteration)[ _-]?)?(\d+)", re.IGNORECASE)
_PLANNED = {"num_train_epochs": "planned_epoch", "max_steps": "planned_step"}


def parsed(text: str) -> tuple[Any, str]:
    """What JSON holds, and a note; one object after the other is a list, and a torn end is cut.

    Raises:
        UsageError: it is no JSON.

    """
    try:
        return json.loads(text), ""
    except RecursionError as error:
        raise UsageError("is nested too deep to hold curves.") from error
    except ValueError as error:
        said = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    lines = [line for line in text.split("\n") if line.strip()]
    given, bad = [], 0
    for line in lines:
        try:
            given.append(json.loads(line.rstrip().rstrip(",")))
        except RecursionError as error:
            raise UsageError("is nested too deep to hold curves.") from error
        except ValueError:
            bad += 1
            if bad > 5 and bad > len(given):
                break
    if len(given) > 1 and bad <= max(1, len(lines) // 10):
        return given, f"{bad} lines are no JSON and were left out" if bad else ""
    objects = list(_one_after_the_other(text))
    if objects:
        return (objects[0] if len(objects) == 1 else objects), "its end is torn and was left out"
    raise UsageError(f"is no JSON ({said}).")


def _one_after_the_other(text: str) -> Iterator[Any]:
    decoder, place = json.JSONDecoder(), 0
    while place < len(text):
        start = re.compile(r"[\s,]*").match(text, place)
        place = start.end() if start else place
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            return
        if not isinstance(value, dict):
            return
        yield value


def sheet_of_json(given: Any, called: str = "") -> Sheet:
    """The sheet of what JSON holds.

    Args:
        given: what was parsed.
        called: the name of the file, which names a curve without one.

    Raises:
        UsageError: it has no names.

    """
    planned: dict[str, float] = {}
    if isinstance(given, list) and len(given) == 1 and isinstance(given[0], dict):
        given = given[0]
    if isinstance(given, dict):
        planned = {
            ours: float(given[name]) for name, ours in _PLANNED.items()
            if isinstance(given.get(name), int | float) and 0 < given[name] < 1e12
        }  # fmt: skip
        series = [] if isinstance(given.get("columns"), list) else list(_series(given, ""))
        if series:
            return pivoted(series)
        given = _records(given)
    if _is_grid(given):
        return sheet_of(Table(list(map(str, given[0])), [list(row) for row in given[1:]]))
    if _is_triples(given):
        rows = [("", called or "value", (UNKNOWN, row[1]), row[2]) for row in given]
        return pivoted(rows)
    records = [_flat(record) for record in given if isinstance(record, dict)]
    if given and not records:
        raise UsageError(
            'holds values without names: write {"train_loss": [...], "val_loss": [...]}.'
        )
    header = list(dict.fromkeys(name for record in records for name in record))
    sheet = sheet_of(Table(header, [[record.get(name) for name in header] for record in records]))
    sheet.planned_epoch = sheet.planned_epoch or planned.get("planned_epoch")
    sheet.planned_step = sheet.planned_step or planned.get("planned_step")
    return sheet


def _is_grid(given: Any) -> bool:
    """A list of rows, the first of names."""
    if not isinstance(given, list) or len(given) < 2 or not all(isinstance(r, list) for r in given):
        return False
    names = given[0]
    wide = all(len(row) == len(names) for row in given)
    return bool(names) and wide and all(isinstance(n, str) and not is_number(n) for n in names)


def _is_triples(given: Any) -> bool:
    """TensorBoard's (wall time, step, value)."""
    return isinstance(given, list) and bool(given) and all(
        isinstance(r, list) and len(r) == 3 and all(isinstance(v, int | float) for v in r)
        for r in given
    )  # fmt: skip


def _flat(record: dict[str, Any], head: str = "", depth: int = 0) -> dict[str, Any]:
    """A record without objects in it; of COCO's list of numbers the first, which is the AP."""
    flat: dict[str, Any] = {}
    for key, value in record.items():
        name = f"{head}{key}"
        if isinstance(value, dict):
            if depth < DEEPEST:
                inner = head if str(key).lower() in AROUND else f"{name}/"
                flat |= _flat(value, inner, depth + 1)
        elif isinstance(value, list):
            if "coco_eval" in name and value:
                flat[f"{name}/AP"] = value[0]
            elif len(value) == 1 and isinstance(value[0], int | float):
                flat[name] = value[0]  # CatBoost has a list for the metrics of each set
        else:
            flat[name] = value
    return flat


def _series(given: dict[str, Any], head: str, depth: int = 0) -> Iterator[Any]:
    """Values with their places, as ClearML (`x`, `y`) and Sacred (`steps`, `values`) write them,
    and lists of pairs (step, value).
    """
    for key, value in given.items():
        name = f"{head}{key}"
        if isinstance(value, dict) and depth < DEEPEST:
            at = next((value[s] for s in _STEPS if isinstance(value.get(s), list)), None)
            of = next((value[v] for v in _VALUES if isinstance(value.get(v), list)), None)
            if at is not None and of is not None and len(at) == len(of):
                yield from (("", name, (UNKNOWN, _at(a)), v) for a, v in zip(at, of, strict=True))
            else:
                inner = head if str(key).lower() in AROUND else f"{name}/"
                yield from _series(value, inner, depth + 1)
        elif _is_folds(value):
            for k, fold in enumerate(value, 1):
                yield from (
                    (f"fold {k}", name, (float(i), UNKNOWN), v) for i, v in enumerate(fold, 1)
                )
        elif _is_pairs(value):
            yield from (("", name, (UNKNOWN, _at(pair[0])), pair[1]) for pair in value)


def _is_folds(value: Any) -> bool:
    """A list of curves: several runs, as of a cross-validation."""
    return (
        isinstance(value, list) and len(value) > 1
        and all(isinstance(fold, list) and len(fold) > 2 for fold in value)
        and all(isinstance(v, int | float) for fold in value for v in fold)
        and (len(value) < 4 or len(value) < max(map(len, value)))
    )  # fmt: skip


def _is_pairs(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) > 1
        and all(isinstance(p, list) and len(p) == 2 for p in value)
        and all(isinstance(p[0], int | float) for p in value)
        and all(a[0] < b[0] for a, b in pairwise(value))
    )  # fmt: skip


def _at(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and abs(value) < 1e300 else math.nan


def _records(given: dict[str, Any]) -> list[Any]:
    """Of an object: its longest list of records (as `log_history` of Hugging Face), `data` of
    pandas, records by epoch or by split, or a list per name.
    """
    inner = given.get("data")
    grid = inner if isinstance(inner, list) and inner and isinstance(inner[0], list) else None
    if grid is not None and isinstance(given.get("columns"), list):
        names = list(map(str, given["columns"]))
        rows = (row for row in grid if isinstance(row, list))
        return [dict(zip(names, row, strict=False)) for row in rows]
    lists = {name: v for name, v in given.items() if _is_records(v)}
    if lists:
        splits = {name for name in lists if split_of(words_of(name))}
        if len(splits) > 1 or (splits and len(lists) == len(splits)):
            return [{"split": name, **row} for name in splits_first(lists) for row in lists[name]]
        return max(lists.values(), key=len)
    nested = [value for value in given.values() if isinstance(value, dict)]
    if nested and len(nested) == len(given):
        if _are_runs(given):
            return [
                {"run": str(name), **row}
                for name, inner in given.items() for row in _by_column(_lists(inner))
            ]  # fmt: skip
        numbered = [_NUMBERED.fullmatch(str(name)) for name in given]
        if all(numbered):
            return [
                {
                    (match[1] or "index" if match else "index"): int(match[2][:300])
                    if match
                    else 0,
                    **row,
                }
                for match, row in zip(numbered, given.values(), strict=True)
            ]
        if len(nested) == 1:
            return _by_column(_lists(given)) or _records(nested[0])
    return _by_column(_lists(given)) or [given]


def _are_runs(given: dict[str, Any]) -> bool:
    """Whether objects of the same names, each with lists, are runs: none is called a split."""
    names = [set(inner) for inner in given.values()]
    lists = all(any(isinstance(v, list) for v in inner.values()) for inner in given.values())
    alike = len(names) > 1 and all(each == names[0] for each in names)
    return lists and alike and not any(split_of(words_of(str(name))) for name in given) and any(
        kind_of(words_of(str(name))) for name in names[0]
    )  # fmt: skip


def splits_first(lists: dict[str, Any]) -> list[str]:
    """Names of lists, those of training before those of validation."""
    return sorted(lists, key=lambda name: split_of(words_of(name)) != "train")


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _lists(given: dict[str, Any], depth: int = 0) -> dict[str, list[Any]]:
    """The lists of an object, those of objects within it by both names, and columns by index."""
    columns: dict[str, list[Any]] = {}
    indexed: dict[str, dict[str, Any]] = {}
    for name, value in given.items():
        if isinstance(value, list):
            if not any(isinstance(each, list | dict) for each in value):
                columns[name] = value
        elif isinstance(value, dict) and value and all(map(str.isdecimal, map(str, value))):
            indexed[name] = value
        elif isinstance(value, dict) and depth < DEEPEST:
            head = "" if name.lower() in AROUND else f"{name}/"
            columns |= {head + inner: items for inner, items in _lists(value, depth + 1).items()}
    places = sorted({place for values in indexed.values() for place in values}, key=int)
    columns |= {n: [values.get(place) for place in places] for n, values in indexed.items()}
    return columns


def _by_column(lists: dict[str, list[Any]]) -> Records:
    """Records of a history that holds a list per name, as Keras does. A value of a much shorter
    list belongs to the last of the rows that it was written after.
    """
    rows: Records = [{} for _ in range(max(map(len, lists.values()), default=0))]
    for name, values in lists.items():
        sparse = len(values) * SPARSE <= len(rows)
        for i, value in enumerate(values):
            rows[(i + 1) * len(rows) // len(values) - 1 if sparse else i][name] = value
    return rows
