"""What a reader is told of a rule, in the terminal and on the page of all rules."""

from collections.abc import Sequence

from recipe.core.evidence import Curve, Evidence
from recipe.plugin.rules import Rule
from recipe.report.wording import count, show

FIRST, LAST = 3, 2
"""Points of a curve that are shown."""
BLOCKS = "Nothing runs until it is fixed (exit code 2)."
CONSEQUENCES = "Where these are found too, they are consequences of it:"


def parts(rule: Rule) -> list[tuple[str, tuple[str, ...]]]:
    """The parts of a rule's documentation: a heading, and its paragraphs."""
    said = [("What", rule.what), ("Why", rule.why), ("Fix", rule.fix), ("Remedy", remedy(rule))]
    return [(head, tuple(map(opened, text.split("\n\n")))) for head, text in said]


def opened(text: str) -> str:
    """Text that begins with a capital, unless it begins with code or a name."""
    first = text.split(None, 1)[0].rstrip(",;:") if text.strip() else ""
    word = first.replace("-", "").isalpha() and first.islower()
    return text[0].upper() + text[1:] if word else text


def remedy(rule: Rule) -> str:
    """Whether a program can repair what the rule finds."""
    if rule.remedy is None:
        return "none that a program can apply, so the advice is not put to the test."
    proof = "It is applied, and training again shows whether it helps"
    if not rule.exact:
        proof += "; where it does not, the finding becomes a note"
    return f"{rule.remedy.name}. {proof}."


def measured(evidence: Evidence) -> list[tuple[str, str]]:
    """Scalars and shortened curves, by name."""
    scalars = [(n, " ".join(show(value).split())) for n, value in evidence.scalars.items()]
    return scalars + [(name, points(values)) for name, values in evidence.curves.items()]


def points(curve: Curve) -> str:
    """The first and the last few values of a curve."""
    if len(curve) <= FIRST + LAST + 1:
        return _joined(curve)
    first, last = _joined(curve[:FIRST]), _joined(curve[-LAST:])
    return f"{first}, ..., {last} ({count(len(curve), 'value')})"


def _joined(values: Sequence[float | None]) -> str:
    return ", ".join("missing" if value is None else show(value) for value in values)
