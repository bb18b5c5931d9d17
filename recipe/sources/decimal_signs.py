"""What stands between whole and part in the numbers of a column: a point or a comma."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

GROUPED = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")


def votes(cores: Iterable[str]) -> Counter[str]:
    """How many numbers can only be meant with a decimal point, or only with a comma; those that
    may be thousands as well count under `?.` and `?,`.
    """
    counted: Counter[str] = Counter()
    for core in cores:
        body = core.lower().partition("e")[0]
        points, commas = body.count("."), body.count(",")
        if points and commas:
            counted["." if body.rfind(".") > body.rfind(",") else ","] += 1
        elif points + commas > 1:
            counted["," if points else "."] += 1
        elif points or commas:
            sign = "." if points else ","
            counted[f"?{sign}" if GROUPED.fullmatch(body) else sign] += 1
    return counted


def decimal_of(cores: Mapping[str, int], default: str, *, money: bool = False) -> str:
    """The decimal sign of a column: what its numbers can only be meant with, else what those of the
    table have. `1.234` is taken for thousands where numbers below 1000 have no point at all, and
    where it is money, of which nobody writes thousandths.
    """
    found = votes(cores)
    if found["."] != found[","]:
        return "." if found["."] > found[","] else ","
    if money and bool(found["?."]) != bool(found["?,"]):
        return "," if found["?."] else "."
    if found["?,"] and not found["?."]:
        return "," if default == "," else "."
    plain = [core for core in cores if core.isdigit()]
    small = len(plain) > 1 and all(len(core) <= 3 for core in plain)
    if found["?."] > 2 and not found["?,"] and small:
        return ","
    return default
