"""How an optimizer function of the user's is called: by the names of its parameters where they tell
what they mean, so that classes of torch.optim, partials and functions of fewer parameters fit too.
"""

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

RATES = ("lr", "learning_rate", "rate", "step_size", "eta")
DECAYS = ("weight_decay", "decay", "wd", "l2")
_KEYWORDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def called(make: Callable[..., Any], params: list[nn.Parameter], lr: float, decay: float) -> Any:
    """What the user's function makes of these; as make(params, lr, weight_decay) where its names
    tell nothing else.

    Args:
        make: the function, class or partial.
        params: that are trained.
        lr: the learning rate.
        decay: the weight decay.

    Raises:
        Exception: whatever it raises.

    """
    try:
        signature = inspect.signature(make)
    except (TypeError, ValueError):  # it tells nothing of itself
        return make(params, lr, decay)
    for args, named in _ways(signature, params, lr, decay):
        try:
            signature.bind(*args, **named)
        except TypeError:
            continue
        return make(*args, **named)
    return make(params, lr, decay)


def _ways(
    signature: inspect.Signature, params: list[nn.Parameter], lr: float, decay: float
) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """From the most telling to the least."""
    every = list(signature.parameters.values())
    names = [p.name for p in every[1:] if p.kind in _KEYWORDS]
    known = {
        name: value for among, value in ((RATES, lr), (DECAYS, decay))
        for name in [next((n for n in among if n in names), None)] if name
    }  # fmt: skip
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in every):
        known |= {} if set(RATES) & known.keys() else {"lr": lr}
        known |= {} if set(DECAYS) & known.keys() else {"weight_decay": decay}
    by_name: list[tuple[tuple[Any, ...], dict[str, Any]]] = [((params,), known)] if known else []
    places = ((params, lr, decay), (params, lr), (params,))
    return [*by_name, *((place, {}) for place in places)]
