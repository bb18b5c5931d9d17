"""What the numbers of a line are, by the text around them.

A log repeats few shapes of line: each is taken apart once, with its numbers as blanks.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from recipe.logs.column_names import kind_of, words_of
from recipe.logs.sheet import Column
from recipe.logs.text_lines import SLOT
from recipe.logs.text_tables import Header
from recipe.logs.text_words import SPLITS, counts, heading_in, lower_words, split_in

_OPENERS = " \t:=\"'([{<~≈>"
_DELIMITER = re.compile(
    r"[,;|\t\[\]{}<>!~]|\s{2,}|\s[-–—*/•·&]+\s|[-=*#~]{3,}|->|>>|[:=](?=\s|$|[\"'])|[\"'](?=[:\s,]|$)"
)
_GROUP = re.compile(r"\(([^()]*)\)")
_OPEN, _CLOSE = "\ue000", "\ue001"
_EDGES = re.compile(r"^[^\w#%(]+|[^\w)%@.*#]+$")
_FILLER = re.compile(
    r"(?:\s+(?:is|was|of|at|to|are|now|so far|on|for|with|got|reached))+$", re.IGNORECASE
)
_UNITS = re.compile(
    r"^\s*(?:ms|s|sec|secs|seconds?|it|its|m|h|min|mins|minutes?|hours?|samples?|images?|img|imgs|"
    r"examples?|tokens?|words?|x|e|fps|gpus?|cpus?|mb|gb|kb|k|g|b|z|params?|parameters|items)\b",
    re.IGNORECASE,
)
_KERAS = re.compile(r"\[=*>?\.*=*\]|\[=\]")
_GLUED = re.compile(r"^(?:[A-Za-z%]{1,7}(?:/[A-Za-z]+)?)(?![\w])")
"""The unit of the number before."""
_AT = re.compile(r"\b(?:at|after|in|on|for|of)\s+((?:global\s+)?[A-Za-z]+)$")
_BEST = re.compile(r"\bbest", re.IGNORECASE)
_TIME = re.compile(r"(?:ms|s|sec|min|h|m)\b|/s")
_EVALUATED = ("Saving dict for", "cur metric")
"""With this TensorFlow's Estimator begins what an evaluation came to."""
_CELLS = re.compile(rf"^\s*\|\s*([^|{SLOT}]*[^|{SLOT}\s])\s*\|\s*{SLOT}\s*\|\s*$")
"""A row of a table of names and values."""
_BOUND = frozenset({":", "=", "->", "is", "|", "-"})
_FILLERS = re.compile(r"(?:reached|is|was|of|at|to|now)", re.IGNORECASE)
_MOST_WORDS = 6
_LONGEST_NAME = 80


@dataclass
class Slot:
    """One value of a line."""

    index: int
    name: str
    split: str = ""
    """Said of it elsewhere in the line; empty where the name says it itself, or nothing does."""
    percent: bool = False
    of: int | None = None
    """The number it is a share of, as in 9830/10000."""
    members: list[int] = field(default_factory=list)
    """Further numbers of a list, which are averaged."""
    average: int | None = None
    """The running average that stands behind it in brackets."""
    named: str = ""
    """The split that its own name says."""
    rate: bool = False
    """A learning rate, which is of no split."""


Plan = dict[tuple[str, str, bool], tuple[Column, int, Slot | None]]
"""Of each value of a line by name, split, and whether it was said within an epoch: its column, the
place of its number, and its slot where that is not all.
"""


@dataclass
class Shape:
    """The roles of the numbers in a line."""

    values: list[Slot] = field(default_factory=list)
    epoch: int | None = None
    epochs: int | None = None
    """Of how many."""
    step: int | None = None
    steps: int | None = None
    split: str = ""
    """What the line itself says, outside of names."""
    bare: bool = False
    """No number has a name: it may be a row of a table."""
    bar: bool = False
    """A progress bar whose values are averages up to there."""
    header: Header | None = None
    """It names the columns of a table."""
    plans: dict[tuple[str, bool], Plan] = field(default_factory=dict)
    """For a split, and a place within an epoch or not: where each value goes."""
    unmarked: bool = False
    """It was first met where nothing said a split."""


def shape_of(template: str, numbers: Sequence[str] = ()) -> Shape:
    """The roles of the numbers in a line whose numbers are blanks.

    Args:
        template: the line.
        numbers: of the first line of this shape, as they stand.

    """
    template = _CELLS.sub(rf"\1: {SLOT}", template)
    gaps = template.split(SLOT)
    shape = Shape(bar=bool(_KERAS.search(template)) and "/" in template)
    reader = _Reader(gaps, shape, numbers)
    for index in range(len(gaps) - 1):
        reader.take(index)
    shape.split = (
        shape.split
        or reader.leading
        or ("val" if any(said in template for said in _EVALUATED) else "")
    )
    if not shape.split and not shape.values:  # `Epoch: 1 Training:` is about what follows
        shape.split = heading_in(gaps[-1])
    named = shape.values or shape.epoch is not None or shape.step is not None
    shape.bare = not named or (not shape.values and reader.unnamed >= 2)
    return shape


class _Reader:
    """Goes through the gaps of one line."""

    def __init__(self, gaps: list[str], shape: Shape, numbers: Sequence[str]) -> None:
        self.gaps, self.shape, self.numbers = gaps, shape, numbers
        self.split = ""  # said so far
        self.leading = ""
        self.role = ""  # of the number before
        self.value: Slot | None = None
        self.unnamed = 0
        self.front = ""  # a name that a place stands behind, as in `Cost after iteration 100: 0.3`
        self.leads = True  # nothing had a name yet

    def take(self, index: int) -> None:
        before, after = self.gaps[index], self.gaps[index + 1]
        if index:
            before = _GLUED.sub("", before)
        bare = before.strip()
        if index and self._goes_on(index, bare, after):
            return
        chunks = _chunks(before)
        name = chunks[-1]
        self._splits(chunks[:-1], index)
        if not name and self.front and bare in _BOUND:
            name = self.front
        if not name and not after.lstrip().startswith("%"):
            name = self._suffix(index)
        if not name:
            self._unnamed(index, after)
            return
        words = lower_words(name)
        if self._is_place(index, words):
            return
        self.leads = False
        at = _AT.search(name)
        kind = counts(lower_words(at[1]) if at else words, name)
        self.role, self.value = "", None
        if kind or name.endswith("#") or after.lstrip().startswith("%|"):
            # A place in the training, the number of a thing, or a progress bar.
            best = _BEST.search("".join(self.gaps[:index]) + ((at and name) or ""))
            if kind and not best and not after.startswith("%") and not _TIME.match(after):
                self._counter(kind, index)
            self._say(split_in(words), loud=True)
            self.front = name[: at.start()].strip() if at else ""
        elif not _is_sentence(name, before):
            self._value(index, name, words, after)

    def _is_place(self, index: int, words: list[str]) -> bool:
        """Whether a split stands before a place in the training: `Test: [0/196]`, `Train: 0 [`."""
        if not split_in(words) or not set(words) <= {*SPLITS, "set"}:
            return False
        after = self.gaps[index + 1].strip()
        later = self.gaps[index + 2].strip() if index + 2 < len(self.gaps) else ""
        if not after and index + 1 < len(self.numbers) and self._is_whole_before_parted(index):
            self._say(split_in(words), loud=True)  # `valid 050 0.412 87.5`
            self._counter("step", index)
            return True
        beside = self.gaps[index + 3].strip() if index + 3 < len(self.gaps) else ""
        epoch = (after in ("[", "(", "][") and later == "/") or (
            after == "/" and later == "][" and beside == "/"
        )
        if not epoch and not (after == "/" and self.gaps[index].rstrip()[-1:] in "[("):
            return False
        self._say(split_in(words), loud=True)
        self._counter("epoch" if epoch else "step", index)
        return True

    def _goes_on(self, index: int, bare: str, after: str) -> bool:
        """Totals, averages and members, which belong to the number before."""
        if bare in ("/", "of") and self.role:
            self._total(index)
            return True
        if bare == "-" and self.role == "epoch" and self.shape.step is None:
            self._counter("step", index)
            return True
        if bare == "(" and self.role == "value" and self.value is not None:
            if after.lstrip().startswith(")") and self.value.average is None:
                self.value.average = index
            self.role = ""
            return True
        if bare in (":", "") and self.role == "value" and self._was_a_place(index):
            return True
        if bare in (",", "") and self.role in ("value", "list") and self.value is not None:
            opened = self.gaps[self.value.index].rstrip()[-1:] in "[("
            if (opened and self.gaps[self.value.index].rstrip()) or self.role == "list":
                self.value.members.append(index)
                self.role = "list"
                return True
        return False

    def _was_a_place(self, index: int) -> bool:
        """Whether the number before was the step of this one: `Validation loss 2750:  0.352`."""
        value = self.value
        if value is None or index >= len(self.numbers) or self.shape.step is not None:
            return False
        bound = self.gaps[value.index].rstrip().endswith((":", "=", "(", "["))
        if bound or value.index != index - 1 or not self._is_whole_before_parted(value.index):
            return False
        self.shape.step, value.index = value.index, index
        return True

    def _is_whole_before_parted(self, index: int) -> bool:
        return self.numbers[index].isdecimal() and not self.numbers[index + 1].isdecimal()

    def _total(self, index: int) -> None:
        if self.role == "value" and self.value is not None:
            self.value.of = index
        elif self.role == "epoch" and self.shape.epochs is None:
            self.shape.epochs = index
        elif self.role == "step" and self.shape.steps is None:
            self.shape.steps = index
        self.role = ""

    def _splits(self, chunks: list[str], index: int) -> None:
        for chunk in chunks:
            words = lower_words(chunk)
            if len(words) <= 5:
                self._say(split_in(words), loud=True)
        if index == 0:
            self.leading = self.split

    def _say(self, split: str, *, loud: bool) -> None:
        if split:
            self.split = split
            if loud and not self.shape.values:
                self.leading = split

    def _suffix(self, index: int) -> str:
        """The name that stands behind a number: `3.4 avg loss, 0.001 rate`."""
        after = self.gaps[index + 1]
        if after.startswith("epoch"):
            return "epoch"
        chunks = _chunks(after) if index + 2 < len(self.gaps) else [*_chunks(after), ""]
        if len(chunks) < 2 or _UNITS.match(after) or not chunks[0]:
            return ""
        return "" if not after.lstrip()[:1].isalpha() else chunks[0]

    def _counter(self, kind: str, index: int) -> None:
        self.role = kind
        if kind == "epoch" and self.shape.epoch is None:
            self.shape.epoch = index
        elif kind == "step" and self.shape.step is None:
            self.shape.step = index
        else:
            self.role = ""
        self.value = None

    def _unnamed(self, index: int, after: str) -> None:
        """A number without a name: a place in the training at the line's start, or a fraction."""
        self.value, self.role = None, ""
        fraction = after.strip() == "/" or after.lstrip().startswith("/")
        if after.startswith("%") and not fraction:
            return
        self.unnamed += 1
        again = self.leads and self.shape.epoch is None and _place_follows(self.gaps, index)
        if again:
            self._counter("epoch", index)
        elif self.shape.step is None and (fraction or (self.leads and not _UNITS.match(after))):
            self._counter("step", index)

    def _value(self, index: int, name: str, words: list[str], after: str) -> None:
        own = split_in(words)
        slot = Slot(index, name, "" if own else self.split, named=own)
        slot.rate = kind_of(words_of(name)) == "lr"
        slot.percent = after.startswith("%") or (after[:2] == " %" and after[2:3] != "|")
        self.shape.values.append(slot)
        self.value, self.role = slot, "value"
        if own and not re.search(r"\w[_/.-]\w", name) and len(words) <= 4:
            self.split = own


def _place_follows(gaps: list[str], index: int) -> bool:
    """Whether a second number without a name comes next, as in `[0/5][3/1583]` or `[1, 2000]`."""
    if gaps[index].rstrip()[-1:] not in ("[", "("):
        return False
    after = gaps[index + 1].strip()
    if after == "/" and index + 2 < len(gaps):
        after = gaps[index + 2].strip()
        index += 1
    return after in ("][", ",", "] [", "]  [") and index + 2 < len(gaps)


def _is_sentence(name: str, before: str) -> bool:
    bound = before.rstrip().endswith((":", "=", '"', "'", "[", "(")) or before.endswith("\t")
    return len(name) > _LONGEST_NAME or (not bound and len(name.split()) > _MOST_WORDS - 2)


def _chunks(gap: str) -> list[str]:
    """The phrases of a gap, the last one the name of the number behind it (empty where none)."""
    head = gap.rstrip(_OPENERS)
    if not head:
        return [""]
    kept = _GROUP.sub(rf"{_OPEN}\1{_CLOSE}", head)
    parts = [_bare(part) for part in _DELIMITER.split(kept)]
    if not any(parts):
        return [""]
    if len(parts) > 1 and _FILLERS.fullmatch(parts[-1]):
        parts.pop()
    while len(parts) > 1 and not parts[-1] and _DELIMITER_AT_END.search(kept) is None:
        parts.pop()
    return parts


_DELIMITER_AT_END = re.compile(r"[,;|\[\]{}<>!]\s*$|\s[-–—*/•·&]+$")


def _bare(part: str) -> str:
    text = part.replace(_OPEN, "(").replace(_CLOSE, ")").strip().strip("\"'")
    text = _EDGES.sub("", text)
    text = _FILLER.sub("", text)
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    if text.endswith(")") and "(" not in text:
        text = text[:-1]
    if not re.search(r"[A-Za-z#一-鿿]", text):
        return ""
    return text
