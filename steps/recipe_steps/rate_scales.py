"""What a rate means depends on batch size, optimizer and momentum: where these are searched, the
rates of a cell are moved with them, so that each of their values is tried around its own best one.
"""

import math
from collections.abc import Mapping

from recipe.plugin import Experiment, Scalar, Trial, optimizer_family, rounded, usual_rates

KINDS = ("batch_size", "optimizer", "momentum")
"""What moves the best rate."""
DECAYS = {"adamw": (1e-3, 1e-2, 1e-1)}
USUAL_DECAYS = (1e-5, 1e-4, 1e-3)
"""The lecture's "1e-4, 1e-5, 0"; decoupled decay works at larger values (Loshchilov, Hutter)."""


def decays_of(experiment: Experiment) -> tuple[float, ...]:
    """Weight decays to try, the smallest first."""
    name = experiment.optimizer if isinstance(experiment.optimizer, str) else "sgd"
    return DECAYS.get(name, USUAL_DECAYS)


def rate_factor(experiment: Experiment, cell: Mapping[str, Scalar]) -> float:
    """How many times the experiment's best rate that of a cell is, about.

    In proportion to the batch size for gradient descent (Goyal et al. 2017), with its root for
    optimizers that divide by the gradient's size (Malladi et al. 2022); between optimizers, and
    with the momentum of gradient descent, as their usual rates.
    """
    changed = _changed(experiment, cell)
    kind, _ = optimizer_family(changed)
    ratio = changed.batch_size / experiment.batch_size
    factor = ratio if kind == "sgd" else math.sqrt(ratio)
    return factor * usual_rates(changed)[0] / usual_rates(experiment)[0]


def scaled(experiment: Experiment, cell: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The cell with its rate and decay, which were chosen for the experiment, moved to where they
    mean the same with its batch size, optimizer and momentum. What the user's space names stays.
    """
    found = dict(cell)
    if not any(name in cell for name in KINDS):
        return found
    factors = {
        "lr": rate_factor(experiment, cell),
        "weight_decay": decays_of(_changed(experiment, cell))[-1] / decays_of(experiment)[-1],
    }
    for name, factor in factors.items():
        value = found.get(name)
        if name not in experiment.space and isinstance(value, int | float) and factor != 1:
            found[name] = rounded(value * factor)
    return found


def _changed(experiment: Experiment, cell: Mapping[str, Scalar]) -> Experiment:
    return experiment.with_params({name: cell[name] for name in KINDS if name in cell})


def of_one_kind(trial: Trial, other: Trial) -> bool:
    """Whether the rates of two trials can be compared."""
    return all(trial.params.get(name) == other.params.get(name) for name in KINDS)
