"""Whether words are categories, free text, or names of the rows."""

import re
from collections import Counter
from collections.abc import Collection, Mapping

from recipe.core.column_facts import Kind
from recipe.sources.column_names import is_code_name, is_id_name, is_phone_name
from recipe.sources.tokens import CHARACTER

UNIQUE = 0.9
"""Share of different words from which on they name the rows."""
HALF, MOSTLY = 0.5, 0.7
SOME = 0.2
LEAST_ROWS = 15
SEVERAL_WORDS, SENTENCE = 3, 5
"""Words in the mean cell: of text where nearly all cells differ, and of text that comes again."""
LEAST_TEXTS = 20
ALSO = 0.1
"""Share of the cells that are of another number of words."""
PARTS = 2
"""Lists for each of the words that they are made of."""
LONG = 60
"""Characters in the mean cell of free text that has few spaces."""
ADDRESSES = re.compile(
    r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.-]+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|"
    r"[0-9a-f]{16,}|(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|"
    r"\+?[\d ()/.-]{7,20}\d|[A-Z]{2}\d{2}(?: ?[\dA-Z]{4}){3,8}(?: ?[\dA-Z]{1,4})?|"
    r"/?(?:\w+/){2,}\S+",
    re.IGNORECASE,
)
"""Addresses, keys and numbers to call."""
AMOUNT = r"0(?:\s?[^\W\d_]{1,6})?"
MEASURES = re.compile(
    rf"{AMOUNT}(?:(?:\s?[@(x\u00d7*]\s?|(?<=[^\W\d_])\s){AMOUNT}\)?)+(?:\([^()\d]*\))?"
)
"""Several amounts, each of them written as 0."""
COUNTED = re.compile(r"0 .*[^\W\d_]{3}.*")
FEW_SHAPES = 5
CODE = re.compile(
    r"(?=\S*\d)[\w./#-]+|[A-Za-z]{1,5}[ /.-]?\d[\w ./-]*|"
    r"(?=.*\d)(?:[A-Z]{1,3}|\d{1,6})(?:[ -](?:[A-Z]{1,3}|\d{1,6})){1,4}",
    re.ASCII,
)


def kind_of_words(name: str, cells: Mapping[str, int], words: Collection[str]) -> Kind:
    """What a column of words is.

    Args:
        name: of the column.
        cells: those with a value, and how often each is there.
        words: the different ones, each in one spelling.

    """
    rows = sum(cells.values())
    share = len(words) / rows
    addresses = sum(count for cell, count in cells.items() if ADDRESSES.fullmatch(cell)) / rows
    codes = sum(count for cell, count in cells.items() if CODE.fullmatch(cell)) / rows
    named = (is_id_name(name) and not is_code_name(name)) or is_phone_name(name)
    if rows >= LEAST_ROWS and addresses > UNIQUE and (share > SOME or is_phone_name(name)) and not (
        is_code_name(name) and share < UNIQUE
    ):  # fmt: skip
        return "identifier"
    if is_text(cells, len(words)) and codes < HALF:
        return "text"
    if rows < LEAST_ROWS:
        return "category"
    if MOSTLY < share < UNIQUE and codes < HALF and not named and _several_words(words):
        return "text"  # names and titles, of which some come again
    if (
        not named
        and codes < HALF
        and (_like_titles(cells) or (_of_parts(cells) and not _like_names(cells)))
    ):
        return "text"
    if not named and share >= UNIQUE and _of_measures(cells):
        return "text"
    if share >= UNIQUE or (named and share > HALF):
        return "identifier"
    return "identifier" if named and codes > UNIQUE and share > SOME else "category"


def _like_names(cells: Collection[str]) -> bool:
    """Whether all cells are of equally many words and each of these begins with a capital, as of
    people: Weber, Anna M.
    """
    lengths = {len(cell.split()) for cell in cells}
    return len(lengths) == 1 < max(lengths) and all(
        word[0].isupper() or not word[0].isalpha() for cell in cells for word in cell.split()
    ) and not any(any(map(str.isdigit, cell)) for cell in cells)  # fmt: skip


def _like_titles(cells: Mapping[str, int]) -> bool:
    """Whether nearly all cells differ and are of now more and now fewer words, as titles are;
    names of people and places have mostly equally many.
    """
    if len(cells) < UNIQUE * sum(cells.values()) or not _several_words(cells):
        return False
    lengths = Counter(min(len(cell.split()), SENTENCE) for cell in cells)
    return sum(count >= ALSO * len(cells) for count in lengths.values()) >= SEVERAL_WORDS


def _of_parts(cells: Mapping[str, int]) -> bool:
    """Whether cells are lists with signs between their parts, which are few while lists are many,
    as answers where several could be ticked.
    """
    for sign in ";|,":
        lists = [[part.strip() for part in cell.split(sign)] for cell in cells]
        several = sum(len(parts) > 1 for parts in lists)
        different = {part for parts in lists for part in parts}
        unique = all(len(set(parts)) == len(parts) for parts in lists)
        if several > HALF * len(lists) and unique and len(cells) > LEAST_TEXTS and (
            len(cells) > PARTS * len(different)
        ):  # fmt: skip
            return True
    return False


def _of_measures(cells: Collection[str]) -> bool:
    """Whether cells are several amounts with their units, as 190Nm@ 2000rpm, or one of this and of
    that; the letters of a code stand in front.
    """
    shapes = Counter(re.sub(r"\d+(?:[.,]\d+)*", "0", cell) for cell in cells)
    measured = [shape for shape in shapes if MEASURES.fullmatch(shape) or COUNTED.fullmatch(shape)]
    often = sum(shapes[shape] for shape in measured)
    return len(measured) <= FEW_SHAPES and often >= UNIQUE * len(cells)


def _several_words(words: Collection[str]) -> bool:
    """Whether words have two parts and more in the mean."""
    return sum(len(word.split()) for word in words) >= 2 * len(words)


def is_text(cells: Mapping[str, int], different: int) -> bool:
    """Whether cells hold free text: several words, and most of them another text."""
    rows = sum(cells.values())
    count = sum(n * (len(cell.split()) + len(CHARACTER.findall(cell))) for cell, n in cells.items())
    letters = sum(n * len(cell) for cell, n in cells.items())
    words = count / rows
    if words >= SEVERAL_WORDS and different > HALF * rows:
        return not _like_names(cells)
    again = different > LEAST_TEXTS and different > SOME / 2 * rows
    return again and (words >= SENTENCE or (letters > LONG * rows and words >= 2))
