"""What a run is going to cost, told before anything long starts.

A step that trains says how many epochs it expects to take (`expects`). Where a budget is given,
each of them plans with what the ones before leave of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recipe.plugin.registry import Plugin

if TYPE_CHECKING:
    from recipe.plugin.context import Context


@dataclass(frozen=True)
class Part:
    """A step and the epochs that it expects to train."""

    title: str
    epochs: float


def forecast(plugins: Sequence[Plugin], ctx: "Context") -> list[Part]:
    """What each of these steps expects, in their order; those that do not train are left out."""
    left, parts = ctx.epochs_left, []
    for plugin in plugins:
        expects = getattr(plugin.step, "expects", None)
        if expects is None:
            continue
        epochs = float(expects(ctx, left))
        parts.append(Part(plugin.step.title, epochs))
        left = None if left is None else max(0.0, left - epochs)
    return parts


def plan_sentence(parts: Sequence[Part], ctx: "Context") -> str:
    """The forecast in a sentence."""
    total = sum(part.epochs for part in parts)
    trainings = total / (ctx.experiment.epochs or 1)
    time = "" if ctx.pace is None else f", in about {_time(total * ctx.pace)}"
    each = ", ".join(f"{p.epochs:.3g} to {_doing(p.title)}" for p in parts if p.epochs)
    plan = (
        f"Plan: {total:.3g} epochs of training, as many as {_count(trainings)}{time} "
        f"(epochs: {each})."
    )
    plan += f" {ctx.runner.idle}" if ctx.runner.idle else ""
    budget = ctx.settings.budget
    if budget is None:
        return plan
    if budget.unit == "epochs":
        return (
            f"{plan} Further rounds use what is left of {budget}; trying out repairs comes on top."
        )
    if ctx.epochs_left is not None and total > ctx.epochs_left:
        return f"{plan} That does not fit into {budget}: what does not fit is left out, and named."
    return f"{plan} Further rounds and trying out repairs use what is left of {budget}."


def _count(trainings: float) -> str:
    """So many full trainings."""
    return f"{trainings:.2g} full training{'' if f'{trainings:.2g}' == '1' else 's'}"


def _doing(title: str) -> str:
    """The title of a step, as it goes on behind "to"."""
    said = title.lower()
    return f"search the {said}" if said.endswith(" grid") and said.count(" ") == 1 else said


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{max(1.0, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
