"""Names and messages of other people as text that does nothing but be read.

A terminal obeys escape codes, a log of CI obeys lines that begin with `::` or `##`, and a reader
believes what stands on a line of its own: names of files, columns and classes may hold all of it.
"""

import re
from collections.abc import Iterable

_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but for tabs and ends of lines
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # which turn the order of letters round
    "\u2028\u2029\ufeff"  # ends of lines and marks of bytes
    "\ud800-\udfff]"  # bytes of file names that are no UTF-8
)
_COMMAND = re.compile(r"^(\s*)(?=::|##)")
"""The beginning of a workflow command of GitHub, or of a logging command of Azure."""


def visible(text: object) -> str:
    """Text in which control characters are written as in Python's source; ends of lines and tabs
    stay.
    """
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], str(text))


def in_one_line(text: object) -> str:
    """The same without ends of lines."""
    return visible(" ".join(str(text).split()))


def shown(lines: Iterable[object]) -> list[str]:
    """Lines for a terminal or a log: each stays one line, and none is a command of CI."""
    return [_COMMAND.sub(r"\1\\", visible(str(line).replace("\r", " ").replace("\n", " ")))
            for line in lines]  # fmt: skip
