"""How the report writes names, numbers and times, and keeps them from breaking its Markdown."""

import re

from recipe.results import Scalar

MISSING = "—"


def humanise(name: str) -> str:
    """A name of the code as a reader says it: `train_loss` is "train loss"."""
    return " ".join(name.replace("_", " ").split())


def show(value: Scalar) -> str:
    """A value to four significant digits; what was not measured, or not finite, as a dash."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def duration(seconds: float) -> str:
    """Seconds, minutes or hours: "8.2 s", "1 min 33 s", "2 h 05 min"."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def count(amount: int, noun: str) -> str:
    """An amount with its noun: "1 trial", "3 trials"."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"


def prose(text: str) -> str:
    """Text on one line, where `<` opens no HTML tag; code spans keep theirs."""
    line = " ".join(str(text).split())
    return re.sub(r"`[^`]*`|<", lambda m: "&lt;" if m[0] == "<" else m[0], line)


def cell(text: str) -> str:
    """`prose` for a table, where a pipe would end the cell."""
    return prose(text).replace("|", "\\|")


def sentence(text: str) -> str:
    """`prose` that ends with a full stop, so that another sentence can follow."""
    line = prose(text)
    return line if not line or line[-1] in ".!?:" else f"{line}."
