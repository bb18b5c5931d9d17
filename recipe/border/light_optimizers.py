"""torch's optimizers without its compiler.

They import `torch._dynamo` when the first one is made and when one steps: two seconds on an idle
machine, and far more on a busy one, that a run without `torch.compile` has no use for. What they
compute is the same.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim import optimizer as shared

COMPILER = "torch._dynamo"
KEPT_OUT = "__dynamo_disable"
"""Where a method that the compiler must not look into keeps what is called instead of it; torch
imports the compiler to fill that in (torch/_compile.py)."""

HOOKS = ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks")
SHARED_HOOKS = ("_global_optimizer_pre_hooks", "_global_optimizer_post_hooks")
"""Of one optimizer, and of all of them."""


@contextmanager
def made_lightly() -> Iterator[None]:
    """Optimizers made inside do not import the compiler."""
    plain = getattr(Optimizer.add_param_group, "__wrapped__", None)
    if COMPILER in sys.modules or plain is None or hasattr(plain, KEPT_OUT):
        yield
        return
    setattr(plain, KEPT_OUT, plain)
    try:
        yield
    finally:
        delattr(plain, KEPT_OUT)


def light_step(optimizer: Optimizer) -> Callable[[], Any]:
    """The optimizer's step, for one of torch's own without what torch wraps around it for compiler
    and profiler; as it is, where somebody has put something of theirs there.
    """
    wrapped = getattr(type(optimizer).step, "__wrapped__", None)
    if wrapped is None or _is_changed(optimizer) or optimizer.defaults.get("differentiable"):
        return optimizer.step
    while hasattr(wrapped, "__wrapped__"):
        wrapped = wrapped.__wrapped__

    def step() -> None:
        with torch.no_grad():
            wrapped(optimizer)

    return step


def _is_changed(optimizer: Optimizer) -> bool:
    """Whether it is none of torch's own, or has hooks or a step of somebody else's."""
    return (
        not type(optimizer).__module__.startswith("torch.optim.")
        or "step" in vars(optimizer)
        or any(getattr(optimizer, name, True) for name in HOOKS)
        or any(getattr(shared, name, True) for name in SHARED_HOOKS)
    )
