"""The second corpus as jobs of the scorer, and what their runs come to."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from statistics import median
from typing import Any

from cases import GROUPS, Case, by_full_name, cases
from truth import Truth, keep, measured, truths

HALVES = ("seen", "held-out")
KINDS = {"harmful": "fault", "harmless": "healthy", "undecided": "undecided"}
UNSEEN_IN_SCORES = {"train-validation-overlap", "validation-missing-classes"}
"""What is wrong with validation itself does harm whatever the score says."""


def kind_of(case: Case, true: Truth | None) -> str:
    """fault, healthy or undecided; a fault at half strength is what was measured of it."""
    if not case.truths:
        return "healthy"
    if case.group != "half strength" or case.truths[0][0] in UNSEEN_IN_SCORES:
        return "fault"
    return KINDS[true.harm] if true is not None else "undecided"


def jobs(half: str, groups: Iterable[str] = (), sample: int | None = None) -> Iterator[Any]:
    """Runs of a half of some groups, at most `sample` of each, as (kind, name, base, seed).

    Raises:
        ValueError: a fault at half strength has not been measured since it was changed.

    """
    known = truths()
    for group in groups or GROUPS:
        those = [c for c in cases() if c.group == group and c.held_out == (half == "held-out")]
        random.Random(0).shuffle(those)
        for case in those[:sample]:
            true = known.get(case.full_name)
            if group == "half strength" and (true is None or true.digest != case.digest):
                raise ValueError(f"{case.full_name}: run tests/faults/second/truth.py first")
            yield kind_of(case, true), case.full_name, case.base, 0


def fill(row: Any) -> Any:
    """Give a row what is true of its case; returns the experiment."""
    case, true = by_full_name()[row.name], truths().get(row.name)
    if true is None or true.digest != case.digest:
        true = keep(measured(case))
    row.group, row.chance, row.sound = case.group, true.chance, true.sound[0]
    row.truths = [list(names) for names in case.truths]
    row.causes = [name for names in case.truths for name in names]
    if len(case.truths) > 1:
        row.largest = true.largest
        row.causes = [name for i in true.largest for name in case.truths[i]]
    return case.make(row.seed)


def all_named(row: Any) -> bool:
    """Whether the diagnosis has a name of each cause."""
    return all(set(names) & set(row.diagnosis) for names in row.truths)


def restored(row: Any) -> bool:
    """Whether nine tenths of the gap to the sound score are closed: by the run that repairs, where
    there was one, else by the remedy of the named cause.
    """
    if row.fixed is not None:
        row.before, row.after = row.score, row.fixed
    return row.sound is not None and row.restored(row.sound)


def share(values: Iterable[bool]) -> str:
    values = list(values)
    return f"{sum(values)} of {len(values)} ({sum(values) / len(values):.0%})" if values else "-"


def middle(values: Iterable[float | None]) -> str:
    known = [v for v in values if v is not None]
    return f"{median(known):.1f} s" if known else "-"


def _line(name: str, rows: list[Any]) -> str:
    faults = [r for r in rows if r.kind == "fault"]
    sound = [r for r in rows if r.kind == "healthy"]
    several = [r for r in faults if len(r.truths) > 1]
    cells = (
        share(r.detected for r in faults), share(r.first for r in faults),
        share(r.among_three for r in faults), share(all_named(r) for r in several),
        share(r.detected for r in sound), share(restored(r) for r in faults),
        middle(r.found_after for r in faults), middle(r.seconds for r in rows),
        middle(r.court for r in rows),
    )  # fmt: skip
    return f"| {name} | {' | '.join(cells)} |"


def board(rows: list[Any], half: str) -> str:
    """The section of a half in SECOND.md."""
    groups = defaultdict(list)
    for row in rows:
        groups[row.group].append(row)
    commits = ", ".join(sorted({r.commit for r in rows if r.commit}))
    known = sum(1 for c in cases() if c.held_out == (half == "held-out"))
    undecided = sum(r.kind == "undecided" for r in rows)
    wrong = [r for r in rows if r.kind != "undecided" and not (
        r.right and (len(r.truths) < 2 or all_named(r)))]  # fmt: skip
    return "\n".join([
        f"## The {half} half\n",
        (f"{len(rows)} of {known} runs, commit {commits}. {undecided} at half strength count on "
        "neither side: their trainings do not tell whether there is harm.\n"),
        ("| group | detected | first (of several: the largest) | among three | all causes named | "
        "sound with an alarm | score restored | first finding after | a run | court |"),
        "|---|---|---|---|---|---|---|---|---|---|",
        *(_line(name, groups[name]) for name in GROUPS if name in groups), _line("all", rows),
        "\n| wrong | expected | said |", "|---|---|---|",
        *(f"| {r.name} | {_expected(r)} | {', '.join(r.diagnosis[:5]) or r.error or 'nothing'} |"
          for r in wrong),
    ]) + "\n"  # fmt: skip


def _expected(row: Any) -> str:
    if row.kind == "healthy":
        return "nothing"
    marks = ["*" if i in row.largest else "" for i in range(len(row.truths))]
    pairs = zip(marks, row.truths, strict=True)
    return " and ".join(mark + names[0] for mark, names in pairs)


HEAD = """# Scores on the second corpus

Measured by `score.py --corpus second --half seen|held-out --write`. What is expected was measured
beforehand by plain trainings (second/truth.py): which of several causes does most (any of those
within a twentieth of the gap to chance), and whether a fault at half strength does harm. The score
is restored when nine tenths of the gap are closed, by `fix` where the run was asked for it, else by
the remedy of the named cause; a fault without either counts as not restored.
A star marks the cause with the largest effect.

"""
