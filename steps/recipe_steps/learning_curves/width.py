"""Whether the user's factory offers another width."""

import inspect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recipe.plugin import Experiment

NAMES = ("width", "hidden", "hidden_size", "hidden_dim", "units", "channels", "d_model")
"""What a factory calls the width of its layers, in the order in which they are looked for."""


def width_of(experiment: "Experiment") -> tuple[str, int] | None:
    """Name and value of the factory's parameter that is a width; None where it has none, or where
    the space searches it already.

    Args:
        experiment: with the arguments that its model is built with.

    """
    try:
        known = inspect.signature(experiment.model).parameters
    except (TypeError, ValueError):  # a callable that does not tell
        return None
    for name in NAMES:
        if name not in known or name in experiment.space:
            continue
        value = experiment.model_args.get(name, known[name].default)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return name, value
    return None
