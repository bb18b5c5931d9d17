"""Words for yes and no."""

from collections.abc import Mapping

from recipe.sources.plain_numbers import tidy

YES = frozenset({
    "1", "1.0", "yes", "true", "y", "t", "ja", "j", "oui", "si", "sí", "sim", "wahr", "vrai",
    "verdadero", "on", "ein", "an", "positive", "pos", "positiv", "detected", "✓", "✔", "vero",
    "verdadeiro", "waar", "prawda", "sant", "sì", "evet", "igen", "ano", "kyllä", "tosi",
    "present", "checked", "☑", "s", "v", "da", "enabled", "да", "есть", "x", "tak",
    "是", "有", "はい", "예", "네", "ναι", "כן", "نعم",
})  # fmt: skip
NO = frozenset({
    "0", "0.0", "no", "false", "n", "f", "nein", "non", "não", "nao", "nee", "falsch", "faux",
    "falso", "off", "aus", "negative", "neg", "negativ", "not detected", "✗", "✘", "absent",
    "✖", "☐", "nu", "onwaar", "fałsz", "falskt", "nej", "nei", "hay\u0131r", "nem", "ne", "ei",
    "epätosi", "unchecked", "disabled", "нет", "nie",
    "否", "无", "不是", "いいえ", "아니오", "아니요", "όχι", "לא", "لا",
})  # fmt: skip
LETTERS = ({"y", "n"}, {"j", "n"}, {"s", "n"}, {"t", "f"}, {"v", "f"})
"""Single ones that belong together."""
UNTOLD = "-1"
"""Beside a word for yes, where nothing was ticked."""
MARKS = YES - {"da", "s", "v", "1.0"} | {"*"}
"""What a column of ticks has beside empty cells."""


def yes_or_no(words: set[str]) -> tuple[str, str] | None:
    """The words for no and yes, where there are no others."""
    plain = {word: tidy(word).casefold().rstrip(".") for word in words}
    yes = sorted(word for word, text in plain.items() if text in YES)
    said = any(plain[word].isalpha() for word in yes)
    no = sorted(word for word, text in plain.items() if text in NO or (said and text == UNTOLD))
    if not yes or not no or len(yes) + len(no) < len(words):
        return None
    letters = {
        text for text in plain.values() if len(text) == 1 and text.isascii() and text.isalpha()
    }
    if len(letters) == 2 and letters not in LETTERS:
        return None
    return no[-1], yes[-1]


def to_yes_or_no(firm: Mapping[str, int], order: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Each spelling, and the word of the two that it means."""
    said = {cell: order[tidy(cell).casefold().rstrip(".") in YES | MARKS] for cell in firm}
    return tuple((cell, word) for cell, word in said.items() if cell != word)
