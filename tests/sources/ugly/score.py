"""How many columns of the ugly tables are read as a person would read them."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ugly import (
    after,
    apart_1,
    apart_2,
    final_1,
    final_2,
    fresh_1,
    fresh_2,
    fresh_3,
    held_1,
    held_2,
    known_1,
    known_2,
    last_1,
    last_2,
    seen_1,
    seen_2,
    wide_1,
    wide_2,
    wide_3,
    wide_4,
    wide_held_1,
    wide_held_2,
    wide_held_3,
    wide_held_4,
)
from ugly.table import GONE, KINDS

HERE = Path(__file__).parent
SEEN = (*seen_1.CASES, *seen_2.CASES)
HELD = (*held_1.CASES, *held_2.CASES)
FRESH = (*fresh_1.CASES, *fresh_2.CASES, *fresh_3.CASES)
WIDE = (*wide_1.CASES, *wide_2.CASES, *wide_3.CASES, *wide_4.CASES)
WIDE_HELD = (
    *wide_held_1.CASES,
    *wide_held_2.CASES,
    *wide_held_3.CASES,
    *wide_held_4.CASES,
)
SETS = {
    "seen": SEEN,
    "held": HELD,
    "fresh": FRESH,
    "after": after.CASES,
    "wide": WIDE,
    "wide held": WIDE_HELD,
    "last": (*last_1.CASES, *last_2.CASES),
    "apart": (*apart_1.CASES, *apart_2.CASES),
    "final": (*final_1.CASES, *final_2.CASES),
    "known": (*known_1.CASES, *known_2.CASES),
}
HASHES = {
    "held": HERE / "held_out.json",
    "fresh": HERE / "fresh.json",
    "after": HERE / "after.json",
    "wide": HERE / "wide.json",
    "wide held": HERE / "wide_held.json",
    "last": HERE / "last.json",
    "apart": HERE / "apart.json",
    "final": HERE / "final.json",
    "known": HERE / "known.json",
}
"""Of the held-out files, from before anything had read them."""


@dataclass(frozen=True)
class Read:
    """A column, what it is and what it was taken for."""

    file: str
    name: str
    kind: str
    also: tuple[str, ...]
    found: str
    """Empty where the column is missing; after a refusal, what was said."""

    @property
    def strict(self):
        return self.found == self.kind

    @property
    def hit(self):
        return self.strict or self.found in self.also or (self.found == "" and GONE in self.also)


def write(case, folder):
    """The file of a case, and what was made."""
    made = case()
    path = folder / (case.__name__ + made.suffix)
    path.write_bytes(made.content)
    return path, made


def read(case, folder, kinds_of):
    """Every column of a case, by `kinds_of(path) -> {name: kind}`."""
    path, made = write(case, folder)
    try:
        kinds, refused = kinds_of(path), ""
    except Exception as error:  # noqa: BLE001 - whatever it says, all columns are missed
        kinds, refused = {}, f"{type(error).__name__}: {error}"
    return [
        Read(path.name, column.name, column.kind, column.also, refused or found)
        for column, found in zip(made.columns, _placed(made.columns, kinds), strict=True)
    ]


def _placed(columns, kinds):
    """What each column was found to be: by its name where each has one of its own, as objects may
    lack keys and come in another order; else by its place where all are there.
    """
    left = {str(name).strip(): str(kind) for name, kind in kinds.items()}
    names = [column.name.strip() for column in columns]
    if len(names) == len(kinds) and set(names) != set(left):
        return list(left.values())
    return [left.pop(name, "") for name in names]


def digest(case):
    return hashlib.sha256(case().text.encode()).hexdigest()


def digests(cases):
    return {case.__name__: digest(case) for case in cases}


def known_digests(name):
    return json.loads(HASHES[name].read_text("utf-8"))


def by_kind(rows):
    """Markdown: hits of each kind, and what the misses were taken for."""
    lines = [
        "| kind | columns | right | of these as first said | missed as |",
        "|---|---|---|---|---|",
    ]
    for kind in (*KINDS, "all"):
        of_kind = [row for row in rows if kind in (row.kind, "all")]
        missed = Counter(row.found.split(":")[0] or "missing" for row in of_kind if not row.hit)
        told = ", ".join(f"{name} {count}" for name, count in missed.most_common())
        hits, strict = sum(row.hit for row in of_kind), sum(row.strict for row in of_kind)
        lines.append(f"| {kind} | {len(of_kind)} | {hits} | {strict} | {told} |")
    return "\n".join(lines)


def share(rows):
    return sum(row.hit for row in rows) / len(rows)


def misses(rows):
    """A line for each column that was not read as a person would."""
    return [
        f"{row.file}: {row.name!r} is {' or '.join((row.kind, *row.also))}, was {row.found or 'missing'}"
        for row in rows
        if not row.hit
    ]
