"""Words that have an order: ratings, sizes, levels, school grades, bands of numbers."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from recipe.sources.bounds import AND_MORE, AT_LEAST, AT_MOST
from recipe.sources.number_bands import bands
from recipe.sources.phrases import by_meaning
from recipe.sources.plain_numbers import tidy

WORDS = Path(__file__).with_name("scales.txt")


def _tables() -> tuple[dict[str, int], ...]:
    """The rank of every word, for each scale of the file."""
    lines = [line for line in WORDS.read_text("utf-8").split("\n") if line and line[0] != "#"]
    return tuple(
        {
            word.strip(): rank
            for rank, words in enumerate(line.split("<"))
            for word in words.split("|")
        }
        for line in lines
    )


TABLES = _tables()
BELOW = re.compile(rf"(?:{AT_MOST})\s+(?P<before>.+)|(?P<behind>.+?)\s+(?:or (?:less|lower))")
BEYOND = re.compile(rf"(?:{AT_LEAST})\s+(?P<before>.+)|(?P<behind>.+?)\s*(?:\+|{AND_MORE})")
TRIAGE = {
    "blue": 0, "blau": 0, "white": 0, "green": 1, "grün": 1, "yellow": 2, "gelb": 2, "amber": 2,
    "orange": 3, "red": 4, "rot": 4, "black": 5,
}  # fmt: skip
"""Colours by their urgency, where the name of the column speaks of it."""
URGENT = ("triage", "ampel", "alert", "warn", "risk", "severity", "threat", "urgen", "dringlich")
TRAFFIC = ("green", "grün", "yellow", "amber", "gelb", "red", "rot")
SCHOOL = re.compile(r"([A-H])\s?(\+{1,3}|-{1,2}|plus|minus|[1-5])?", re.IGNORECASE)
RATINGS = re.compile(r"(AAA|AA|A|BBB|BB|B|CCC|CC|C|D)([+-])?")
ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10}
NUMBERED = re.compile(
    r"(?:level|lvl\.?|grade|stage|stufe|tier|step|phase|class|klasse|category|cat\.?|type|rank|"
    r"priority|prio|sev|severity|band|group|gruppe|niveau|nivel|grad|g|p|l|t|q|s|year|yr|wave|round|"
    r"(?P<word>[^\W\d_]+))[\s_.-]?(?P<n>\d{1,2}|[ivx]{1,4})(?P<letter>[a-e])?",
    re.IGNORECASE,
)
EARLY = re.compile(r"^(?:early|pre)[\s-]+", re.IGNORECASE)
ROMAN_PART = re.compile(r"(i{1,3}|iv|vi{0,3}|ix|x)([a-e]?)", re.IGNORECASE)
"""Roman numbers, which may have parts as IIA and IIB."""
PLUSES = {"neg": 0.0, "negative": 0.0, "neg.": 0.0, "-": 0.0, "0": 0.0, "trace": 0.5, "tr": 0.5,
          "+/-": 0.5, "±": 0.5, "(+)": 0.5}  # fmt: skip
FLOOR = re.compile(
    r"(-?\d{1,2})(?:st|nd|rd|th|er|e|ème|º|ª|\.)?"
    r"(?:\s?(?:og|stock|etage|floor|étage|planta|piano|obergeschoss))?",
    re.IGNORECASE,
)
FLOORS = {
    "basement": -2.0, "lower basement": -2.5, "ug": -1.0, "keller": -2.0, "souterrain": -1.0,
    "lower ground": -1.0, "sous-sol": -1.0, "eg": 0.0, "erdgeschoss": 0.0, "parterre": 0.0,
    "ground": 0.0, "ground floor": 0.0, "rdc": 0.0, "rez-de-chaussée": 0.0, "planta baja": 0.0,
    "bajo": 0.0, "hochparterre": 0.5, "mezzanine": 0.5, "dg": 99.0, "dachgeschoss": 99.0,
    "attic": 99.0, "top floor": 99.0, "penthouse": 99.5, "ático": 99.0,
}  # fmt: skip
ORDERED_NAMES = ("level", "lvl", "grade", "stage", "stufe", "tier", "step", "phase", "rank",
                 "priority", "prio", "niveau", "nivel", "class", "klasse", "year", "sev",
                 "severity", "ef")  # fmt: skip
ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)(?:\s+[^\W\d_]+)?")
OUT_OF = re.compile(
    r"(\d{1,2}(?:[.,]5)?)\s*(?:/|out of|of|von|sur)\s*(5|10|4|6|7|3)", re.IGNORECASE
)
STARS = re.compile(r"([★⭐*]+)[☆✩]*")
SIGNS = re.compile(r"([^\w\s])\1{0,5}")
"""One sign, once or more often, as $$ of prices."""
STAR_WORDS = re.compile(
    r"(?=.*(?:star|stern|étoile|estrella|★|⭐))[★⭐]?\s?(\d(?:[.,]5)?)[\s-]*"
    r"(?:stars?|sterne?|étoiles?|estrellas?|★|⭐)?",
    re.IGNORECASE,
)
LETTER_NAMES = (
    "grade", "note", "effizienz", "triage", "rating", "class", "klasse", "energy", "energie",
    "score", "mark", "rank", "label", "level", "quality", "band", "nutri", "efficiency", "cut",
    "tier", "certif", "zertif", "ocena", "voto", "оценка", "stage", "stufe", "stadium", "severity",
    "priorit", "quantil", "quartil", "quintil", "decil",
)  # fmt: skip
RATED_NAMES = (
    "rating", "satisf", "zufrieden", "likert", "stars", "sterne", "agree", "stars", "bewertung",
    "grade", "note", "severity", "stage", "level", "rank", "priority", "condition",
    "overallqual", "overallcond", "quality_score", "importance", "pain", "stress", "pclass",
    "freetime", "goout", "famrel", "dalc", "walc", "health_scale", "opinion", "stufe", "tier",
    "difficulty",
)  # fmt: skip


def order_of(words: Collection[str], name: str = "") -> tuple[str, ...] | None:
    """The words of a column from the least to the most; None where they have no order.

    Args:
        words: the different ones.
        name: of the column, which says whether single letters are grades.

    """
    texts = {word: tidy(word) for word in words}
    if len(words) < 2:
        return None
    ranks = (
        _ranked(texts, name)
        or _ranked(_without_common(texts), name)
        or _by_words(_heads(texts), name)
    )
    return None if ranks is None else tuple(sorted(words, key=lambda word: (ranks[word], word)))


def _heads(texts: Mapping[str, str]) -> Mapping[str, str]:
    """The first word of each, where all have two and the second is one of two, as in `minor damage`
    and `total loss`.
    """
    parts = {word: text.casefold().split() for word, text in texts.items()}
    pairs = all(len(part) == 2 for part in parts.values())
    if not pairs or len({part[1] for part in parts.values()}) > 2:
        return {}
    return {word: part[0] for word, part in parts.items()}


def _ranked(texts: Mapping[str, str], name: str) -> dict[str, float] | None:
    return _by_words(texts, name) or _by_pattern(texts, name) or bands(texts)


def _by_words(texts: Mapping[str, str], name: str) -> dict[str, float] | None:
    """Ranks in the first scale that has all of the words, in three ranks or more."""
    plain = {word: _bare(text) for word, text in texts.items()}
    if len(set(plain.values())) < len(plain) or not plain:
        return None
    if any(hint in name.casefold() for hint in URGENT) and set(plain.values()) <= TRIAGE.keys():
        return {word: float(TRIAGE[text]) for word, text in plain.items()}
    for table in TABLES:
        found = {word: _rank_in(table, text) for word, text in plain.items()}
        ranks = {word: rank for word, rank in found.items() if rank is not None}
        if len(ranks) < len(texts):
            continue
        if set(plain.values()) <= set(TRAFFIC) and len(ranks) < 3:
            continue
        if len(set(ranks.values())) > 2 or (len(set(ranks.values())) == 2 and _pair(plain.values())):  # fmt: skip # noqa: E501
            return dict(ranks)
    return by_meaning(plain)


def _rank_in(table: Mapping[str, int], text: str) -> float | None:
    """The rank of a word in a scale; of `less than high school`, half a rank lower."""
    if text in table:
        return float(table[text])
    for pattern, shift in ((BELOW, -0.5), (BEYOND, 0.5)):
        found = pattern.fullmatch(text)
        word = found["before"] or found["behind"] if found else ""
        if word in table:
            return table[word] + shift
    return None


def _without_common(texts: Mapping[str, str]) -> Mapping[str, str]:
    """Phrases without the words that all of them begin and end with, as in `Low income` and `Age 18
    to 24`.
    """
    parts = {word: text.split() for word, text in texts.items()}
    alone = [word for word, part in parts.items() if len(part) == 1]
    ends = {part[-1].casefold() for part in parts.values()}
    if len(alone) == 1 and len(ends) == 1:  # as important beside very important
        parts[alone[0]] = ["plainly", *parts[alone[0]]]
    for end, rest in ((-1, slice(None, -1)), (0, slice(1, None))):
        while min(map(len, parts.values())) > 1 and (
            len({part[end].casefold() for part in parts.values()}) == 1
        ):
            parts = {word: part[rest] for word, part in parts.items()}
    return {word: " ".join(part) for word, part in parts.items()}


def _bare(text: str) -> str:
    """Small letters, spaces for hyphens between words, and no number in front, as in `1 - low`."""
    text = re.sub(r"^(\d{1,2})\s?\(([^()]+)\)$", r"\1 - \2", text)
    bare = re.sub(r"^\(?\d{1,2}\s?[-.):=]\s?|\s?\(\d{1,2}\)$", "", text.casefold().strip(" .!"))
    spaced = re.sub(r"(?<=\w)[_-](?=\w)", " ", bare)
    return bare if any(bare in table for table in TABLES) else spaced


def _pair(words: Collection[str]) -> bool:
    """Whether two words are the ends of a scale rather than two kinds."""
    return set(words) in ({"low", "high"}, {"small", "large"}, {"bad", "good"}, {"poor", "good"},
                          {"niedrig", "hoch"}, {"junior", "senior"}, {"good", "excellent"},
                          {"medium", "high"}, {"low", "medium"})  # fmt: skip


def _by_pattern(texts: Mapping[str, str], name: str) -> dict[str, float] | None:
    """Ranks of grades such as B+, stage III, 2nd, 3/5 and stars."""
    hinted = any(hint in name.casefold() for hint in LETTER_NAMES)
    for ranked in (_school(texts, hinted), _numbered(texts, hinted), _counted(texts)):
        if ranked is not None and len(set(ranked.values())) > 2:
            return ranked
    return None


def _school(texts: Mapping[str, str], hinted: bool) -> dict[str, float] | None:
    signed = any(text.strip()[-1:] in "+-12345" for text in texts.values())
    for pattern in (SCHOOL, RATINGS):
        found = {word: pattern.fullmatch(text) for word, text in texts.items()}
        known = {word: each for word, each in found.items() if each}
        if len(known) < len(texts) or not (hinted or signed or pattern is RATINGS):
            continue
        if pattern is RATINGS and not any(len(each[1]) > 1 for each in known.values()):
            continue
        letters = list("ABCDEFGH") if pattern is SCHOOL else [
            "AAA", "AA", "A", "BBB", "BB", "B", "CCC", "CC", "C", "D"]  # fmt: skip
        return {word: -letters.index(each[1].upper()) + _shift((each[2] or "").lower())
                for word, each in known.items()}  # fmt: skip
    return None


def _shift(sign: str) -> float:
    """By how much a sign or a number behind a letter moves the grade."""
    if sign.isdigit():
        return -0.1 * int(sign)
    return 0.3 * (sign.count("+") - sign.count("-") + (sign == "plus") - (sign == "minus"))


def _numbered(texts: Mapping[str, str], hinted: bool) -> dict[str, float] | None:
    romans = {word: ROMAN_PART.fullmatch(text) for word, text in texts.items()}
    if all(romans.values()):
        return {
            word: ROMAN[each[1].casefold()] + _letter(each[2])
            for word, each in romans.items()
            if each
        }
    ranks, heads = {}, set()
    for word, whole_text in texts.items():
        text = EARLY.sub("", whole_text)
        found = NUMBERED.fullmatch(text)
        if found is None:
            return None
        head = text[: found.start("n")].casefold().strip(" _.-")
        number = found["n"].casefold()
        if not number.isdigit() and number not in ROMAN:
            return None
        heads.add(head)
        whole = int(number) if number.isdigit() else ROMAN[number]
        ranks[word] = whole + _letter(found["letter"]) - 0.5 * (text != whole_text)
    known = heads <= set(ORDERED_NAMES)
    return ranks if len(heads) == 1 and (known or (hinted and len(min(heads)) < 2)) else None


def _letter(letter: str | None) -> float:
    """By how much a letter behind a number moves it up."""
    return 0.1 * (ord(letter.lower()) - 96) if letter else 0.0


def _counted(texts: Mapping[str, str]) -> dict[str, float] | None:
    if ranks := _pluses(texts) or _floors(texts):
        return ranks
    for pattern in (ORDINAL, OUT_OF, STAR_WORDS):
        found = {word: pattern.fullmatch(text) for word, text in texts.items()}
        if all(found.values()) and (pattern is not OUT_OF or _one_whole(found.values())):
            return {w: float(each[1].replace(",", ".")) for w, each in found.items() if each}
    if all(STARS.fullmatch(text) for text in texts.values()):
        return {word: float(sum(sign in "★⭐*" for sign in text)) for word, text in texts.items()}
    if all(map(SIGNS.fullmatch, texts.values())) and len({text[0] for text in texts.values()}) == 1:
        return {word: float(len(text)) for word, text in texts.items()}
    return None


def _pluses(texts: Mapping[str, str]) -> dict[str, float] | None:
    """Ranks of neg, trace, 1+ and 2+, or of +, ++ and +++, as laboratories write them."""
    ranks = {}
    for word, text in texts.items():
        found = re.fullmatch(r"(\d)\s?\+|(\++)", text)
        rank = PLUSES.get(text.casefold()) if found is None else float(found[1] or len(found[2]))
        if rank is None:
            return None
        ranks[word] = rank
    return ranks if any("+" in text for text in texts.values()) else None


def _floors(texts: Mapping[str, str]) -> dict[str, float] | None:
    """Ranks of floors: those with a number, and words for what is below and above these."""
    ranks, numbered = {}, 0
    for word, text in texts.items():
        found = FLOOR.fullmatch(text)
        rank = FLOORS.get(text.casefold().strip(".")) if found is None else float(found[1])
        if rank is None:
            return None
        ranks[word], numbered = rank, numbered + (found is not None)
    return ranks if 0 < numbered < len(texts) else None


def _one_whole(found: Collection[re.Match[str] | None]) -> bool:
    return len({each[2] for each in found if each}) == 1
