"""How an optimizer function of the user's is called: by the names of its parameters where they tell
what they mean, so that classes of torch.optim, partials and functions of fewer parameters fit too.
"""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

RATES = ("lr", "learning_rate", "rate", "step_size", "eta")
DECAYS = ("weight_decay", "decay", "wd", "l2")
OTHER = 0.5
"""Times its own decay that a function is asked for, to see whether it passes it on."""
_KEYWORDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def called(
    make: Callable[..., Any], params: list[nn.Parameter], lr: float, decay: float | None
) -> Any:
    """What the user's function makes of these; as make(params, lr, weight_decay) where its names
    tell nothing else.

    Args:
        make: the function, class or partial.
        params: that are trained.
        lr: the learning rate.
        decay: the weight decay; None for its own, or zero for a function that has to be told.

    Raises:
        Exception: whatever it raises.

    """
    args, named = arguments(make, params, lr, decay)
    return make(*args, **named)


def arguments(
    make: Callable[..., Any], params: Any, lr: Any, decay: Any
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """How `called` calls it with these, by place and by name."""
    every = (params, lr, 0.0 if decay is None else decay)
    try:
        signature = inspect.signature(make)
    except (TypeError, ValueError):  # it tells nothing of itself
        return every, {}
    for args, named in [*_ways(signature, params, lr, decay), (every, {})]:
        try:
            signature.bind(*args, **named)
        except TypeError:
            continue
        return args, named
    return every, {}


def _ways(
    signature: inspect.Signature, params: Any, lr: Any, decay: Any
) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """From the most telling to the least."""
    every = list(signature.parameters.values())
    names = [p.name for p in every[1:] if p.kind in _KEYWORDS]
    given = [(RATES, lr)] if decay is None else [(RATES, lr), (DECAYS, decay)]
    known = {
        name: value for among, value in given
        for name in [next((n for n in among if n in names), None)] if name
    }  # fmt: skip
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in every):
        known |= {
            among[0]: value for among, value in given if not set(among) & known.keys()
        }  # fmt: skip
    by_name: list[tuple[tuple[Any, ...], dict[str, Any]]] = [((params,), known)] if known else []
    places = ((params, lr, decay), (params, lr), (params,))
    return [*by_name, *((place, {}) for place in places[decay is None :])]


class OwnDecay:
    """A function of the user's that gives its optimizer a weight decay of its own, made to take
    the one that it is asked for: a search, a probe without decay and a remedy then mean what they
    say. Groups keep their shares of it; called as optimizer(params, lr, weight_decay).
    """

    def __init__(self, make: Callable[..., Any], own: float) -> None:
        """Take the function and the largest decay that it gives a group."""
        self.make, self.own = make, own
        for name in ("__module__", "__name__", "__qualname__"):  # as messages and keys call it
            setattr(self, name, getattr(make, name, getattr(type(make), name, "")))

    def __call__(self, params: list[nn.Parameter], lr: float, weight_decay: float) -> Any:
        """The optimizer."""
        made = called(self.make, params, lr, None)
        for group in made.param_groups:
            if "weight_decay" in group:
                group["weight_decay"] *= weight_decay / self.own
        return made


def call_text(make: Callable[..., Any], name: str, decay: float) -> str:
    """The same call in a script where `params` and LR are known, for the place after
    `optimizer = ` in a function.

    Args:
        make: the function, or what `with_own_decay` made of it.
        name: how the script reaches the user's function.
        decay: the weight decay.

    """
    own = make if isinstance(make, OwnDecay) else None
    asked = None if own else repr(decay)
    args, named = arguments(own.make if own else make, "params", "LR", asked)
    given = ", ".join([*map(str, args), *(f"{key}={value}" for key, value in named.items())])
    if own is None or decay == own.own:
        return f"{name}({given})"
    return (
        f"{name}({given})\n    for group in optimizer.param_groups:\n"
        f'        group["weight_decay"] *= {decay / own.own!r}'
    )


def with_own_decay(
    make: Callable[..., Any], lr: float | None, decay: float | None
) -> tuple[Callable[..., Any], float | None, tuple[str, ...]]:
    """The function, the weight decay that its optimizer has, and what is to be said of it: the
    declared one where it arrives, else the function's own. Both as they were where the function
    cannot be asked without the model.

    Args:
        make: the user's function.
        lr: the declared learning rate.
        decay: the declared weight decay.

    """
    rate = 1e-3 if lr is None else lr
    found = _decay_of(make, rate, decay)
    if not found or found == decay:
        return make, decay, ()
    arrives = _decay_of(make, rate, OTHER * found) == OTHER * found
    said = f"The optimizer's function sets a weight decay of {found:g} itself, so that is what is "
    told = () if decay is None else (f"{said}trained with, not {decay:g}.",)
    return (make if arrives else OwnDecay(make, found)), found, told


def _decay_of(make: Callable[..., Any], lr: float, decay: float | None) -> float | None:
    """The largest of a group, over a matrix and a vector; None where it tells none."""
    try:
        made = called(
            make, [nn.Parameter(torch.zeros(shape)) for shape in ((2, 2), (2,))], lr, decay
        )
        return max(float(group["weight_decay"]) for group in made.param_groups)
    except Exception:  # noqa: BLE001 - it may want the real parameters; the first step calls it too
        return None
