"""What a person may choose after a step that found something."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from recipe.core.findings import Finding
from recipe.core.results import StepResult
from recipe.engine.decisions import repairable
from recipe.ui.questions import Asker, Item

Action = Literal["mend", "go on", "explain", "plot", "again", "change", "stop"]


@dataclass(frozen=True)
class Choice:
    """One of the choices, and the rule that it is about."""

    action: Action
    rule: str = ""


@dataclass(frozen=True)
class StepMenu:
    """The choices that there are here."""

    asker: Asker
    explain: Callable[[str], None]
    """Shows what there is to say about a rule."""
    plot: Callable[[StepResult], None]
    """Shows what the step measured."""
    may_repair: Callable[[StepResult], bool] = lambda _: True
    """Whether a remedy can be applied after this step and the run go on from there."""
    again: str = ""
    """What is read anew when the step runs again; empty where that is not possible."""
    change: bool = False
    """Whether there are answers to change."""

    def decide(self, result: StepResult) -> Choice:
        """Ask until the choice is one that leaves the step."""
        items = self.items(result)
        while True:
            chosen: Choice = self.asker.choose(
                f"{result.title}: what now?", items, items[0].value, back=False
            )
            if chosen.action == "explain":
                self.explain(chosen.rule)
            elif chosen.action == "plot":
                self.plot(result)
            else:
                return chosen

    def items(self, result: StepResult) -> list[Item]:
        """The choices; the first one is what most people want here."""
        failed = result.status in ("fail", "error")
        causes = open_causes(result)
        stop = Item("stop here, with the report", Choice("stop"))
        on = Item("go on all the same" if failed else "go on", Choice("go on"))
        mends = [
            Item(f"fix it and go on: {f.remedy.name} ({f.rule})", Choice("mend", f.rule))
            for f in causes
            if f.rule in repairable(result) and f.remedy and self.may_repair(result)
        ]  # fmt: skip
        explanations = [Item(f"explain {f.rule}", Choice("explain", f.rule)) for f in causes]
        plot = [Item("look at the plots", Choice("plot"))] if result.figures else []
        anew = Item(f"run it again ({self.again} is read again)", Choice("again"))
        more = [anew] if self.again else []
        change = [Item("change an answer", Choice("change"))] if self.change else []
        ways = [] if any(f.blocks for f in causes) else [on]
        first = [*mends, stop, *ways] if failed else [*mends, *ways, stop]
        return [*first, *explanations, *plot, *more, *change]


def open_causes(result: StepResult) -> list[Finding]:
    """Findings that count, are nobody's consequence, and are not repaired."""
    return [
        f for f in result.findings
        if f.counts and f.because is None and not (f.remedy and f.remedy.applied)
    ]  # fmt: skip
