"""Settings of an optimizer that change the rate it acts with by orders of magnitude."""

from dataclasses import replace
from statistics import median

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from recipe.plugin import (
    MOMENTUM,
    OPTIMIZER_FAMILIES,
    OPTIMIZERS,
    Context,
    Experiment,
    Scalar,
    Splits,
    TensorData,
    Training,
    build_optimizer,
    momentum_of,
    no_dropout,
)

ITERATIONS = 16
ORDERS = 5.0
"""Factor to the rate, up or down, from which the settings are suspected. Momentum of 0.98 acts
with 5 times the rate of the usual 0.9."""
FURTHER_RATE = 3.0
"""Times the declared rate, to see whether it is passed on."""
USUAL = {"momentum": (0.0, 0.98), "alpha": (0.5, 0.9999), "eps": (1e-15, 1e-3),
         "beta1": (0.0, 0.98), "beta2": (0.8, 0.99999)}  # fmt: skip
"""What trainings that are published use, with few exceptions (such as 0.99 in nnU-Net, and an
epsilon of 0.1 for Inception): outside of it nothing is wrong before a training shows it. Smaller
than 1e-15 an epsilon is none in single precision."""
_SECOND_MOMENTS = ("exp_avg_sq", "square_avg")


def rate_factor(ctx: Context, experiment: Experiment, sample: TensorData) -> dict[str, Scalar]:
    """How many times the declared rate the optimizer acts with, beside usual settings.

    Momentum m sums up 1 / (1 - m) gradients; an epsilon above the root of the second moment
    divides the steps of Adam and its kin. Nothing for an update step of the user's own, and for
    named optimizers with usual momentum.
    """
    usual = (
        momentum_of(experiment) <= MOMENTUM.get(str(experiment.optimizer), 0.0)
        and experiment.beta2 is None and experiment.epsilon is None
    )  # fmt: skip
    if experiment.update is not None or (isinstance(experiment.optimizer, str) and usual):
        return {}
    training = Training(
        experiment, Splits(sample, sample), seed=ctx.seed_for("settings"), device=ctx.device,
        rates=[experiment.lr or 0.0] * ITERATIONS, mode=ctx.careful_mode,
    )  # fmt: skip
    with no_dropout(training.model):
        ctx.spend(len(training.losses(lambda _: False)))
    optimizer = training.optimizer
    name = OPTIMIZER_FAMILIES.get(type(optimizer))
    if name not in OPTIMIZERS:
        return {}
    factor = _momentum_factor(optimizer, name) * _epsilon_factor(optimizer)
    return {"rate_factor": factor, "usual_optimizer": name}


def settings_of(experiment: Experiment, model: nn.Module) -> dict[str, Scalar]:
    """What can be read off the declared optimizer."""
    return outside(experiment, model) | rate_ignored(experiment, model)


def outside(experiment: Experiment, model: nn.Module) -> dict[str, Scalar]:
    """Settings of the declared optimizer outside of what is usual, in words; and whether the betas
    are the wrong way round. Nothing for an optimizer that is not known, and for none.
    """
    if experiment.update is not None:
        return {}
    optimizer = build_optimizer(experiment, model, experiment.lr or 0.0)
    name = OPTIMIZER_FAMILIES.get(type(optimizer))
    if name not in OPTIMIZERS:
        return {}
    group = optimizer.param_groups[0]
    betas = tuple(map(float, group.get("betas", ())))
    values = {"momentum": group.get("momentum"), "alpha": group.get("alpha"),
              "eps": group.get("eps"), "beta1": betas[0] if betas else None,
              "beta2": betas[1] if len(betas) > 1 else None}  # fmt: skip
    said = [
        f"{what} {float(value):g} (usual: {low:g} to {high:g})"
        for what, value in values.items() if value is not None
        for low, high in [USUAL[what]] if not low <= float(value) <= high
    ]  # fmt: skip
    if not said:
        return {}
    turned = len(betas) > 1 and betas[0] > max(betas[1], USUAL["beta1"][1])
    return {"unusual_settings": ", ".join(said), "usual_optimizer": name, "betas_turned": turned}


def rate_ignored(experiment: Experiment, model: nn.Module) -> dict[str, Scalar]:
    """`ignored_rate`: the rate that a function of the user's gives its optimizer whatever rate it
    is asked for. Nothing for optimizers that are not known: some find their rate by themselves.
    """
    if experiment.update is not None or isinstance(experiment.optimizer, str):
        return {}
    asked = experiment.lr or 1e-3
    made = [build_optimizer(experiment, model, factor * asked) for factor in (1.0, FURTHER_RATE)]
    rates = [{float(group["lr"]) for group in optimizer.param_groups} for optimizer in made]
    if OPTIMIZER_FAMILIES.get(type(made[0])) not in OPTIMIZERS or rates[0] != rates[1]:
        return {}
    return {"ignored_rate": max(rates[0])}


def suspicious(marks: dict[str, Scalar]) -> bool:
    """Whether the settings change the rate by enough to try others."""
    factor = marks.get("rate_factor")
    return isinstance(factor, float) and not 1 / ORDERS < factor < ORDERS


def with_usual_settings(experiment: Experiment, name: str) -> Experiment:
    """The experiment with the named optimizer as the recipe means it."""
    return replace(experiment, optimizer=name, momentum=None, beta2=None, epsilon=None)


def _momentum_factor(optimizer: Optimizer, name: str) -> float:
    """Of gradients that keep their direction; Adam's first moment is an average, not a sum."""
    group = optimizer.param_groups[0]
    momentum = float(group.get("momentum", 0.0))
    if not 0 < momentum < 1:
        return 1.0
    usual = 1 / (1 - MOMENTUM[name])
    return max(1.0, (1 - float(group.get("dampening", 0.0))) / (1 - momentum) / usual)


@torch.no_grad()
def _epsilon_factor(optimizer: Optimizer) -> float:
    """Median over the parameters of root / (root + epsilon), of the second moment's root."""
    factors = []
    for group in optimizer.param_groups:
        epsilon = float(group.get("eps", 0.0))
        beta = float(group["betas"][1]) if "betas" in group else float(group.get("alpha", 0.0))
        for parameter in group["params"]:
            state = optimizer.state.get(parameter, {})
            moment = next((state[n] for n in _SECOND_MOMENTS if n in state), None)
            if isinstance(moment, Tensor) and "step" in state:
                seen = 1 - beta ** float(state["step"])
                root = (moment / max(seen, 1e-12)).mean().sqrt().item()
                if root > 0:
                    factors.append(root / (root + epsilon))
    return median(factors) if factors else 1.0
