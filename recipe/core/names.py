"""Names in messages: the nearest known name beside the unknown one."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from recipe.core.errors import UsageError


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


def checked_names(what: str, names: Any) -> tuple[str, ...]:
    """A list of names that all differ, as a tuple; empty for None.

    Raises:
        UsageError: it is anything else.

    """
    found = () if names is None else names
    listed = isinstance(found, list | tuple) and all(isinstance(name, str) for name in found)
    if not listed or len(set(found)) < len(found):
        raise UsageError(f"{what} got {names!r}: pass a list of names that all differ.")
    return tuple(found)
