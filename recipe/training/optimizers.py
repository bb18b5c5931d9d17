"""Optimizers by name, with the settings the recipe means by each."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from recipe.border.faults import said_of
from recipe.border.light_optimizers import light_step, made_lightly
from recipe.border.optimizer_calls import called
from recipe.core.errors import UsageError
from recipe.experiment import Experiment
from recipe.training.ranks import is_part

MOMENTUM = {"sgd": 0.9, "adam": 0.9, "adamw": 0.9, "rmsprop": 0.0}
"""Nesterov momentum of sgd, the first beta of adam and adamw, plain momentum of rmsprop."""
USUAL_RATES = {
    "sgd": (0.05, 0.01, 0.2, 0.002),
    "adam": (3e-3, 1e-3, 1e-2, 3e-4),
    "adamw": (3e-3, 1e-3, 1e-2, 3e-4),
    "rmsprop": (1e-3, 3e-4, 3e-3, 1e-4),
    "lbfgs": (1.0, 0.1, 0.3, 0.01),
    "adadelta": (1.0, 0.3, 3.0, 0.1),
    "adagrad": (0.03, 0.01, 0.1, 3e-3),
}
"""Rates at which most small models learn, the likeliest first."""
OPTIMIZER_FAMILIES = {
    torch.optim.SGD: "sgd", torch.optim.Adam: "adam", torch.optim.AdamW: "adamw",
    torch.optim.NAdam: "adam", torch.optim.RAdam: "adam", torch.optim.RMSprop: "rmsprop",
    torch.optim.Adamax: "adam", torch.optim.LBFGS: "lbfgs", torch.optim.Adadelta: "adadelta",
    torch.optim.Adagrad: "adagrad",
}  # fmt: skip
"""The kind of an optimizer: the named one that does the same, or one that has no name here. Of the
rates of Adadelta, 1 is the method as published (Zeiler 2012)."""
ADAM_BETA2, RMSPROP_ALPHA, EPSILON = 0.999, 0.99, 1e-8
"""The defaults of torch.optim."""

FUSED_ON = ("cpu", "cuda")
"""Where PyTorch has kernels that step all tensors at once."""
SMALL = 1_000_000
"""Weights up to which a step on the processor is mostly calls: all tensors then go in one."""


def momentum_of(experiment: Experiment) -> float:
    """The declared momentum, or the optimizer's usual one."""
    if experiment.momentum is not None:
        return experiment.momentum
    return MOMENTUM.get(str(experiment.optimizer), 0.0)


def beta2_of(experiment: Experiment) -> float:
    """The declared second beta of adam and adamw, or the usual one."""
    return ADAM_BETA2 if experiment.beta2 is None else experiment.beta2


def epsilon_of(experiment: Experiment) -> float:
    """The declared epsilon of a named optimizer, or the usual one."""
    return EPSILON if experiment.epsilon is None else experiment.epsilon


def optimizer_family(experiment: Experiment) -> tuple[str | None, float]:
    """The named optimizer of the same kind, and its momentum; None for an unknown kind."""
    if isinstance(experiment.optimizer, str):
        return experiment.optimizer, momentum_of(experiment)
    try:
        with made_lightly():
            optimizer = called(experiment.optimizer, [nn.Parameter(torch.zeros(1))], 1e-3, 0.0)
        kind, group = OPTIMIZER_FAMILIES.get(type(optimizer)), optimizer.param_groups[0]
        return kind, float(group.get("momentum", MOMENTUM.get(kind or "", 0.0)))
    except Exception:  # noqa: BLE001 - it may want the parameters of the model
        return None, 0.0


def usual_rates(experiment: Experiment) -> tuple[float, ...]:
    """Usual rates of its optimizer; one of an unknown kind is taken for Adam.

    Gradient descent with momentum m acts with 1 / (1 - m) times its rate: without momentum the
    usual rates are ten times those with 0.9.
    """
    kind, momentum = optimizer_family(experiment)
    rates = USUAL_RATES[kind or "adam"]
    if kind != "sgd" or momentum == MOMENTUM["sgd"] or not 0 <= momentum < 1:
        return rates
    return tuple(rate * (1 - momentum) / (1 - MOMENTUM["sgd"]) for rate in rates)


def build_optimizer(experiment: Experiment, model: nn.Module, lr: float) -> Optimizer:
    """A fresh optimizer over the trainable parameters of `model`.

    Raises:
        UsageError: the model has nothing to train, or the user's optimizer cannot be made.

    """
    params = [p for p in model.parameters() if p.requires_grad]
    if not params:
        raise UsageError(
            "The model has no trainable parameters: register its layers as modules, "
            "or set requires_grad on what should learn."
        )
    decay = experiment.weight_decay or 0.0
    if isinstance(experiment.optimizer, str):
        fused = _may_fuse(experiment, params) or None
        with made_lightly():
            return _named(experiment, params, fused=fused, lr=lr, weight_decay=decay)
    try:
        with made_lightly():
            optimizer = called(experiment.optimizer, params, lr, decay)
    except Exception as error:
        otherwise = "it is called as optimizer(params, lr, weight_decay)"
        raise UsageError(said_of(error, "The optimizer function", otherwise)) from error
    if not isinstance(optimizer, Optimizer):
        raise UsageError(
            f"The optimizer function returned {type(optimizer).__name__}: "
            "return a torch.optim.Optimizer."
        )
    return optimizer


def _may_fuse(experiment: Experiment, params: list[nn.Parameter]) -> bool:
    """Whether one kernel may step all tensors: it walks through memory without regard to strides,
    so weights have to fill theirs, and gradients have to come from a backward pass, which gives
    them the strides of the weights.
    """
    return experiment.update is None and all(
        p.device.type in FUSED_ON and p.is_floating_point() and _fills_memory(p) and not is_part(p)
        for p in params
    )


def _fills_memory(tensor: Tensor) -> bool:
    return tensor.is_contiguous() or (
        tensor.ndim == 4 and tensor.is_contiguous(memory_format=torch.channels_last)
    )


def _named(
    experiment: Experiment, params: list[nn.Parameter], *, fused: bool | None, **shared: Any
) -> Optimizer:
    name, momentum, epsilon = experiment.optimizer, momentum_of(experiment), epsilon_of(experiment)
    if name == "sgd":
        nesterov = momentum > 0
        return torch.optim.SGD(params, momentum=momentum, nesterov=nesterov, fused=fused, **shared)
    if name == "rmsprop":  # has no fused kernel
        few = params[0].is_cpu and sum(p.numel() for p in params) <= SMALL
        return torch.optim.RMSprop(
            params, alpha=RMSPROP_ALPHA, eps=epsilon, momentum=momentum,
            foreach=True if few else None, **shared,
        )  # fmt: skip
    kind = torch.optim.AdamW if name == "adamw" else torch.optim.Adam
    return kind(params, betas=(momentum, beta2_of(experiment)), eps=epsilon, fused=fused, **shared)


def step(optimizer: Optimizer, closure: Callable[[], float] | None) -> None:
    """One step, with what evaluates the loss where the optimizer wants that."""
    if isinstance(optimizer, torch.optim.LBFGS):
        _search(optimizer, closure)
        return
    for group in optimizer.param_groups:
        # Sparse gradients show at the first step only; the fused kernel does not take them.
        if group.get("fused") and any(p.grad is not None and p.grad.is_sparse
                                      for p in group["params"]):  # fmt: skip
            group["fused"] = False
        if group.get("fused") and isinstance(optimizer, torch.optim.SGD) and group["momentum"]:
            _remember(optimizer, group)
    if closure:
        optimizer.step(closure)
    else:
        light_step(optimizer)()


def _remember(optimizer: torch.optim.SGD, group: dict[str, Any]) -> None:
    """Buffers for parameters that get their first gradient later than others, as those of a block
    that is left out at random: the fused kernel takes all of them or none. From such a buffer the
    update makes what torch begins one with: the gradient.
    """
    if len(optimizer.state) >= sum(len(each["params"]) for each in optimizer.param_groups):
        return  # all have one, as after the first step of nearly every model
    given = [p for p in group["params"] if p.grad is not None]
    new = [p for p in given if optimizer.state.get(p, {}).get("momentum_buffer") is None]
    if not 0 < len(new) < len(given):
        return
    with torch.no_grad():
        for param in new:
            downhill = -param.grad if group["maximize"] else param.grad
            first = downhill + group["weight_decay"] * param
            share = group["dampening"] / group["momentum"]
            optimizer.state[param]["momentum_buffer"] = first * share


def _search(optimizer: torch.optim.LBFGS, closure: Callable[[], float] | None) -> None:
    """A step of LBFGS. When both ends of its line search have met, it divides by their distance:
    the weights are put back, and it starts anew without its memory.
    """
    params = [p for group in optimizer.param_groups for p in group["params"]]
    kept = [p.detach().clone() for p in params]
    try:
        optimizer.step(closure)  # type: ignore[no-untyped-call]
    except ZeroDivisionError:
        with torch.no_grad():
            for param, value in zip(params, kept, strict=True):
                param.copy_(value)
        optimizer.state.clear()


def clear_gradients(optimizer: Optimizer) -> None:
    """As `zero_grad(set_to_none=True)`, without what torch's own method spends on its profiler."""
    if type(optimizer).zero_grad is not Optimizer.zero_grad:
        optimizer.zero_grad(set_to_none=True)
        return
    for group in optimizer.param_groups:
        for param in group["params"]:
            param.grad = None


def set_lr(optimizer: Optimizer, lr: float, base: float) -> None:
    """Set the rate, keeping the ratios between the groups of a user's optimizer."""
    for group in optimizer.param_groups:
        share = group.setdefault("recipe_share", group["lr"] / base if base else 1.0)
        group["lr"] = lr * share


def wants_closure(optimizer: Optimizer) -> bool:
    """Whether its step evaluates the loss itself and has to be told how, as that of LBFGS."""
    closure = inspect.signature(optimizer.step).parameters.get("closure")
    return closure is not None and closure.default is inspect.Parameter.empty
