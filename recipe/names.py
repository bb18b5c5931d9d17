"""Names in messages: the nearest known name beside the unknown one."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like this one; None when none does."""
    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=0.5)), None)


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """One sentence that says which `kind` of name is unknown and what is nearest to it."""
    names = sorted(known)
    near = nearest(name, names)
    hint = f"did you mean {near!r}?" if near else f"known are: {', '.join(names)}."
    return f"Unknown {kind} {name!r}: {hint}"
