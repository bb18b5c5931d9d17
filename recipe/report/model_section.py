"""The model that a run chose, in words."""

from recipe.core.chosen_model import Chosen
from recipe.core.results import RunResult
from recipe.report.wording import count, show

NAMES = {
    "single": "the best training alone",
    "averaged": "the running average of the weights of one training",
    "snapshots": "snapshots of one training together",
    "ensemble": "several trainings together",
}


def about_model(result: RunResult) -> list[str]:
    """Which model was chosen, where it is not simply the best one, and how good it is on the test
    data, in sentences.
    """
    chosen = result.chosen
    if chosen is None:
        return []
    what = f"The model to use is {NAMES[chosen.kind]}{_members(chosen)}"
    said = [] if chosen.kind == "single" else [f"{what} (validation {show(chosen.val_score)})."]
    test = chosen.test
    if test is None or test.score is None:
        return said
    items = count(test.items, "test item")
    return [*said, f"On {items} it scores **{show(test.score)}**{_interval(chosen)}."]


def model_lines(result: RunResult) -> list[str]:
    """The same for a terminal, in short."""
    chosen = result.chosen
    if chosen is None:
        return []
    lines = []
    if chosen.kind != "single":
        what = f"{NAMES[chosen.kind]}{_members(chosen)}"
        lines = [f"Model: {what}, {result.metric} {show(chosen.val_score)}"]
    if chosen.test is not None and chosen.test.score is not None:
        items = count(chosen.test.items, "item")
        lines.append(f"Test: {result.metric} {show(chosen.test.score)}{_interval(chosen)}, {items}")
    return lines


def _members(chosen: Chosen) -> str:
    return f" ({len(chosen.members)} of them)" if len(chosen.members) > 1 else ""


def _interval(chosen: Chosen) -> str:
    test = chosen.test
    if test is None or test.low is None or test.high is None:
        return ""
    return f" (95 %: {show(test.low)} to {show(test.high)})"
