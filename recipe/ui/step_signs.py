"""All steps of a run: which are done, and how, which one runs, which are to come."""

from collections.abc import Sequence

from rich.text import Text

from recipe.core.results import StepResult

STYLES = {"pass": "green", "warn": "yellow", "fail": "red", "error": "red", "skip": "dim"}
SIGNS = (
    {"pass": "✓", "warn": "!", "fail": "✗", "error": "✗", "skip": "○"},
    {"pass": "ok", "warn": "!", "fail": "x", "error": "x", "skip": "-"},
)
"""With Unicode and without."""
TO_COME = "·", "."
SPINS = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\"
"""What turns while a step runs: a sign of life that needs no news."""
MOST_FOUND = 3


class StepSigns:
    """What is known of the steps of a run."""

    def __init__(self, *, unicode: bool) -> None:
        """`unicode`: whether signs beyond ASCII can be shown."""
        self.signs = SIGNS[0 if unicode else 1]
        self.to_come = TO_COME[0 if unicode else 1]
        self.titles: dict[str, str] = {}
        self.status: dict[str, str] = {}
        self.running = ""
        self.found: dict[str, list[str]] = {}

    def begin(self, steps: Sequence[tuple[str, str]]) -> None:
        """A run with these steps."""
        self.titles, self.status, self.found = dict(steps), {}, {}

    def started(self, name: str) -> None:
        """A step runs, maybe for another time."""
        self.running = name
        self.status.pop(name, None)

    def finished(self, result: StepResult) -> None:
        """A step ended."""
        self.running = ""
        self.status[result.name] = result.status
        counted = [f.rule for f in result.findings if f.counts and f.because is None]
        self.found[result.name] = counted

    def lines(self, width: int, turn: str) -> list[Text]:
        """The steps, in as many lines as it takes at this width; `turn` marks the one that runs."""
        lines: list[Text] = []
        for name, title in self.titles.items():
            sign, style = self._sign(name, turn)
            part = Text.assemble((f"{sign} {title}", style))
            part.truncate(width, overflow="crop")
            if lines and lines[-1].cell_len + 3 + part.cell_len <= width:
                lines[-1] = Text.assemble(lines[-1], "   ", part)
            else:
                lines.append(part)
        return lines

    def _sign(self, name: str, turn: str) -> tuple[str, str]:
        if name == self.running:
            return turn, "bold"
        status = self.status.get(name)
        return (self.to_come, "dim") if status is None else (self.signs[status], STYLES[status])

    def findings(self) -> str:
        """What was found so far, by name; empty where nothing was."""
        rules = list(dict.fromkeys(rule for found in self.found.values() for rule in found))
        more = f" and {len(rules) - MOST_FOUND} more" if len(rules) > MOST_FOUND else ""
        return f"found: {', '.join(rules[:MOST_FOUND])}{more}" if rules else ""
