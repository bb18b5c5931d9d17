"""Free text and words of very many kinds as numbers: what skrub's StringEncoder makes of them. It
weighs the groups of letters in a cell (TF-IDF) and keeps the directions in which cells differ most
(SVD). Fitted encoders are kept by skops, without pickle.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from recipe.core.errors import UsageError

MOST_PARTS = 30
"""Numbers that a cell becomes; skrub's default."""
LEAST_PARTS, ROWS_PER_PART = 2, 20
"""Fewer rows than 600 give fewer numbers, so that a small table does not drown in them."""
LEAST_SHARED, SHARED = 3, 0.005
"""Rows, and share of the rows, that a word or a group of letters is in to be told apart."""
TRUSTED = ["skrub._string_encoder.StringEncoder", "skrub._to_str.ToStr"]
"""Beside those of scikit-learn and numpy, the only types that a file of encoders may hold."""
FILE = "encoders.skops"
"""In the run folder."""
SAME = 1e-3


@dataclass(frozen=True)
class TextParts:
    """How a column of text becomes numbers."""

    name: str
    width: int
    encoder: Any = field(default=None, compare=False, repr=False)
    """A fitted `StringEncoder`."""

    @property
    def input_names(self) -> list[str]:
        """What each of its inputs is."""
        return [f"{self.name}: text {place + 1}" for place in range(self.width)]

    def inputs(self, cells: Sequence[str] | np.ndarray) -> np.ndarray:
        """Numbers [rows, width] in float64."""
        if not len(cells):
            return np.zeros((0, self.width))
        found = self.encoder.transform(_series(cells, self.name))
        return np.asarray(found, dtype=np.float64)


def text_parts(name: str, cells: Sequence[str] | np.ndarray, *, of_words: bool) -> TextParts | None:
    """An encoder fitted on the cells of the training rows; None where they have no letters.

    Args:
        name: of the column.
        cells: of the training rows.
        of_words: whether cells are compared by their words, else by groups of three and four
            letters, as suits names and codes.

    """
    from sklearn.feature_extraction.text import CountVectorizer
    from skrub import StringEncoder

    how: dict[str, Any] = (
        {"analyzer": "word", "ngram_range": (1, 1)} if of_words
        else {"analyzer": "char_wb", "ngram_range": (3, 4)}
    )  # fmt: skip
    shared = max(LEAST_SHARED, round(SHARED * len(cells)))
    try:  # what few rows have says nothing about others
        counted = CountVectorizer(**how, min_df=shared).fit(_series(cells, name))
    except ValueError:  # nothing is left
        return None
    how["vocabulary"] = sorted(counted.vocabulary_)
    most = min(MOST_PARTS, max(LEAST_PARTS, len(cells) // ROWS_PER_PART))
    encoder = StringEncoder(n_components=most, random_state=0, **how)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few groups of letters are fewer numbers
        try:
            made = encoder.fit_transform(_series(cells, name))
        except ValueError:  # an empty vocabulary
            return None
    return TextParts(name, made.shape[1], encoder)


def _series(cells: Sequence[str] | np.ndarray, name: str) -> Any:
    import pandas as pd

    return pd.Series(list(cells), name=name, dtype="str")


def write_encoders(folder: Path, parts: Sequence[TextParts]) -> None:
    """Keep the encoders in a run folder."""
    from recipe.core.files import write_bytes

    if parts:
        import skops.io

        write_bytes(folder / FILE, skops.io.dumps({each.name: each.encoder for each in parts}))


def read_encoders(folder: Path) -> Mapping[str, Any]:
    """The encoders of a run folder by the names of their columns.

    Raises:
        UsageError: there are none, or they cannot be read or trusted.

    """
    import skops.io

    path = folder / FILE
    try:
        found: Mapping[str, Any] = skops.io.load(path, trusted=TRUSTED)
    except Exception as error:
        raise UsageError(
            f"{str(path)!r} cannot be read ({error}): copy the whole run folder again."
        ) from error
    return found


def agree(one: TextParts, other: TextParts) -> bool:
    """Whether two encoders make the same of a cell, but for rounding."""
    mine, theirs = (_state(each.encoder) for each in (one, other))
    return mine[0] == theirs[0] and all(
        a.shape == b.shape and np.allclose(a, b, atol=SAME)
        for a, b in zip(mine[1:], theirs[1:], strict=True)
    )


def _state(encoder: Any) -> tuple[Any, ...]:
    """What an encoder learnt: its groups of letters, their weights, and the directions."""
    words = encoder.vectorizer_
    svd = getattr(encoder, "tsvd_", None)
    directions = np.zeros(0) if svd is None else svd.components_
    return words.vocabulary_, words.idf_, directions
