"""Columns that may be curves: what each measures, and on which split."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from recipe.logs.column_names import (
    OF_EVALUATION,
    PARTS,
    kind_of,
    residual_of,
    split_of,
    words_of,
)
from recipe.logs.sheet import Column

SINGLE = 2
"""Values of a curve beside which one that was written once is no curve."""
SHARE, EVEN = 1.5, 3.0
"""A score above the first is none of shares; a clock's steps differ by no more than the second."""
SAME_ROWS = 0.05
"""Of the rows of a score, those that training may share where it was measured apart."""


@dataclass
class Candidate:
    """A column that may be a curve."""

    name: str
    words: list[str]
    split: str
    kind: str
    what: tuple[str, ...]
    """What it measures."""
    place: int
    count: int
    marks: frozenset[str]
    column: Column | None = None
    unmarked: bool = False
    """Its name says no split."""
    guessed: str = ""
    """By which rule its split or kind was found where its name does not say it."""


def candidates_of(columns: Mapping[str, Column]) -> list[Candidate]:
    """The columns that are a loss, a score or a rate, by name and by where they are filled."""
    found = [_candidate(name, column, i) for i, (name, column) in enumerate(columns.items())]
    bare = [c for c in found if len(c.words) == 1 and c.words[0] in PARTS]
    if len(bare) > 1 and not any(c.kind == "loss" for c in found):
        for c in bare:
            c.kind = "loss"
    _boosted(found)
    _of_bare_splits(found)
    known = [c for c in found if c.kind]
    if any(c.count > SINGLE for c in known):
        known = [c for c in known if c.count != 1]
    _unmarked(known)
    return known


def _candidate(name: str, column: Column, place: int) -> Candidate:
    words = words_of(name)
    kind, split = kind_of(words), split_of(words)
    if words[:1] == ["metrics"] and kind == "score" and not split:
        split = "val"
    if kind == "score" and words == ["score"] and _is_a_clock(column):
        kind = ""
    return Candidate(name, words, split, kind, residual_of(words), place, len(column),
                     column.marks, column)  # fmt: skip


def _is_a_clock(column: Column) -> bool:
    """Whether values only rise, and evenly or beyond what a score in percent can: seconds, or
    points.
    """
    values = list(column.values)
    rises = [b - a for a, b in pairwise(values)]
    if not rises or min(rises) < 0 or values[-1] <= SHARE:
        return False
    return values[-1] > 100 or max(rises) <= EVEN * median(rises)


def _boosted(found: list[Candidate]) -> None:
    """XGBoost numbers its sets: of `validation_0` and `validation_1` the first is for training."""
    first = [c for c in found if c.words[:2] == ["validation", "0"]]
    second = [c for c in found if c.words[:2] == ["validation", "1"]]
    if first and second and not any(c.split == "train" for c in found if c.kind):
        for c in first:
            c.split, c.guessed = "train", "the first of two numbered sets is that of training"


def _of_bare_splits(found: list[Candidate]) -> None:
    """Columns named by their split alone: a loss where no other is there and it falls."""
    bare = [c for c in found if not c.kind and c.split and set(c.words) <= {*_splits(c), "set"}]
    if len(bare) < 2:
        return
    first = next((c for c in bare if c.split == "train"), bare[0])
    values = list(first.column.values) if first.column is not None else []
    rises = len(values) > 1 and values[-1] > values[0]
    score = any(c.kind == "loss" for c in found) or rises
    for c in bare:
        c.kind, c.what = ("score", ("score",)) if score else ("loss", ("loss",))
        c.guessed = "named by its split alone, and it " + ("rises" if rises else "falls")


def _splits(c: Candidate) -> set[str]:
    return {word for word in c.words if split_of([word])}


def _unmarked(known: list[Candidate]) -> None:
    """The split of columns whose names do not say it."""
    explicit = any(c.split == "train" and c.kind == "loss" for c in known)
    spacy = any(c.name.startswith("LOSS ") for c in known)  # whose SCORE is that of evaluations
    losses = [c for c in known if c.kind == "loss" and c.split in ("", "train")]
    rows = max((c.column.rows for c in losses if c.column is not None), key=len, default=())
    trained = set(rows)
    marked = {c.what for c in known if c.split in ("val", "test")}
    for c in known:
        if c.split or c.kind == "lr":
            continue
        c.split, c.unmarked = "train", True
        if c.kind == "loss" and "loss" in c.words:
            continue
        if (
            explicit
            or (spacy and c.name == "SCORE")
            or (c.kind == "score" and c.what not in marked and _apart(c, trained))
        ):
            c.split, c.guessed = "val", "" if explicit else "measured where training was not"
        elif OF_EVALUATION.intersection(c.words) and c.what not in marked:
            c.split, c.guessed = "val", "a measure that only an evaluation computes"


def _apart(c: Candidate, trained: set[int]) -> bool:
    """Whether a column is filled in rows of its own, and in fewer of them."""
    if c.column is None or not trained or not c.count:
        return False
    shared = sum(row in trained for row in c.column.rows)
    return shared <= SAME_ROWS * c.count and 2 * c.count <= len(trained)
