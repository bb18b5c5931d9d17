"""What is looked at in the best model once its curves are read, the most useful first: each costs
little, and is left out where there is no time for it.
"""

from dataclasses import replace

from recipe.plugin import Context, Evidence, Scalar, Trial
from recipe_steps.learning_curves.capacity import capacity_marks, more_data
from recipe_steps.learning_curves.detail import detail_marks
from recipe_steps.learning_curves.filters import filter_sheet
from recipe_steps.learning_curves.mistakes import mistakes
from recipe_steps.learning_curves.simple_models import SECONDS, simple_marks

SIMPLE, HALF = "simple_", "half_"
"""How the names of scalars begin that a later round need not measure again."""


def with_looks(ctx: Context, trial: Trial, evidence: Evidence) -> Evidence:
    """The evidence with scalars, curves and sheets about the model that a trial left.

    Args:
        ctx: of the step.
        trial: the best one.
        evidence: what its curves say.

    """
    worst = ctx.in_time("mistakes", lambda: mistakes(ctx, trial)) or Evidence()
    scalars = {**evidence.scalars, **worst.scalars}
    scalars |= ctx.in_time("more width", lambda: capacity_marks(ctx, trial)) or {}
    scalars |= _known(ctx, SIMPLE) or (
        ctx.in_time("simple models", lambda: simple_marks(ctx), takes=SECONDS) or {}
    )
    scalars |= ctx.in_time("how much detail matters", lambda: detail_marks(ctx, trial)) or {}
    filters = ctx.in_time("filters", lambda: filter_sheet(ctx, trial)) or {}
    known = _known(ctx, HALF)
    if known and known.get("half_of") == trial.number:
        scalars |= known
    else:
        scalars |= ctx.in_time("more data", lambda: more_data(ctx, trial, evidence)) or {}
    return replace(
        evidence, scalars=scalars, curves={**evidence.curves, **worst.curves},
        sheets={**evidence.sheets, **worst.sheets, **filters},
    )  # fmt: skip


def _known(ctx: Context, begin: str) -> dict[str, Scalar]:
    """What an earlier round measured of this."""
    earlier = ctx.evidence(ctx.step)
    if earlier is None:
        return {}
    return {name: value for name, value in earlier.scalars.items() if name.startswith(begin)}
