"""Columns, cell by cell as they stand in a file, each with what a person would call it."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ugly.words import FIRST_NAMES, LAST_NAMES, NOUNS, SENTENCE_STARTS, VERBS

KINDS = ("number", "boolean", "date", "category", "grade", "text", "identifier", "constant", "copy")
GONE = "gone"
"""A column that a reader may leave away: one without a name and without a cell."""


@dataclass
class Column:
    name: str
    kind: str
    cells: list
    also: tuple[str, ...] = ()
    """Kinds that other people would say: where the column alone cannot decide."""


@dataclass
class Table:
    """Columns of `rows` cells; a seed from its name makes it the same everywhere."""

    name: str
    rows: int
    columns: list[Column] = field(default_factory=list)

    def __post_init__(self):
        self.dice = random.Random(f"ugly {self.name}")
        for kind in KINDS:
            setattr(self, kind, self._adder(kind))

    def _adder(self, kind):
        def add(name, cells, *also):
            assert len(cells) == self.rows, (self.name, name)
            self.columns.append(Column(name, kind, list(cells), also))
            return cells

        return add

    # Amounts.

    def ints(self, low, high):
        return [self.dice.randint(low, high) for _ in range(self.rows)]

    def floats(self, mean, std, digits=2):
        return [round(self.dice.gauss(mean, std), digits) for _ in range(self.rows)]

    def sizes(self, median, spread=0.6, digits=0):
        """Positive and skewed, as money and populations are."""
        found = [median * self.dice.lognormvariate(0, spread) for _ in range(self.rows)]
        return [round(value, digits) if digits else round(value) for value in found]

    # Words.

    def pick(self, words, weights=None):
        """Of words with spaces, or with bars, between them; or of a list."""
        words = self.words(words) if isinstance(words, str) else words
        return self.dice.choices(words, weights, k=self.rows)

    @staticmethod
    def words(text):
        return text.split("|") if "|" in text else text.split()

    def names(self, form="{first} {last}"):
        """Of people, each another one."""
        pairs = [(first, last) for first in FIRST_NAMES.split() for last in LAST_NAMES.split()]
        chosen = self.dice.sample(pairs, self.rows)
        return [form.format(first=first, last=last) for first, last in chosen]

    def sentences(self, least=2, most=5, newline=0.0, quote=0.0):
        return [self.sentence(least, most, newline, quote) for _ in range(self.rows)]

    def sentence(self, least, most, newline=0.0, quote=0.0):
        parts = []
        for _ in range(self.dice.randint(least, most)):
            noun, other = self.dice.sample(NOUNS.split(), 2)
            start, verb = self.dice.choice(SENTENCE_STARTS), self.dice.choice(VERBS.split())
            other = f'"{other}"' if self.dice.random() < quote else other
            parts.append(f"{start} {noun} {verb} the {other}{self.dice.choice('..!,.')}")
        return ("\n" if self.dice.random() < newline else " ").join(parts)

    def titles(self, least=2, most=5):
        """Short ones, nearly all different."""
        return [
            " ".join(
                self.dice.choices(self.words(f"{NOUNS} {VERBS}"), k=self.dice.randint(least, most))
            ).title()
            for _ in range(self.rows)
        ]

    # Names of rows.

    def places(self, form="{}"):
        """Two words, each pair once."""
        pairs = [f"{noun} {verb}" for noun in NOUNS.split() for verb in VERBS.split()]
        return [form.format(pair.title()) for pair in self.dice.sample(pairs, self.rows)]

    def running(self, start=1):
        return list(range(start, start + self.rows))

    def codes(self, pattern, different=None):
        """`#` is a digit, `@` a letter, `%` a hex digit; each another one unless told."""
        found = {}
        while len(found) < (different or self.rows):
            found["".join(self._sign(sign) for sign in pattern)] = None
        if different is None:
            return list(found)
        return self.dice.choices(list(found), k=self.rows)

    def _sign(self, sign):
        signs = {"#": "0123456789", "@": "ABCDEFGHJKLMNPRSTUVWXYZ", "%": "0123456789abcdef"}
        return self.dice.choice(signs.get(sign, sign))

    # Time.

    def times(self, start, days, form=None, step=1):
        """Moments between `start` and so many days later, in steps of minutes."""
        first = datetime.fromisoformat(start)
        found = [
            first + timedelta(minutes=step * self.dice.randrange(days * 1440 // step))
            for _ in range(self.rows)
        ]
        return [moment.strftime(form) for moment in found] if form else found

    def every(self, start, form=None, **step):
        """One moment after the other."""
        first, wide = datetime.fromisoformat(start), timedelta(**step)
        found = [first + wide * row for row in range(self.rows)]
        return [moment.strftime(form) for moment in found] if form else found

    # Dirt.

    def holes(self, cells, share, *spellings):
        """Some cells are missing, in one of these spellings."""
        spellings = spellings or ("",)
        return [
            self.dice.choice(spellings) if self.dice.random() < share else cell for cell in cells
        ]

    def odd(self, cells, *words):
        """Each of these words once, somewhere."""
        cells = list(cells)
        for place, word in zip(self.dice.sample(range(self.rows), len(words)), words, strict=True):
            cells[place] = word
        return cells

    def some(self, cells, share, change):
        """Some cells are written in another way."""
        return [change(cell) if self.dice.random() < share else cell for cell in cells]


def written(cells, form):
    """Cells by a format such as `{:,.2f} kg`."""
    return [form.format(cell) for cell in cells]


def german(value, digits=2):
    """1.234,50"""
    return f"{value:,.{digits}f}".translate(str.maketrans(",.", ".,"))


def spaced(value, digits=0, gap="\u00a0"):
    """1 234,5 as in France, with a gap that does not break."""
    return f"{value:,.{digits}f}".replace(",", gap).replace(".", ",")


def comma(cells):
    """Decimal commas."""
    return [str(cell).replace(".", ",") for cell in cells]


def short(value):
    """1.2k, 3.4M"""
    if value >= 1e6:
        return f"{value / 1e6:.1f}M"
    return f"{value / 1e3:.1f}k" if value >= 1e3 else f"{value:.0f}"


def bracketed(value, form="{:,.2f}"):
    """Losses in parentheses, as accountants write them."""
    return f"({form.format(-value)})" if value < 0 else form.format(value)


def lakhs(value):
    """12,34,567: the last three digits, then pairs."""
    digits = str(value)
    head, tail = digits[:-3], digits[-3:]
    pairs = []
    while head:
        head, pair = head[:-2], head[-2:]
        pairs.insert(0, pair)
    return ",".join([*pairs, tail])


def clock(seconds):
    """1:02:03"""
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
