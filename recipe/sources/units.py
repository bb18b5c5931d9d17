"""Units of measure, what scales a number, and signs of currencies."""

from collections.abc import Mapping

CURRENCY = (
    r"(?:us ?|a|c|r|nz|hk|s)?\$|€|£|¥|₹|₽|₩|₺|₫|₴|฿|usd|eur|euros?|gbp|chf|jpy|inr|cad|aud|cny|rmb|"
    r"sek|nok|dkk|pln|czk|huf|brl|mxn|zar|rub|krw|rs|fr|kr|zł|kč|ft\.|руб|元|円|원|dollars?|pounds?"
)
"""What may stand before or behind an amount, as part of a regular expression."""
ALIKE: Mapping[str, str] = {
    "usd": "$", "us$": "$", "dollar": "$", "dollars": "$", "eur": "€", "euro": "€", "euros": "€",
    "gbp": "£", "pound": "£", "pounds": "£", "inr": "₹", "rs": "₹", "rub": "₽", "руб": "₽",
    "krw": "₩", "원": "₩", "jpy": "¥", "円": "¥", "cny": "元", "rmb": "元", "pln": "zł", "zł": "zł",
    "czk": "kč", "kč": "kč", "aud": "A$", "a$": "A$", "cad": "C$", "c$": "C$", "brl": "R$",
    "r$": "R$", "kr": "kr", "sek": "kr", "nok": "kr", "dkk": "kr", "fr": "CHF", "ft": "HUF",
}  # fmt: skip
"""Signs and names of currencies, in small letters, and what is shown for those that are the same;
kr may be any of three."""
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
FAMILIES: Mapping[str, Mapping[str, float]] = {
    "mass": {
        "mg": 1e-6, "g": 1e-3, "gr": 1e-3, "gram": 1e-3, "grams": 1e-3, "kg": 1.0, "kgs": 1.0,
        "kilo": 1.0, "kilos": 1.0, "kilograms": 1.0, "t": 1e3, "tons": 1e3, "tonnes": 1e3,
        "lb": 0.45359237, "lbs": 0.45359237, "pound": 0.45359237, "pounds": 0.45359237,
        "oz": 0.028349523125, "st": 6.35029318,
    },
    "length": {
        "mm": 1e-3, "cm": 1e-2, "dm": 0.1, "m": 1.0, "meter": 1.0, "meters": 1.0, "metres": 1.0,
        "km": 1e3, "in": 0.0254, "inch": 0.0254, "inches": 0.0254, '"': 0.0254, "''": 0.0254,
        "ft": 0.3048, "feet": 0.3048, "foot": 0.3048, "'": 0.3048, "yd": 0.9144, "yards": 0.9144,
        "mi": 1609.344, "mile": 1609.344, "miles": 1609.344,
    },
    "time": {
        "ms": 1e-3, "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0, "sek": 1.0,
        "m": MINUTE, "min": MINUTE, "mins": MINUTE, "minute": MINUTE, "minutes": MINUTE,
        "minuten": MINUTE, "h": HOUR, "hr": HOUR, "hrs": HOUR, "hour": HOUR, "hours": HOUR,
        "std": HOUR, "stunde": HOUR, "stunden": HOUR, "d": DAY, "day": DAY, "days": DAY,
        "tag": DAY, "tage": DAY, "w": 7 * DAY, "week": 7 * DAY, "weeks": 7 * DAY,
        "wochen": 7 * DAY, "mo": 30.4375 * DAY, "mon": 30.4375 * DAY, "month": 30.4375 * DAY,
        "months": 30.4375 * DAY, "mths": 30.4375 * DAY, "monate": 30.4375 * DAY,
        "mos": 30.4375 * DAY, "wk": 7 * DAY, "wks": 7 * DAY,
        "y": 365.25 * DAY, "yr": 365.25 * DAY, "yrs": 365.25 * DAY, "year": 365.25 * DAY,
        "years": 365.25 * DAY, "jahr": 365.25 * DAY, "jahre": 365.25 * DAY,
    },
    "bytes": {"b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12},
    "volume": {"ml": 1e-3, "cl": 1e-2, "dl": 0.1, "l": 1.0, "liter": 1.0, "liters": 1.0,
               "litre": 1.0, "litres": 1.0},
}  # fmt: skip
"""Units by what they measure, each in a base unit: kg, m, s, byte, litre."""
SCALES: Mapping[str, float] = {
    "k": 1e3, "thousand": 1e3, "tsd": 1e3, "m": 1e6, "M": 1e6, "mn": 1e6, "mm": 1e6, "mio": 1e6,
    "mill": 1e6, "million": 1e6, "millionen": 1e6, "millions": 1e6, "b": 1e9, "bn": 1e9,
    "mrd": 1e9, "billion": 1e9, "lakh": 1e5, "lakhs": 1e5, "lac": 1e5, "crore": 1e7, "cr": 1e7,
}  # fmt: skip
"""Words behind a number that multiply it; `m` alone may be metres too."""


def family_of(unit: str) -> str:
    """What a unit measures; empty where that is not known."""
    return next((name for name, units in FAMILIES.items() if unit in units), "")
