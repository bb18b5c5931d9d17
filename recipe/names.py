"""Names in messages: the nearest known name beside the unknown one."""

from collections.abc import Iterable
from difflib import get_close_matches


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """One sentence that says which `kind` of name is unknown and what is nearest to it."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(names)}."
    return f"Unknown {kind} {name!r}: {hint}"
