"""Phrases that have an order by what their words mean: how much of something (very low, high), how
long (within a day, one year), how often (a few times a year, daily).
"""

import re
from collections.abc import Callable, Collection, Mapping

Ranks = dict[str, float]
DEGREES: Mapping[str, Mapping[float, str]] = {
    "level": {
        -3: "no none zero keine kein aucun ninguno nessuno brak нет 无",
        -1: "low weak niedrig schwach gering tief faible bas bajo baja basso bassa baixo baixa "
            "débil fraco niski niska laag låg низкий низкая низкое nízký nízká 低",
        0: "medium moderate middle average mittel durchschnittlich moyen moyenne medio media médio "
           "média średni średnia gemiddeld средний средняя среднее střední 中 中等",
        1: "high strong hoch stark élevé élevée alto alta fuerte forte wysoki wysoka hoog hög "
           "высокий высокая высокое vysoký vysoká 高",
        3: "critical kritisch critique krytyczny критический критическая 严重",
    },
    "quality": {
        -1: "bad poor weak schlecht schwach mauvais mauvaise malo mala cattivo ruim zły zła słaby "
            "słaba slecht dålig плохо плохой плохая špatný 差",
        0: "fair average okay ok acceptable sufficient mittelmäßig ausreichend passable regular "
           "sufficiente przeciętny przeciętna matig средне нормально 一般 普通",
        1: "good gut bon bonne bueno buena buono bom boa dobry dobra goed bra хорошо хороший "
           "хорошая dobrý 好 良い 良",
        2.5: "excellent outstanding exceptional hervorragend ausgezeichnet excelente ottimo ótimo "
             "znakomity znakomita doskonały doskonała uitstekend отлично отличный 优秀",
    },
    "reach": {
        -1: "below under missed misses unter unterhalb verfehlt",
        -0.5: "approaching approaches near nearly partially teilweise",
        0: "meets met meeting at on erfüllt erreicht",
        1: "exceeds exceeded exceeding above over übertrifft oberhalb über",
    },
    "severity": {
        -2: "none absent no kein keine keiner",
        -1: "mild minor slight light leicht leichte leichter leichtes léger légère leve lieve",
        0: "moderate mäßig mäßige mäßiger mittlere mittlerer mittleres mittelschwer modéré modérée "
           "moderado moderada moderato",
        1: "severe serious major schwer schwere schwerer schweres sévère grave grav",
        2.5: "critical fatal extreme",
    },
    "harm": {
        -1: "benign harmless harmlos", 0: "uncertain unclear vus unclassified",
        1: "pathogenic malignant harmful",
    },
    "size": {
        -1: "small little short klein petit petite pequeño pequeña piccolo pequeno mały mała kort "
            "маленький 小",
        0: "medium mittel moyen moyenne mediano medio średni średnia средний 中",
        1: "large big long groß grand grande duży duża groot stor большой 大",
    },
}  # fmt: skip
"""Words of one quantity by where they stand; a word before them moves them away from the middle, or
towards it."""
STRONGER = (
    "very extremely far well much highly strongly sehr äußerst weit très muy molto muito bardzo "
    "zeer mycket очень velmi 很 非常 とても"
)
WEAKER = (
    "slightly somewhat rather fairly moderately likely probably mildly eher etwas leicht plutôt "
    "assez algo abbastanza raczej dość довольно скорее spíše 较 比较"
)
OPPOSITES = (
    "oppose support, against for, worse better, less more, lower higher, decrease increase, "
    "decreased increased, falling rising, down up, dislike like, hate love, negative positive, "
    "slow fast, cold hot, late early, pessimistic optimistic, weak strong, sad happy, "
    "worsened improved, poor rich, bad good, dangerous safe, pessimistisch optimistisch, "
    "schlechter besser, weniger mehr, negativ positiv, dagegen dafür, peor mejor, menos más, "
    "contra favor, moins plus, négatif positif, negativo positivo, gorszy lepszy"
)
"""The lower and the upper end of scales whose middle is named by one of the following words."""
MIDDLE = (
    "neutral same stable unchanged flat equal neither undecided unsure mixed middle medium average "
    "change gleich unverändert neutre égal igual neutralny uguale pareil"
)
DENYING = ("un", "dis", "in", "im", "ir", "non", "des", "mé", "méc", "mis", "nie", "on", "o", "不")
FILLING = frozenset({"no", "about", "the"})
"""Before a word in the middle, as in `about the same`."""
MINUTE, DAY = 60.0, 86400.0
SPANS: Mapping[float, str] = {
    1.0: "second seconds sekunde sekunden seconde secondes segundo segundos",
    MINUTE: "minute minutes minuten minuto minutos minuti",
    60 * MINUTE: "hour hours hourly stunde stunden stündlich heure heures hora horas ora ore",
    DAY: "day days daily tag tage täglich jour jours día días giorno giorni dia dias",
    7 * DAY: "week weeks weekly woche wochen wöchentlich semaine semaines semana semanas settimana "
             "settimane",
    30.4 * DAY: "month months monthly monat monate monatlich mois mes meses mese mesi",
    91.3 * DAY: "quarter quarters quarterly quartal quartale vierteljährlich trimestre",
    365.25 * DAY: "year years yearly annually jahr jahre jährlich an ans année année año años anno "
                  "anni ano anos",
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
LESS = "less under unter moins menos"
MORE = "more over longer mehr länger über plus más"
PASSED_OVER = (
    "within in up to or than the of time times mal at least innerhalb von und and basis binnen "
    "nach after about contract"
)
ADVERBS = (
    "hourly daily weekly monthly quarterly yearly annually stündlich täglich wöchentlich monatlich "
    "vierteljährlich jährlich"
)


def _ranks(words: Mapping[float, str]) -> dict[str, float]:
    return {word: rank for rank, each in words.items() for word in each.split()}


SPAN_OF, COUNT_OF = _ranks(SPANS), _ranks(COUNTS)
FAMILIES = tuple(_ranks(words) for words in DEGREES.values())
LESS_WORDS, MORE_WORDS = frozenset(LESS.split()), frozenset(MORE.split())
ADVERB_WORDS, PASSED_WORDS = frozenset(ADVERBS.split()), frozenset(PASSED_OVER.split())
MIDDLE_WORDS = frozenset(MIDDLE.split())
OPPOSITE_OF: dict[str, list[str]] = {}
for _pair in OPPOSITES.split(", "):
    OPPOSITE_OF.setdefault(_pair.split()[0], []).append(_pair.split()[1])
ENDS = frozenset(OPPOSITES.replace(",", "").split())
STRONG, WEAK = frozenset(STRONGER.split()), frozenset(WEAKER.split())
IDEOGRAPHS = re.compile(r"(很|非常|较|比较|とても)(?=.)")


def by_meaning(texts: Mapping[str, str]) -> Ranks | None:
    """Ranks of phrases of which there are three or more; None where they have no order.

    Args:
        texts: what is said, in small letters, by the word as it stands in the column.

    """
    opposite = _opposites({_parts(text)[-1] for text in texts.values() if _parts(text)})
    for read in (*map(_degree_in, (*FAMILIES, *opposite)), _how_long, _how_often):
        ranks: Ranks = {}
        for word, text in texts.items():
            rank = read(_parts(text))
            if rank is None:
                break
            ranks[word] = rank
        if len(ranks) == len(texts) and len(set(ranks.values())) > 2 and not _mostly_digits(texts):
            return ranks
    return None


def _parts(text: str) -> list[str]:
    spaced = IDEOGRAPHS.sub(r"\1 ", text.casefold().replace("_", " "))
    return re.findall(r"[^\W_]+", spaced)


def _mostly_digits(texts: Mapping[str, str]) -> bool:
    """Whether most are amounts in digits, as 5 years, which are read as numbers."""
    return 2 * sum(text[:1].isdigit() for text in texts.values()) > len(texts)


def _opposites(words: Collection[str]) -> list[dict[str, float]]:
    """A word and its opposite, where there are no others beside them but those in the middle: the
    same with a prefix as `unhappy`, its other end as `oppose`, or more of them as `richest`.
    """
    found = {word: _end_of(word) for word in words if word not in MIDDLE_WORDS}
    ends = sorted({end for end, _ in found.values()})
    if len(ends) != 2:
        return []
    low, high = ends if ends[1] in OPPOSITE_OF.get(ends[0], ()) else ends[::-1]
    denied = any(low == f"{prefix}{high}" for prefix in DENYING)
    if not denied and high not in OPPOSITE_OF.get(low, ()):
        if not any(high == f"{prefix}{low}" for prefix in DENYING):
            return []
        low, high = high, low
    ranks = {word: (more if end == high else -more) for word, (end, more) in found.items()}
    return [ranks | dict.fromkeys(MIDDLE_WORDS, 0.0)]


def _end_of(word: str) -> tuple[str, float]:
    """The end of a scale that a word names, and how far out it is: rich, richer, richest."""
    if word in ENDS:
        return word, 1.0
    for suffix, more in (("est", 2.0), ("st", 2.0), ("er", 1.0), ("r", 1.0)):
        if word.removesuffix(suffix) in ENDS and word.endswith(suffix):
            return word.removesuffix(suffix), more
    return word, 1.0


def _degree_in(family: Mapping[str, float]) -> Callable[[list[str]], float | None]:
    """A reader of what stands in one family, with words before it that make it more or less."""

    def rank(parts: list[str]) -> float | None:
        *before, last = parts or [""]
        if last not in family or not set(before) <= STRONG | WEAK | FILLING:
            return None
        found = family[last]
        for word in before:
            found *= 2 if word in STRONG else 0.5 if word in WEAK else 1
        return found

    return rank


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
    return float(word) if word.isdigit() else COUNT_OF.get(word)


def _spoken(word: str) -> bool:
    """Whether a word may stand in what says how long or how often."""
    return (
        word in SPAN_OF or word in PASSED_WORDS or word in LESS_WORDS or word in MORE_WORDS
        or _count(word) is not None
    )  # fmt: skip
