"""Dates and times in a column of a table: which ways they are written, and numbers made of them.

The parts are made here and not by skrub's DatetimeEncoder: it counts seconds in float32, in which
the moments of one day become the same number, and has no parts of a time without a day.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from recipe.sources.plain_numbers import tidy

ISO = "iso"
"""What `datetime.fromisoformat` reads."""
DAYS = (
    "%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%d-%m-%Y",
    "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y",
    "%d/%b/%Y", "%d.%b.%Y", "%d %b %y", "%b %d %Y", "%b %d %y", "%Y %b %d", "%Y-%b-%d",
    "%d%b%Y", "%y/%m/%d", "%Y年%m月%d日", "%d %m %Y", "%m %d %Y", "%b-%d-%Y",
)  # fmt: skip
CLOCKS = ("%H:%M:%S", "%H:%M", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p", "%I %p", "%I%p", "%H.%M.%S")
MONTHS = ("%Y-%m", "%m/%Y", "%Y/%m", "%b %Y", "%b-%y", "%b-%Y", "%b %y", "%Y %b", "%m.%Y",
          "%Ym%m", "%b/%Y", "%Y-%b", "%b%y", "%b'%y")  # fmt: skip
COMPACT = ("%Y%m%d", "%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d %H%M%S", "%Y%m%d %H:%M:%S",
           "%Y%m%d %H:%M")  # fmt: skip
SPECIAL = ("quarter", "half", "week")
EPOCHS = {"seconds since 1970": 1.0, "milliseconds since 1970": 1000.0}
"""Taken where the name of a column speaks of time."""
FORMATS = (
    ISO, *DAYS, *(f"{day} {clock}" for day in DAYS for clock in CLOCKS), *MONTHS, *COMPACT,
    *SPECIAL, *CLOCKS, *(f"{day} %H.%M" for day in DAYS),
    "%b %d %H:%M:%S %Y", "%b %d %H:%M:%S %z %Y",
    "%d %b %Y %H:%M:%S %z",
    "%d/%b/%Y:%H:%M:%S", "%b %d", "%d %b",
)  # fmt: skip
"""Tried in this order; of two that fit, the first is taken unless only the other is in order."""
LETTERS = {
    "%d": "day", "%m": "month", "%b": "month", "%B": "month", "%Y": "year", "%y": "year",
    "%H": "hour", "%I": "hour", "%M": "minute", "%S": "second", "%p": "am or pm",
}  # fmt: skip
NAMES: Mapping[str, str] = {
    "jan": "january januar janvier janv enero ene gennaio gen janeiro januari jänner jän "
    "styczeń stycznia sty январь января янв leden ledna ocak oca tammikuu január "
    "ιανουάριος ιανουαρίου ιαν січня",
    "feb": "february februar février fevrier févr fév febrero febbraio fevereiro februari luty "
    "lutego lut февраль февраля фев únor února şubat şub helmikuu február φεβρουάριος "
    "φεβρουαρίου φεβ лютого",
    "mar": "march märz maerz mär mrz mars marzo março marco maart mrt marzec marca март марта "
    "мар březen března mart maaliskuu március μάρτιος μαρτίου μαρ березня",
    "apr": "april avril avr abril abr aprile kwiecień kwietnia kwi апрель апреля апр duben "
    "dubna nisan nis huhtikuu április απρίλιος απριλίου απρ квітня",
    "may": "mai mayo maggio maio mei mag maj maja май мая květen května mayıs toukokuu május "
    "μάιος μαΐου μαΐ травня",
    "jun": "june juni juin junio giugno junho giu czerwiec czerwca cze июнь июня июн červen "
    "června haziran haz kesäkuu június ιούνιος ιουνίου ιουν червня",
    "jul": "july juli juillet juil julio luglio julho lug lipiec lipca lip июль июля июл "
    "červenec července temmuz tem heinäkuu július ιούλιος ιουλίου ιουλ липня",
    "aug": "august août aout agosto augustus ago sierpień sierpnia sie август августа авг "
    "srpen srpna ağustos ağu elokuu augusztus αύγουστος αυγούστου αυγ серпня",
    "sep": "september sept septembre septiembre settembre setembro set wrzesień września wrz "
    "сентябрь сентября сен сент září eylül eyl syyskuu szeptember σεπτέμβριος "
    "σεπτεμβρίου σεπ вересня",
    "oct": "october oktober okt octobre octubre ottobre outubro out ott październik "
    "października paź октябрь октября окт říjen října ekim eki lokakuu október "
    "οκτώβριος οκτωβρίου οκτ жовтня",
    "nov": "november novembre noviembre novembro listopad listopada lis ноябрь ноября ноя нояб "
    "listopadu kasım kas marraskuu νοέμβριος νοεμβρίου νοε листопада",
    "dec": "december dezember dez décembre decembre déc diciembre dic dicembre dezembro "
    "grudzień grudnia gru декабрь декабря дек prosinec prosince aralık ara joulukuu "
    "δεκέμβριος δεκεμβρίου δεκ грудня desember",
}
"""Months by the names that they have in other languages."""
MONTH_OF = {word: short for short, words in NAMES.items() for word in (short, *words.split())}
WEEKDAYS = re.compile(
    r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?,?|"
    r"\b(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|mo|di|mi|do|fr|sa|"
    r"so|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\b[.,]?"
)
WORD = re.compile(r"[^\W\d_]+")
NOISE = re.compile(r"\b(?:uhr|at|um|of|de|del|the|à|utc|gmt|cet|cest|est|edt|pst|pdt)\b|[,()]")
MAY_BE_ONE = re.compile(r"\d.*(?:[-/.:年' ]|[^\W\d_]{3})|[^\W\d_]{3,}.*\d|\d{8}|\d{4}[mh]\d|"
                        r"\d\dh\d\d|q\d|\dq\d|h\d|kw",
                        re.IGNORECASE)  # fmt: skip
SPANS = {
    "quarter": (
        3,
        re.compile(r"q([1-4])[ /-]?'?(\d{4}|\d{2})|(\d{4})[ /-]?q([1-4])|([1-4])q'?(\d{4}|\d{2})"),
    ),
    "half": (6, re.compile(r"h([12])[ /-]?(\d{4})|(\d{4})[ /-]?h([12])|([12])h(\d{4})")),
}
"""Months that parts of a year last, and how these are written: part and year, year and part."""
WEEK = re.compile(r"(\d{4})[ /-]?(?:kw|w)[ /-]?(\d{1,2})|(?:kw|w)[ /-]?(\d{1,2})[ /-](\d{4})")
ONE_DIGIT = re.compile(r":\d(?!\d)")
"""As in 16:9, which is no time of day."""
YEARS = range(1500, 2262)
LEAST_SHARE = 0.95
"""Of the cells of a column of dates that are read; the others are odd ones."""
MOST_FORMATS = 4
MANY_TIMES = 10
DAY = 86400.0
Moment = dt.datetime
PARTS: Mapping[str, Callable[[Moment, Moment], float]] = {
    "year": lambda at, _: at.year,
    "month": lambda at, _: at.month,
    "day of week": lambda at, _: at.weekday(),
    "hour": lambda at, _: (
        (at - at.replace(hour=0, minute=0, second=0, microsecond=0)).seconds / 3600
    ),
    "days": lambda at, first: (at - first).total_seconds() / DAY,
}
"""Numbers that a moment becomes, from it and the first moment of the training rows."""
PERIODS: Mapping[str, tuple[float, int]] = {
    "month": (12.0, 2), "day of week": (7.0, 2), "hour": (24.0, 4),
}  # fmt: skip
"""After how much a part begins again, and how many waves in it are inputs beside its number, since
what an hour says is seldom a line.
"""
CYCLIC = ("month", "day of week", "hour")
"""Parts whose values come again later."""


@dataclass(frozen=True)
class Dates:
    """The dates or times of a column, as numbers."""

    first: str
    """The first one of the training rows, in ISO form."""
    parts: tuple[str, ...]
    """Those of PARTS that vary in the training rows."""

    @property
    def names(self) -> list[str]:
        """What each input is called behind the name of its column."""
        found = []
        for part in self.parts:
            found.append("days since the first" if part == "days" else part)
            waves = range(1, PERIODS[part][1] + 1) if part in PERIODS else ()
            found += [f"{part}, {side} {k}" for k in waves for side in ("sine", "cosine")]
        return found

    def expanded(self, moments: Sequence[Moment | None]) -> np.ndarray:
        """Their parts [rows, inputs] in float64, NaN where there is no moment."""
        first = dt.datetime.fromisoformat(self.first)
        found = []
        for part in self.parts:
            of = PARTS[part]
            values = np.array([np.nan if at is None else of(at, first) for at in moments])
            found.append(values)
            period, waves = PERIODS.get(part, (1.0, 0))
            for k in range(1, waves + 1):
                angle = 2 * np.pi * k * values / period
                found += [np.sin(angle), np.cos(angle)]
        return np.stack(found, axis=1).astype(np.float64)


@lru_cache(100_000)
def normal(cell: str) -> str:
    """A date in small letters, with English months, and without what says nothing."""
    text = tidy(cell).lower()
    if text.replace("-", "").replace(":", "").isdigit():
        return text
    text = WEEKDAYS.sub(" ", text)
    text = WORD.sub(lambda word: MONTH_OF.get(word[0], word[0]), text)
    text = re.sub(r"(?<=\d)(?:st|nd|rd|th|er|º|ª)\b", "", text)
    text = re.sub(r"(?<=[a-z])\.(?!\w)|(?<=\d)\.(?=\s)|(?<=:\d\d)[.,]\d+", "", text)
    text = re.sub(r"\b([ap])\.?\s?m\b\.?", r"\1m", text)
    text = re.sub(r"(?<=\d)\s?h\s?(?=\d\d\b)", ":", text)
    text = re.sub(r"(?<=\d)t(?=\d)", " ", text)
    return " ".join(NOISE.sub(" ", text).split()).strip(" .,")


def moment(cell: str, form: str) -> Moment | None:
    """What a cell says in this format, in UTC where it names a zone; None when it says nothing."""
    try:
        found = _read(cell, form)
    except ValueError:
        return None
    if found is not None and found.year < 100 and form == ISO:
        found = found.replace(year=2000 + found.year)  # as 0014-11-18, of a year of two digits
    if found is None or (found.year not in YEARS):
        return None
    return found if found.tzinfo is None else found.astimezone(dt.UTC).replace(tzinfo=None)


def _read(cell: str, form: str) -> Moment | None:
    if form == ISO:
        text = tidy(cell)
        return None if text.isdigit() else dt.datetime.fromisoformat(text)
    text = normal(cell)
    if form == "%H%M" and len(text) != 4:
        return None
    if form in SPANS:
        return _part_of_a_year(text, *SPANS[form])
    if form == "week":
        found = WEEK.fullmatch(text)
        return found and dt.datetime.fromisocalendar(
            int(found[1] or found[4]), int(found[2] or found[3]), 1
        )
    if ONE_DIGIT.search(text):
        return None
    if form.startswith("%Y%m%d") and not text[:8].isdigit():
        return None
    if form in {"%b %d", "%d %b"}:  # without a year, the 29th of February has to be one
        return dt.datetime.strptime(f"2000 {text}", f"%Y {form}")  # noqa: DTZ007
    if form == "%H.%M.%S" and len(text) < 8:  # a version such as 2.0.1
        return None
    if form in EPOCHS:
        value = int(text) / EPOCHS[form]
        return dt.datetime.fromtimestamp(value, dt.UTC)
    return dt.datetime.strptime(text, form)  # noqa: DTZ007


def _part_of_a_year(text: str, months: int, written: re.Pattern[str]) -> Moment | None:
    """The first day of a quarter or half."""
    found = written.fullmatch(text)
    if found is None:
        return None
    part, year = found[1] or found[4] or found[5], found[2] or found[3] or found[6]
    whole = int(year) if len(year) == 4 else 2000 + int(year)
    return dt.datetime(whole, months * (int(part) - 1) + 1, 1)  # noqa: DTZ001


def read_any(cell: str, formats: Iterable[str]) -> Moment | None:
    """What a cell says in the first of these formats that fits."""
    return next((at for form in formats if (at := moment(cell, form))), None)


def date_formats(cells: Mapping[str, int] | Sequence[str]) -> tuple[tuple[str, ...], str | None] | None:  # fmt: skip # noqa: E501
    """How the dates of a column are written, the most usual way first, and how they may be meant as
    well where day and month cannot be told apart; None where it holds no dates.

    Args:
        cells: those with a value, in the order of the rows; or how often each is there.

    """
    counts = cells if isinstance(cells, Mapping) else dict.fromkeys(cells, 1)
    total, rest = sum(counts.values()), dict(counts)
    likely = sum(count for cell, count in counts.items() if MAY_BE_ONE.search(cell))
    if not total or likely < LEAST_SHARE * total:
        return None
    formats: list[str] = []
    other = None
    while rest and len(formats) < MOST_FORMATS:
        best, doubt = _best_format(rest)
        if best is None:
            break
        other = other or doubt
        formats.append(best)
        rest = {cell: count for cell, count in rest.items() if moment(cell, best) is None}
        if sum(rest.values()) <= (1 - LEAST_SHARE) * total / 5:
            break
    if total - sum(rest.values()) < LEAST_SHARE * total:
        return None
    return tuple(formats), other


def _best_format(cells: Mapping[str, int]) -> tuple[str | None, str | None]:
    """The format that most cells have, and another one that all of these may have as well."""
    few = list(cells)[:: max(1, len(cells) // 20)]
    tried = [form for form in FORMATS if any(moment(cell, form) for cell in few)]
    read = {form: [c for c in cells if moment(c, form)] for form in tried}
    share = {form: sum(cells[cell] for cell in found) for form, found in read.items()}
    if not share:
        return None, None
    most = max(share.values())
    fits = [form for form in tried if share[form] == most]
    ordered = [form for form in fits if _in_order(read[form], form)]
    if len(ordered) == 1:
        return ordered[0], None
    other = next((form for form in fits[1:] if _days(form) != _days(fits[0])), None)
    return fits[0], other if other in (*DAYS, *FORMATS) and _unlike(fits[0], other) else None


def _unlike(form: str, other: str | None) -> bool:
    """Whether two formats differ in what is day and what is month."""
    letters = [[c for c in each.replace(ISO, "%Y%m%d") if c in "dmyYb"] for each in (form, other or form)]  # fmt: skip # noqa: E501
    return letters[0] != letters[1]


def _in_order(cells: Sequence[str], form: str) -> bool:
    """Whether the rows stand in the order of time, one way or the other."""
    found = [at for cell in cells if (at := moment(cell, form))]
    return all(a <= b for a, b in pairwise(found)) or all(a >= b for a, b in pairwise(found))


def _days(form: str) -> str:
    return form.partition(" %H")[0].partition(" %I")[0]


def described(form: str) -> str:
    """A format in words, as in day/month/year."""
    if form == ISO:
        return "year-month-day"
    for letter, word in LETTERS.items():
        form = form.replace(letter, word)
    return form


def only_clock(formats: Iterable[str]) -> bool:
    """Whether these are times without a day."""
    return all(form in CLOCKS or form == "%H%M" for form in formats)


def like_durations(cells: Iterable[str]) -> bool:
    """Whether times have an hour of one digit in all cells, as 2:35:17, of which some of a day's
    clock would be after ten; or fractions of a second and no hours, as 4:23.1.
    """
    timed = [cell for cell in cells if any(map(str.isdigit, cell))]
    return len(timed) >= MANY_TIMES and any(
        all(re.fullmatch(form, cell) for cell in timed)
        for form in (r"\d:\d\d:\d\d", r"\d{1,3}:\d\d[.,]\d+", r"\d\s?h\s?\d\d")
    )


def dates_of(found: Sequence[Moment], formats: Sequence[str]) -> Dates | None:
    """What the moments of the training rows say; None where all of them are the same."""
    if not found:
        return None
    first = min(found)
    parts = [part for part, value in PARTS.items() if len({value(at, first) for at in found}) > 1]
    if only_clock(formats) and "days" in parts:
        parts.remove("days")  # the hour says it
    if {"year", "days"} <= set(parts):
        parts.remove("year")  # the days say it
    return Dates(first.isoformat(), tuple(parts)) if parts else None
