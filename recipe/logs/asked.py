"""What the user says of columns: `train_loss=COLUMN,val_loss=COLUMN`, with names of any kind."""

from collections.abc import Iterable

from recipe.core.errors import UsageError
from recipe.logs.column_names import CURVES


def named_columns(given: Iterable[str]) -> dict[str, str]:
    """Curve -> column. A comma within a name is quoted (`"train_loss=loss, mean"`), escaped with a
    backslash, or harmless where what follows it names no curve.

    Raises:
        UsageError: a part names no curve or no column.

    """
    found: dict[str, str] = {}
    for text in given:
        for pair in _pairs(text):
            curve, equals, column = pair.partition("=")
            curve, column = curve.strip(), _bare(column)
            if not equals or not column:
                raise UsageError(
                    f"--columns {pair}: write CURVE=COLUMN, where CURVE is one of "
                    f"{', '.join(CURVES)}."
                )
            if curve not in CURVES:
                raise UsageError(f"--columns {pair}: curves are {', '.join(CURVES)}.")
            found[curve] = column
    return found


def _bare(column: str) -> str:
    text = column.strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text


def _pairs(text: str) -> list[str]:
    """The pairs that commas divide; one that does not begin with a curve belongs to the last."""
    pairs: list[str] = []
    for part in _parts(text):
        curve, equals, _ = part.partition("=")
        begins = equals and curve.strip().isidentifier()
        if begins or not pairs:
            pairs.append(part)
        else:
            pairs[-1] += f",{part}"
    return pairs


def _parts(text: str) -> list[str]:
    """What commas outside of quotes divide; a quote around a whole part, and backslashes, go."""
    parts, quote, escaped = [""], "", False
    for letter in text:
        if escaped or (letter not in "\\\"'," and not quote):
            parts[-1] += letter
            escaped = False
        elif letter == "\\":
            escaped = True
        elif quote:
            quote = "" if letter == quote else quote
            parts[-1] += letter
        elif letter == ",":
            parts.append("")
        else:
            quote = letter
            parts[-1] += letter
    return [_bare(part) if part.strip()[:1] in ("'", '"') else part for part in parts]
