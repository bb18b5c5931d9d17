"""What the name of a column says about it, where its cells leave a doubt."""

import re
from collections.abc import Collection

from recipe.sources.scales import RATED_NAMES

IDS = frozenset({
    "id", "ids", "nbr", "bib", "startnummer", "uid", "uuid", "guid", "pk", "key", "nr", "no",
    "nummer", "kennung", "isbn", "issn", "ean", "upc", "sku", "barcode", "ssn", "vin", "serial",
    "index", "idx", "rownum", "rowid", "imei", "iban", "konto", "kontonummer", "kundennummer",
    "kundennr", "matrikelnummer", "matrikel", "identifier", "passengerid", "customerid",
    "recordid", "objectid", "fid", "gid", "oid", "sid", "tid", "bestellnummer",
    "rechnungsnummer", "personalnummer", "artikelnummer", "auftragsnummer", "lfdnr",
    "identifiant", "numéro", "numero", "accountnumber", "unnamed", "rn", "url", "uri", "email",
    "mail", "handle", "username", "login", "token", "hash", "doi", "ip", "mac",
})  # fmt: skip
"""Words in the name of a column that names its rows."""
OTHER_RATING = re.compile(r"[ea]rating")
"""As in operating."""
COUNTING = frozenset({"no", "nr", "nbr", "num", "number", "numero", "numéro", "nummer"})
NUMBERED = frozenset({
    "number", "num", "code", "account", "invoice", "ticket", "ref", "reference", "order",
})  # fmt: skip
"""Words that do so at the end of a name of several words."""
PHONES = frozenset({
    "phone", "telephone", "tel", "telefon", "mobile", "mobil", "fax", "handy", "cell",
    "phonenumber", "telefonnummer", "téléphone", "mobilnummer",
})  # fmt: skip
CODES = frozenset({
    "code", "cd", "zip", "zipcode", "postcode", "postal", "postleitzahl", "plz", "type", "typ",
    "zone", "region", "cluster", "category", "kategorie", "subclass", "sector", "district",
    "route", "channel", "department", "dept", "fips", "naics", "sic", "icd", "mssubclass",
    "fylke", "kreis", "ward", "county", "wkz", "département", "departement", "canton", "kanton",
    "land", "bundesland", "province", "ags", "area_code", "branch", "kanal", "gruppe",
})  # fmt: skip
AMOUNTS = frozenset({
    "feet", "foot", "ft", "sqft", "sqm", "acres", "area", "size", "price", "cost", "costs", "value",
    "count", "total", "amount", "income", "population", "length", "width", "height", "weight",
    "distance", "duration", "rate", "ratio", "share", "percent", "pct", "score", "age", "years",
    "days", "hours", "minutes", "km", "kg", "sales", "revenue", "density",
})  # fmt: skip
"""Words at the end of a name of what is counted or measured."""
ROWS = frozenset({"row", "record", "item", "line", "entry", "data"})
"""Words before `index` where it names the rows."""
TIMES = frozenset({
    "time", "timestamp", "ts", "epoch", "unix", "date", "datetime", "created", "updated",
    "modified", "at", "when", "zeit", "datum", "zeitstempel",
})  # fmt: skip
DURATIONS = frozenset({
    "duration", "elapsed", "runtime", "length", "dauer", "laufzeit", "took", "lap", "split",
    "delay", "durée", "wait", "waiting", "response", "spent", "fahrzeit", "playtime", "playing",
    "netto", "brutto", "pace",
})  # fmt: skip
YEARS = frozenset({
    "year", "yr", "jahr", "année", "annee", "year_built", "baujahr", "año", "x", "t", "time",
    "day", "month", "week", "step", "epoch", "age",
})  # fmt: skip


def words_of_name(name: str) -> list[str]:
    """The words of a name, parted at signs and at capitals, in small letters."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [word.casefold() for word in re.findall(r"[^\W_]+", parted)]


def _has(name: str, words: Collection[str]) -> bool:
    found = words_of_name(name)
    return any(word in words for word in (*found, "".join(found)))


def is_id_name(name: str) -> bool:
    """Whether the name is that of a number or word which names the row."""
    words = words_of_name(name)
    if re.fullmatch(r"column \d+", name) or re.fullmatch(r"Unnamed: \d+", name):
        return True
    if "of" in words:
        return False
    if words and name.rstrip().endswith("#"):
        return True
    if len(words) > 1 and words[-1] in {"index", "idx"} and words[-2] not in ROWS:
        return False  # as the index of body mass
    last = {words[-1], words[0]} if words else set()
    return bool(last & IDS) or "".join(words) in IDS or _ends(words)


def _ends(words: list[str]) -> bool:
    return len(words) > 1 and words[-1] in NUMBERED


def is_counting_name(name: str) -> bool:
    """Whether it is only a word such as `no` that makes the name one of an id: that may be how many
    there are as well.
    """
    words = words_of_name(name)
    return bool({*words} & COUNTING) and not {*words} & (IDS - COUNTING)


def is_phone_name(name: str) -> bool:
    """Whether the name is that of numbers to call."""
    return _has(name, PHONES)


def is_code_name(name: str) -> bool:
    """Whether the name is that of numbers which stand for kinds or places; land square feet are
    amounts.
    """
    words = words_of_name(name)
    return _has(name, CODES) and not (words and words[-1] in AMOUNTS)


def is_time_name(name: str) -> bool:
    """Whether the name speaks of a moment."""
    return _has(name, TIMES)


def is_duration_name(name: str) -> bool:
    """Whether the name speaks of how long something took."""
    return _has(name, DURATIONS)


def is_year_name(name: str) -> bool:
    """Whether the name is that of a year, or of steps in time, which may rise by one per row."""
    return _has(name, YEARS)


def is_rated_name(name: str) -> bool:
    """Whether the name speaks of a rating or of a question in a survey."""
    lower = name.casefold()
    lower = OTHER_RATING.sub("", lower)
    return any(hint in lower for hint in RATED_NAMES) or bool(re.fullmatch(r"q_?\d+\w?", lower))
