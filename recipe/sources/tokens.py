"""Text as tokens: words in small letters, and signs."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

WITHOUT_SPACES = "\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f"
"""Japanese, Chinese and Thai, of which each character is a token: no spaces part their words."""
TOKEN = re.compile(rf"[{WITHOUT_SPACES}]|[^\W{WITHOUT_SPACES}]+|[^\w\s]")
CHARACTER = re.compile(f"[{WITHOUT_SPACES}]")
SEVERAL_WORDS = 3
"""Words in the mean cell of a column of text."""


def tokens_of(text: str) -> list[str]:
    """The tokens of a text: words in small letters, and every sign by itself."""
    return TOKEN.findall(text.lower())


def is_wordy(cells: Iterable[str]) -> bool:
    """Whether cells hold several words in the mean."""
    counts = [len(cell.split()) + len(CHARACTER.findall(cell)) for cell in cells if cell]
    return bool(counts) and sum(counts) >= SEVERAL_WORDS * len(counts)


def vocabulary(texts: Sequence[Sequence[str]], most: int, least: int) -> tuple[str, ...]:
    """The most frequent tokens that come at least so often, the most frequent first."""
    counts = Counter(chain.from_iterable(texts))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(token for token, count in ranked[:most] if count >= least)
