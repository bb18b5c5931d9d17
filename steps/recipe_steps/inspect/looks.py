"""What takes passes of the model, and trainings, as far as there is time for each."""

from collections.abc import Callable
from functools import partial

from recipe.plugin import Context, Evidence, Scalar, TensorData
from recipe_steps.inspect.anatomy import anatomy
from recipe_steps.inspect.column_relations import column_relations
from recipe_steps.inspect.extremes import extremes
from recipe_steps.inspect.kept_state import kept_state
from recipe_steps.inspect.label_probe import label_probe
from recipe_steps.inspect.moved import moved
from recipe_steps.inspect.samples import sample_sheet
from recipe_steps.inspect.scaling import scale_figures, scale_gains
from recipe_steps.inspect.sequences import sequences
from recipe_steps.rows import main_part

Look = Callable[[Context, TensorData], dict[str, Scalar]]
PROBE_SECONDS = 10.0
"""What a probe of the labels takes on a busy machine, about; nobody can stop it."""
BUDGET_SHARE, LEAST_SECONDS = 0.2, 2.0
"""Of what is left of a budget of time, and seconds that these looks have anyway."""


def looks(ctx: Context, train: TensorData, try_metric: Callable[[], None]) -> dict[str, Scalar]:
    """The scalars of all of them, those that say most for their time first.

    Args:
        ctx: of the step.
        train: items.
        try_metric: raises where the user's metric does not work.

    """

    def metric(*_: object) -> dict[str, Scalar]:
        try_metric()
        return {}

    scalars: dict[str, Scalar] = {}

    def gains(*_: object) -> dict[str, Scalar]:
        return scale_gains(ctx, scalars)

    each: dict[str, Look] = {
        "scales of the inputs": scale_figures, "sequences": sequences,
        "parts of the model": anatomy, "what the model keeps": kept_state, "the metric": metric,
        "what standardising brings": gains,
    }  # fmt: skip
    with ctx.within(BUDGET_SHARE, LEAST_SECONDS):
        for what, look in each.items():
            scalars |= ctx.in_time(what, partial(look, ctx, train)) or {}
    return scalars


def probes(
    ctx: Context, train: TensorData, val: TensorData, known: dict[str, Scalar]
) -> dict[str, Scalar]:
    """What takes predictors and many draws: last, as it tells the least for its time."""
    found: dict[str, Scalar] = {}
    parts = (train.x, train.y), (val.x, val.y)
    whole = isinstance(ctx.data.train, TensorData) and isinstance(ctx.data.val, TensorData)
    if whole and main_part(train.x) is not None and main_part(val.x) is not None:
        found |= ctx.in_time("whether inputs were moved", partial(moved, *parts)) or {}
        found |= ctx.in_time("the order of columns", partial(column_relations, *parts)) or {}
    if known.get("targets_say_nothing") or known["scored_by_loss"]:
        return found
    probe = partial(label_probe, *parts, ctx.task.target_kind)
    return found | (ctx.in_time("a probe of the labels", probe, takes=PROBE_SECONDS) or {})


def items(ctx: Context, train: TensorData) -> Evidence:
    """A few items to look at, and which of all stand at the ends of some order."""
    found = extremes(ctx, train)
    return Evidence(found.scalars, found.curves, {**sample_sheet(ctx), **found.sheets})
