"""Phrases that say how much of something: words of one quantity (very low, high), a word and its
opposite (unhappy, happy), and two ends that both come in the same degrees (slightly liberal,
conservative).
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

Reader = Callable[[list[str]], float | None]
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
        0: "meets met meeting at on plainly erfüllt erreicht",
        1: "exceeds exceeded exceeding above over übertrifft oberhalb über",
    },
    "severity": {
        -2: "none absent no not kein keine keiner trivial negligible",
        -1: "mild minor slight light leicht leichte leichter leichtes léger légère leve lieve",
        0: "moderate mäßig mäßige mäßiger mittlere mittlerer mittleres mittelschwer modéré modérée "
           "moderado moderada moderato",
        1: "severe serious major schwer schwere schwerer schweres sévère grave grav",
        2.5: "critical fatal extreme total complete catastrophic",
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
towards it; any other adverb, as overwhelmingly, is taken for a strong one."""
STRONGER = (
    "very extremely far well much highly strongly sehr äußerst weit très muy molto muito bardzo "
    "zeer mycket очень velmi 很 非常 とても"
)
WEAKER = (
    "slightly little bit somewhat rather fairly moderately likely probably mildly mostly partly "
    "partially generally marginally barely weakly lean leaning eher etwas leicht plutôt "
    "assez algo abbastanza raczej dość довольно скорее spíše 较 比较"
)
OPPOSITES = (
    "oppose support, against for, worse better, less more, lower higher, decrease increase, "
    "decreased increased, falling rising, down up, dislike like, hate love, negative positive, "
    "slow fast, cold hot, late early, pessimistic optimistic, weak strong, sad happy, "
    "worsened improved, poor rich, bad good, dangerous safe, pessimistisch optimistisch, "
    "schlechter besser, weniger mehr, negativ positiv, dagegen dafür, peor mejor, menos más, "
    "oppose favor, oppose favour, liberal conservative, shallow deep, thin thick, narrow wide, "
    "dark bright, soft hard, rough smooth, quiet loud, simple complex, short long, young old, "
    "small large, small big, fewer more, cheap expensive, losing gaining, worsening improving, "
    "decreasing increasing, declining growing, declining rising, weakening strengthening, "
    "cooling warming, easy difficult, easy hard, introverted extroverted, "
    "不満 満足, 悪い 良い, contra favor, moins plus, négatif positif, negativo positivo, "
    "gorszy lepszy"
)
"""The lower and the upper end of scales whose middle is named by one of the following words."""
ADVERBS = ("ly", "lich", "mente", "ment")
MIDDLE = (
    "普通 どちらでもない neutral moderate centrist center centre same stable unchanged flat equal "
    "neither undecided "
    "unsure mixed middle medium average change gleich unverändert neutre égal igual "
    "neutralny uguale pareil"
)
DENYING = ("un", "dis", "in", "im", "ir", "non", "des", "mé", "méc", "mis", "nie", "on", "o", "不")
FILLING = frozenset({"no", "about", "the", "a", "an"})
"""Before a word in the middle, as in `about the same`."""


def ranks_of(words: Mapping[float, str]) -> dict[str, float]:
    return {word: rank for rank, each in words.items() for word in each.split()}


FAMILIES = tuple(ranks_of(words) for words in DEGREES.values())
MIDDLE_WORDS = frozenset(MIDDLE.split())
OPPOSITE_OF: dict[str, list[str]] = {}
for _pair in OPPOSITES.split(", "):
    OPPOSITE_OF.setdefault(_pair.split()[0], []).append(_pair.split()[1])
ENDS = frozenset(OPPOSITES.replace(",", "").split())
STRONG, WEAK = frozenset(STRONGER.split()), frozenset(WEAKER.split())
KNOWN = STRONG | WEAK | ENDS | MIDDLE_WORDS | {word for family in FAMILIES for word in family}


def degrees(phrases: Sequence[list[str]]) -> Iterator[Reader]:
    """Readers of the rank of a phrase that may fit these, each phrase given as its words."""
    yield from map(_degree_in, FAMILIES)
    last = {parts[-1] for parts in phrases if parts}
    for ranks in (*_opposites(last), *_mirrored(phrases)):
        yield _degree_in(ranks)


def _mirrored(phrases: Sequence[list[str]]) -> list[dict[str, float]]:
    """Two words that both come alone and with words of degree before them: the ends of a scale,
    whichever is the upper one.
    """
    found: dict[str, set[str]] = {}
    for *before, last in filter(None, phrases):
        if last not in MIDDLE_WORDS:
            found.setdefault(last, set()).add(" ".join(before))
    if len(found) != 2 or not all("" in each and len(each) > 1 for each in found.values()):
        return []
    low, high = found
    return [{low: -1.0, high: 1.0} | dict.fromkeys(MIDDLE_WORDS, 0.0)]


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
        *before, last = [part for part in parts if part not in FILLING] or parts or [""]
        if last not in family:
            return None
        found = family[last]
        for word in before:
            if word not in WEAK and word not in STRONG and not word.endswith(ADVERBS):
                return None
            found *= 0.5 if word in WEAK else 2 if word in STRONG else 3
        return found

    return rank
