"""More of Adam's hyperparameters are searched the more trials there are."""

from collections.abc import Mapping

from recipe.plugin import Axis, Experiment

AXES: Mapping[str, Axis] = {
    "momentum": (0.8, 0.9, 0.95, 0.98),
    "epsilon": (1e-8, 1e-6, 1e-4),
    "beta2": (0.9, 0.98, 0.99, 0.999),
}
"""The first beta, epsilon and the second beta, in the order in which they are worth trials; of each
the usual value and those beside it that are published."""
TRIALS = {"momentum": 16, "epsilon": 30, "beta2": 50}
"""From so many trials on each is searched, beside rate and weight decay. Google's tuning playbook:
below 10 the rate alone, from 10 to 25 the first beta too, from 25 on epsilon, with far more the
second beta; a few more here, since weight decay takes some."""


def adam_axes(experiment: Experiment, trials: int) -> dict[str, Axis]:
    """What is searched of Adam's hyperparameters with so many trials; nothing that is declared, or
    in the space, and nothing for other optimizers.
    """
    if experiment.optimizer not in ("adam", "adamw"):
        return {}
    return {
        name: axis for name, axis in AXES.items()
        if trials >= TRIALS[name] and name not in experiment.space
        and getattr(experiment, name) is None
    }  # fmt: skip


def trials_for(experiment: Experiment, most: int) -> int:
    """How many trials the largest search has that a budget for `most` pays for; none where that is
    too few for more than rate and decay.
    """
    steps = [TRIALS[name] for name in adam_axes(experiment, most)]
    return max(steps, default=0)
