"""A study for each value of a scientific parameter: all else that is searched is tuned anew."""

import itertools
from collections.abc import Mapping, Sequence

from recipe.plugin import Axis, Context, Params, Scalar, Scientific, Trial, best_of

TRIALS, FEWEST = 6, 2
"""Of a study; and the fewest, where a budget does not pay for more."""
TUNED = ("lr", "weight_decay")
"""What is searched whatever the space says."""


def scientific_axes(space: Mapping[str, Axis]) -> dict[str, Scientific]:
    """Those whose values are the question."""
    return {name: axis for name, axis in space.items() if isinstance(axis, Scientific)}


def studies(space: Mapping[str, Axis]) -> list[Params]:
    """What each study holds fixed: every combination of the scientific values; none without any."""
    axes = scientific_axes(space)
    if not axes:
        return []
    combined = itertools.product(*(axis.values for axis in axes.values()))
    return [dict(zip(axes, values, strict=True)) for values in combined]


def held(space: Mapping[str, Axis], values: Mapping[str, Scalar]) -> dict[str, Axis]:
    """The space with these values fixed: conditions on them hold, or do not."""
    return {name: [values[name]] if name in values else axis for name, axis in space.items()}


def size_of_study(most: int, count: int) -> int:
    """Trials of each of `count` studies, where the budget pays for `most` together."""
    return max(FEWEST, min(TRIALS, most // count))


def roles(space: Mapping[str, Axis]) -> str:
    """In a sentence, which parameters are compared, which are tuned for that, and what stays as it
    is; empty where nothing is searched by name.
    """
    if not space:
        return ""
    compared = list(scientific_axes(space))
    tuned = list(dict.fromkeys([*TUNED, *(name for name in space if name not in compared)]))
    if not compared:
        return f"Searched together: {', '.join(tuned)}; all else stays as it is."
    return (
        f"Compared: {', '.join(compared)}; tuned anew for each value: {', '.join(tuned)}; all else "
        "stays as it is."
    )


def outcome(ctx: Context, trials: Sequence[Trial]) -> dict[str, Scalar]:
    """The best score of each study; nothing where there are none, or two have no score."""
    found: list[tuple[float, str, Trial]] = []
    for values in studies(ctx.experiment.space):
        best = best_of([t for t in trials if values.items() <= t.params.items()])
        if best is not None and best.val_score is not None:
            said = ", ".join(f"{name} {value}" for name, value in values.items())
            found.append((best.val_score, said, best))
    if len(found) < 2:
        return {}
    found.sort(key=lambda each: -each[0])
    return {
        "studies": "; ".join(f"{said}: {score:.4g}" for score, said, _ in found),
        "study_best": found[0][1],
        "study_lead": found[0][0] - found[1][0],
        "study_error": ctx.score_error(found[0][2]),
    }
