"""Phrases that have an order by what their words mean: how much of something (see `degrees`), how
long (within a day, one year), how often (a few times a year, daily).
"""

import re
from collections.abc import Mapping

from recipe.sources.degrees import KNOWN, WEAK, degrees, ranks_of

Ranks = dict[str, float]
MINUTE, DAY = 60.0, 86400.0
SPANS: Mapping[float, str] = {
    1.0: "second seconds sekunde sekunden seconde secondes segundo segundos",
    MINUTE: "minute minutes min mins minuten minuto minutos minuti",
    60 * MINUTE: "hour hours hourly hr hrs stunde stunden stündlich heure heures hora horas "
                 "ora ore",
    DAY: "day days daily tag tage täglich jour jours día días giorno giorni dia dias",
    7 * DAY: "week weeks weekly wk wks woche wochen wöchentlich semaine semaines semana "
             "semanas settimana settimane",
    30.4 * DAY: "month months monthly mo mos monat monate monatlich mois mes meses mese mesi",
    91.3 * DAY: "quarter quarters quarterly quartal quartale vierteljährlich trimestre",
    365.25 * DAY: "year years yearly yr yrs annually jahr jahre jährlich an ans année année año "
                  "años anno anni ano anos",
}  # fmt: skip
COUNTS: Mapping[float, str] = {
    0.5: "half halbe",
    1: "a an one once every per each ein eine einen einmal jeden jede pro un une una uno",
    2: "two twice couple zwei zweimal deux dos due dois",
    3: "three few thrice drei paar einige dreimal trois tres tre três quelques pocos",
    4: "four several many vier mehrere mehrmals quatre cuatro quattro quatro",
    5: "five fünf cinq cinco cinque",
    6: "six sechs seis sei",
    7: "seven sieben", 8: "eight acht", 9: "nine neun", 10: "ten zehn", 12: "twelve zwölf",
}  # fmt: skip
NEVER = "never nie niemals jamais nunca mai nigdy никогда"
LESS = "less under unter moins menos lt meno minder"
MORE = "more over longer mehr länger über plus más gt più meer"
PASSED_OVER = (
    "within in up to or than the of time times mal at least innerhalb von und and basis binnen "
    "nach after about contract"
)
ADVERBS = (
    "hourly daily weekly monthly quarterly yearly annually stündlich täglich wöchentlich monatlich "
    "vierteljährlich jährlich"
)


LEAST_CUT = 3
"""Letters of a word that is cut off."""
SPAN_OF, COUNT_OF = ranks_of(SPANS), ranks_of(COUNTS)
LESS_WORDS, MORE_WORDS = frozenset(LESS.split()), frozenset(MORE.split())
ADVERB_WORDS, PASSED_WORDS = frozenset(ADVERBS.split()), frozenset(PASSED_OVER.split())
IDEOGRAPHS = re.compile(r"(很|非常|较|比较|とても)(?=.)")


def by_meaning(texts: Mapping[str, str]) -> Ranks | None:
    """Ranks of phrases of which there are three or more; None where they have no order.

    Args:
        texts: what is said, in small letters, by the word as it stands in the column.

    """
    parted = _in_full({word: _parts(text) for word, text in texts.items()})
    for read in (*degrees(list(parted.values())), _how_long, _how_often):
        ranks: Ranks = {}
        for word, parts in parted.items():
            rank = read(parts)
            if rank is None:
                break
            ranks[word] = rank
        if len(ranks) == len(texts) and len(set(ranks.values())) > 2 and not _mostly_digits(texts):
            return ranks
    return None


def _parts(text: str) -> list[str]:
    spaced = IDEOGRAPHS.sub(r"\1 ", text.casefold().replace("_", " "))
    return re.findall(r"[^\W_]+", spaced)


def _in_full(phrases: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Phrases with words that are cut off, as `mod.` and `dissat`, as they stand elsewhere in the
    column or are known.
    """
    there = {part for parts in phrases.values() for part in parts}

    def full(part: str) -> str:
        if len(part) < LEAST_CUT or part in KNOWN or _spoken(part):
            return part
        longer = [word for word in sorted(there | WEAK) if word.startswith(part) and word != part]
        return longer[0] if len(longer) == 1 else part

    return {word: [full(part) for part in parts] for word, parts in phrases.items()}


def _mostly_digits(texts: Mapping[str, str]) -> bool:
    """Whether most are amounts in digits, as 5 years, which are read as numbers."""
    return 2 * sum(bool(re.match(r"\W*\d", text)) for text in texts.values()) > len(texts)


def _how_long(parts: list[str]) -> float | None:
    """Seconds of a span such as `within a few hours` or `one year`."""
    unit = next((SPAN_OF[word] for word in parts if word in SPAN_OF), None)
    counts = [count for word in parts if (count := _count(word)) is not None]
    known = all(_spoken(word) for word in parts)
    often = {"once", "twice", "times", "mal", "einmal", "every", "per", *NEVER.split()} & {*parts}
    if unit is None or not known or often or any(word in ADVERB_WORDS for word in parts[:1]):
        return None
    span = max(counts, default=1.0) * unit
    return span * (0.9 if set(parts) & LESS_WORDS else 1.1 if set(parts) & MORE_WORDS else 1.0)


def _how_often(parts: list[str]) -> float | None:
    """How often in a year, as of `a few times a year` and `daily`."""
    if len(parts) == 1 and parts[0] in NEVER.split():
        return 0.0
    unit = next((SPAN_OF[word] for word in parts if word in SPAN_OF), None)
    if unit is None or not all(_spoken(word) for word in parts):
        return None
    counts = [count for word in parts if (count := _count(word)) is not None]
    every = parts[0] in {"every", "jeden", "jede", "alle"}
    times = 1 / max(counts, default=1.0) if every else max(counts, default=1.0)
    rank = times * 365.25 * DAY / unit
    return rank * (0.9 if set(parts) & LESS_WORDS else 1.1 if set(parts) & MORE_WORDS else 1.0)


def _count(word: str) -> float | None:
    digits = word.removesuffix("x")
    return float(digits) if digits.isdigit() else COUNT_OF.get(word)


def _spoken(word: str) -> bool:
    """Whether a word may stand in what says how long or how often."""
    return (
        word in SPAN_OF or word in PASSED_WORDS or word in LESS_WORDS or word in MORE_WORDS
        or _count(word) is not None
    )  # fmt: skip
