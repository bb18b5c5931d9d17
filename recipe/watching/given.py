"""What a user gives to a watch, checked; and where its lines go."""

import atexit
import sys
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from recipe.core.errors import UsageError
from recipe.core.plain_text import in_one_line
from recipe.core.settings import resolve
from recipe.loggers.following import Follower
from recipe.loggers.opening import openers


def as_number(loss: Any) -> float | None:
    """The loss; None where reading it now would wait for an accelerator."""
    if isinstance(loss, Tensor):
        if loss.numel() != 1:
            raise UsageError(
                f"watch.step got a loss of shape {list(loss.shape)}: give it one number, such as "
                "loss.mean()."
            )
        return loss.item() if loss.device.type == "cpu" else None
    if isinstance(loss, int | float) or hasattr(loss, "__float__"):
        return float(loss)
    raise UsageError(
        f"watch.step got a {type(loss).__name__}: give it the loss of the iteration, a number or a "
        "tensor with one."
    )


def as_value(name: str, value: Any) -> float:
    """A value that a validation measured.

    Raises:
        UsageError: it is no number.

    """
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        told = list(value.shape) if isinstance(value, Tensor) else repr(value)
        raise UsageError(f"watch.val got {name} = {told}: give it one number.") from None


def loggers(log: str | Sequence[str], say: Callable[[str], None]) -> Follower:
    """What writes to other tools.

    Raises:
        UsageError: there is no such one, or its package is missing.

    """
    logs = resolve({"log": log}).log
    return Follower(
        list(zip(logs, openers(logs), strict=True)), lambda text: say(f"recipe: {text}")
    )


def to_stderr(line: str) -> None:
    """Print a line where nothing else is expected."""
    print(in_one_line(line), file=sys.stderr, flush=True)


def close_at_exit(watch: Any) -> None:
    """A watch that nobody closed writes its folder when the program ends."""
    kept = weakref.ref(watch)

    def close() -> None:
        left = kept()
        if left is not None:
            left.close(interrupted=True)

    atexit.register(close)
