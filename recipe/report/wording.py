"""How the report writes names, numbers and times, and keeps them from breaking its Markdown."""

import re
from collections.abc import Iterable

from recipe.core.evidence import Scalar
from recipe.core.plain_text import in_one_line

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


def duration(seconds: float, places: int = 1) -> str:
    """Seconds, minutes or hours: "8.2 s", "1 min 03 s", "2 h 05 min"; `places` of short times."""
    if round(seconds, places) < 60:
        return f"{seconds:.{places}f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def count(amount: int, noun: str) -> str:
    """An amount with its noun: "1 trial", "3 trials"."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"


def prose(text: str) -> str:
    """Text on one line, of whose characters none is Markdown or HTML; code spans keep theirs."""
    line = in_one_line(text)
    return _BEGINNING.sub(r"\1\\\2", _MARKS.sub(_escaped, line))


_MARKS = re.compile(
    r"""
    (?P<code>(?<!`)`(?!`)[^`]+`(?!`))    # as the rules write it, between single backticks
    | [<`~]                              # tags, code without an end, strikethrough
    | &(?=\#?\w+;)                       # what would be read as an entity
    | \\(?=[!-/:-@[-`{-~]|$)             # what would escape the next character
    | (?<=\])[(\[]                       # the target of a link or an image
    | \*(?!\s) | (?<=\S)\*              # emphasis; a star between spaces is none
    | (?<![^\W_])_ | _(?![^\W_])         # as above; within a word it is none either
    """,
    re.VERBOSE,
)
_BEGINNING = re.compile(
    r"^(\d{0,9})([-+*](?=\s|$|--)|\#(?=[\s\#]|$)|=(?==|$)|>|\[(?=[^\]]*\]:)|[.)](?=\s|$))"
)
"""What would begin a list, a heading, a rule, a quotation or a definition."""


def _escaped(mark: re.Match[str]) -> str:
    if mark["code"]:
        return mark["code"]
    entity = {"<": "&lt;", "&": "&amp;"}
    return entity.get(mark[0], f"\\{mark[0]}")


def code(text: str) -> str:
    """A name as a code span; a backtick in it would end the span."""
    return f"`{in_one_line(text).replace('`', chr(39)) or ' '}`"


def cell(text: str) -> str:
    """`prose` for a table, where a pipe would end the cell."""
    return prose(text).replace("|", "\\|")


def shortened(text: str, most: int) -> str:
    """Text of at most `most` characters, cut between words, with an ellipsis for the rest."""
    line = in_one_line(text)
    if len(line) <= most:
        return line
    cut = line[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:.(")
    # Half a code span would open one that never ends.
    return f"{cut.rpartition('`')[0].rstrip() if cut.count('`') % 2 else cut}…"


def sentence(text: str) -> str:
    """`prose` that ends with a full stop, so that another sentence can follow."""
    line = prose(text)
    if not line or line[-1] in ".!?:":
        return line
    return f"{line}\\." if line.isdigit() else f"{line}."  # a bare "1." would begin a list


def anchors(headings: Iterable[str]) -> list[str]:
    """Where links to headings lead, as GitHub names the places."""
    taken: dict[str, int] = {}
    places = []
    for heading in headings:
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = taken[slug] = taken.get(slug, -1) + 1
        places.append(f"{slug}-{number}" if number else slug)
    return places
