"""Words for yes and no."""

from collections.abc import Mapping

from recipe.sources.cell_numbers import tidy

YES = frozenset({
    "1", "1.0", "yes", "true", "y", "t", "ja", "j", "oui", "si", "sí", "sim", "wahr", "vrai",
    "verdadero", "on", "ein", "an", "positive", "pos", "positiv", "detected", "✓", "✔", "vero",
    "verdadeiro", "waar", "prawda", "sant", "sì", "evet", "igen", "ano", "kyllä", "tosi",
    "present", "checked", "enabled", "да", "x", "tak",
    "是", "有", "はい", "예", "네", "ναι", "כן", "نعم",
})  # fmt: skip
NO = frozenset({
    "0", "0.0", "no", "false", "n", "f", "nein", "non", "não", "nao", "nee", "falsch", "faux",
    "falso", "off", "aus", "negative", "neg", "negativ", "not detected", "✗", "✘", "absent",
    "onwaar", "fałsz", "falskt", "nej", "nei", "hay\u0131r", "nem", "ne", "ei", "epätosi",
    "unchecked", "disabled", "нет", "nie",
    "否", "无", "不是", "いいえ", "아니오", "아니요", "όχι", "לא", "لا",
})  # fmt: skip
MARKS = frozenset({"x", "✓", "✔", "yes", "y", "ja", "true", "1", "oui", "j", "t", "*"})
"""What a column of ticks has beside empty cells."""


def yes_or_no(words: set[str]) -> tuple[str, str] | None:
    """The words for no and yes, where there are no others."""
    plain = {word: tidy(word).casefold().rstrip(".") for word in words}
    yes = sorted(word for word, text in plain.items() if text in YES)
    no = sorted(word for word, text in plain.items() if text in NO)
    if not yes or not no or len(yes) + len(no) < len(words):
        return None
    letters = {text[0] for text in plain.values() if text in {"x", "t", "f", "j", "y", "n"}}
    if letters in ({"x", "n"}, {"x", "f"}, {"t", "n"}, {"y", "f"}, {"j", "f"}):
        return None
    return no[-1], yes[-1]


def to_yes_or_no(firm: Mapping[str, int], order: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Each spelling, and the word of the two that it means."""
    said = {cell: order[tidy(cell).casefold().rstrip(".") in YES | MARKS] for cell in firm}
    return tuple((cell, word) for cell, word in said.items() if cell != word)
