"""Names in messages: the nearest known name beside the unknown one."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like this one, small and capital letters being the same; None
    when none does.
    """
    plain = {each.lower(): each for each in sorted(known)}
    found = get_close_matches(name.lower(), list(plain), n=1, cutoff=0.5)
    return plain[found[0]] if found else None


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """One sentence that says which `kind` of name is unknown and what is nearest to it."""
    names = sorted(known)
    near = nearest(name, names)
    hint = f"did you mean {near!r}?" if near else f"known are: {', '.join(names)}."
    return f"Unknown {kind} {name!r}: {hint}"
