"""Which columns of a log are its curves, and by which rule."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from recipe.logs.candidates import Candidate, candidates_of
from recipe.logs.column_names import (
    DERIVED,
    DISCRIMINATORS,
    GENERATORS,
    LOSSES,
    PARTS,
    SCORES,
    TOTAL,
    kind_of,
    words_of,
)
from recipe.logs.log import Choice, Kind
from recipe.logs.sheet import Column

THIN = 10
"""A column with this many times fewer values than another one is a summary, no curve."""
ENOUGH = 6
"""Summaries of epochs that are a curve of their own."""
_PLAY = frozenset({
    "policy", "value", "actor", "entropy", "kl", "len", "length", "episode", "ep", "explained",
    "epsilon",
    "q", "td", "rollout", "episodes", "pi", "epret", "eplen",
})  # fmt: skip
_SINGLE = frozenset({"std", "min", "max", "last"})
_REWARDS = frozenset({"rew", "reward", "return", "rewards", "returns", "epret", "eprew"})


def guess(names: Sequence[str]) -> dict[str, str]:
    """Curve -> column, by names alone; of a loss in parts, none."""
    curves = choose({name: Column(name) for name in names}).curves
    return {curve: choice.columns[0] for curve, choice in curves.items()}


@dataclass
class Chosen:
    """Curves and the columns they are read from."""

    curves: dict[str, Choice] = field(default_factory=dict)
    parts: dict[str, dict[str, str]] = field(default_factory=dict)
    """Name of a part -> `train_loss` and `val_loss` -> column."""
    kind: Kind = ""


def choose(columns: Mapping[str, Column]) -> Chosen:
    """The curves of a log."""
    found = candidates_of(columns)
    if "SCORE" in columns and any(name.startswith("LOSS ") for name in columns):
        # spaCy: its losses are sums over the words since the last row, its scores of validation.
        losses = {_called(c): {"train_loss": c.name} for c in found if c.kind == "loss"}
        return Chosen({"val_score": Choice(("SCORE",), (), "")}, losses, "summed")
    if any(map(_is_reward, columns)) and (_is_play(columns) or not found):
        return _of_play(columns, found)
    if pair := _pair(columns):
        sides = {name: {"train_loss": column} for name, column in pair.items()}
        scores = [c for c in found if c.kind != "loss"]
        return Chosen(_curves(scores), sides, "adversarial")
    train = [c for c in found if c.kind == "loss" and c.split == "train"]
    parts = _parts(train)
    if not parts:
        return Chosen(_curves(found, _sums(found, columns)))
    val = [c for c in found if c.kind == "loss" and c.split == "val"]
    whole = [c for c in val if _is_total(c)]
    kept = [c for c in found if c.kind != "loss"] + whole
    named = {_called(c): {"train_loss": c.name} for c in parts}
    for c in val:
        twin = next((p for p in parts if p.what == c.what), None)
        if twin is not None and c not in whole:
            named[_called(twin)]["val_loss"] = c.name
    return Chosen(_curves(kept), named)


def _is_reward(name: str) -> bool:
    words = set(words_of(name))
    return bool(_REWARDS & words) or {"ep", "ret"} <= words


def _is_play(columns: Mapping[str, Column]) -> bool:
    words = [set(words_of(name)) for name in columns]
    return sum(bool(w & _PLAY) for w in words) >= 2 and not any(
        w & {"val", "valid", "validation", "chosen", "rejected"} for w in words
    )


def _of_play(columns: Mapping[str, Column], found: list[Candidate]) -> Chosen:
    rewards = [name for name in columns if _is_reward(name)]
    best = min(rewards, key=lambda n: (bool(_SINGLE & set(words_of(n))), len(n)))
    curves = _curves([c for c in found if c.kind == "lr"])
    others = tuple(name for name in rewards if name != best)
    return Chosen({"train_score": Choice((best,), others, ""), **curves}, {}, "reinforcement")


def _pair(columns: Mapping[str, Column]) -> dict[str, str]:
    """The losses of a generator and of its discriminator."""
    sides: dict[str, list[tuple[int, str]]] = {"generator": [], "discriminator": []}
    for name in columns:
        words = [w for w in words_of(name) if not w.isdecimal()]
        bare = len(words) <= 2 and words[:1] and len(words[0]) == 1 and words[-1] in "abdg"
        if kind_of(words) != "loss" and not bare:
            continue
        for side, marks in (("generator", GENERATORS), ("discriminator", DISCRIMINATORS)):
            if marks & set(words):
                sides[side].append((len(words), name))
    if not all(sides.values()):
        return {}
    return {side: min(names)[1] for side, names in sides.items()}


def _is_total(c: Candidate) -> bool:
    return c.what in (("loss",), ("total",)) or bool(TOTAL & set(c.words))


def _parts(train: Sequence[Candidate]) -> list[Candidate]:
    """Losses of which none is the whole and none another name for the same."""
    if any(_is_total(c) for c in train):
        return []
    kept: dict[tuple[str, ...], Candidate] = {}
    for c in train:
        part = "loss" in c.words or c.words[0] in PARTS or c.words[-1] in PARTS
        if part and not DERIVED & set(c.words) and c.count * THIN >= max(t.count for t in train):
            kept.setdefault(c.what, c)
    return list(kept.values()) if len(kept) > 1 else []


def _called(c: Candidate) -> str:
    kept = [word for word in c.what if word != "loss"]
    return "_".join([*kept, "loss"]) if "loss" in c.words else "_".join(kept)


def _sums(found: list[Candidate], columns: Mapping[str, Column]) -> dict[str, Choice]:
    """The validation loss as a sum of parts, where parts of the same names are the total loss in
    training.
    """
    losses = [c for c in found if c.kind == "loss" and "loss" in c.words]
    train = [c for c in losses if c.split == "train"]
    val = [c for c in losses if c.split in ("val", "test")]
    totals = [c for c in train if _is_total(c)]
    if not totals or not val or any(_is_total(c) for c in val):
        return {}
    parts = [c for c in train if not _is_total(c) and not DERIVED & set(c.words)]
    twins = [next((v for v in val if v.what == p.what), None) for p in parts]
    if len(parts) < 2 or None in twins or not _adds_up(totals[0], parts, columns):
        return {}
    names = tuple(v.name for v in twins if v is not None)
    return {"val_loss": Choice(names, (), "the same parts are the total in training")}


def _adds_up(total: Candidate, parts: list[Candidate], columns: Mapping[str, Column]) -> bool:
    tables = [_by_row(columns[c.name]) for c in parts]
    whole = _by_row(columns[total.name])
    rows = [row for row in whole if all(row in table for table in tables)]
    close = sum(
        abs(sum(t[row] for t in tables) - whole[row]) <= 0.01 * abs(whole[row]) for row in rows
    )
    return bool(rows) and close >= 0.9 * len(rows)


def _by_row(column: Column) -> dict[int, float]:
    return dict(zip(column.rows, column.values, strict=True))


_Key = Callable[[Candidate], int]


def _curves(
    found: Sequence[Candidate], sums: Mapping[str, Choice] | None = None
) -> dict[str, Choice]:
    """The best candidate for each curve."""
    curves: dict[str, Choice] = dict(sums or {})
    what: dict[str, tuple[str, ...]] = {}
    for curve in ("train_loss", "val_loss", "val_score", "train_score", "lr"):
        split, _, kind = curve.rpartition("_")
        of = [c for c in found if c.kind == kind and (kind == "lr" or _side(c) == split)]
        if not of or curve in curves:
            continue
        best, rule, others = _best(of, what.get(kind))
        what.setdefault(kind, best.what)
        if kind != "lr" and best.what != what[kind]:
            rule = "another measure than in training, which has none of its own"
        if best.split == "test":
            rule = "test, as nothing is called validation"
        curves[curve] = Choice((best.name,), others, best.guessed or rule)
    return {curve: curves[curve] for curve in CURVE_ORDER if curve in curves}


CURVE_ORDER = ("train_loss", "val_loss", "train_score", "val_score", "lr")


def _side(c: Candidate) -> str:
    return "val" if c.split == "test" else c.split


def _best(
    of: Sequence[Candidate], what: tuple[str, ...] | None
) -> tuple[Candidate, str, tuple[str, ...]]:
    most = max(c.count for c in of)
    marked = {c.what for c in of if not c.unmarked and c.kind != "lr"}
    keys: list[tuple[str, _Key]] = [
        ("the others have hardly any values", lambda c: int(c.count * THIN <= most and most > 2)),
        ("validation before test", lambda c: int(c.split == "test")),
        ("the measure that is there for both splits",
         lambda c: int(what is not None and c.what != what)),
        ("a split in its name", lambda c: int(c.unmarked and c.what in marked)),
        ("measured itself, not a best or a spread of another one",
         lambda c: len(DERIVED & set(c.words))),
        ("the best-known name", _fame),
        ("the shortest name", lambda c: len([w for w in c.what if w not in TOTAL])
                                        + any(w.isdecimal() and w != "1" for w in c.words)),
        ("the total", lambda c: -len(TOTAL & set(c.words))),
        ("values of whole epochs", _level),
        ("the most values", lambda c: -c.count),
        ("it comes first in the file", lambda c: c.place),
    ]  # fmt: skip
    ranked = sorted(of, key=lambda c: tuple(key(c) for _, key in keys))
    best = ranked[0]
    if len(ranked) == 1:
        return best, "", ()
    rule = next(said for said, key in keys if key(best) != key(ranked[1]))
    return best, rule, tuple(c.name for c in ranked[1:])


def _fame(c: Candidate) -> int:
    known = SCORES if c.kind == "score" else LOSSES if c.kind == "loss" else ()
    return min((known.index(word) for word in c.words if word in known), default=0)


def _level(c: Candidate) -> int:
    """Whole epochs before steps."""
    if "by step" in c.marks:
        return 1
    if "summary" in c.marks:
        return 0 if c.count >= ENOUGH else 2
    return {"epoch": -1, "step": 1}.get(c.words[-1], 0) if c.words else 0
