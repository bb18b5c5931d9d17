"""Whether the loss takes the outputs of the model: one number, with a gradient, or a complaint."""

import warnings
from dataclasses import dataclass

import torch
from torch import Tensor

from recipe.plugin import (
    Context,
    LossFunction,
    Scalar,
    TensorData,
    Tree,
    UsageError,
    Values,
    build_model,
    described,
    error_location,
    full_precision,
    raised,
    said_of,
    seeded,
    users_place,
)

FEW = 4
"""Items that are tried at first. A loss that compares items may need the whole batch."""
COMPLAINTS = (RuntimeError, ValueError, TypeError, IndexError, AssertionError)
"""What a loss raises of outputs and targets that it was not made for."""
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Call:
    """What came of one call."""

    complaint: str | None = None
    returned: str | None = None
    """The type of what it returned, where that is no number."""
    numbers: int = 1
    gradient: bool | None = True
    """Whether the outputs get one; None where they are no real values."""

    @property
    def fine(self) -> bool:
        """Whether training can go by it."""
        return self == Call() or self == Call(gradient=None)


def loss_call(ctx: Context, train: TensorData) -> dict[str, Scalar]:
    """Scalars about the loss on a batch of the outputs of a fresh model; none where it is fine.

    `loss_refusal` holds shapes, types and the loss's own words.

    Raises:
        UsageError: the loss raised what has nothing to do with its arguments.

    """
    model = build_model(ctx.experiment, ctx.seed_for("weights"), ctx.device).eval()
    for count in dict.fromkeys((FEW, ctx.experiment.batch_size)):
        x, y = train.copied(0, count)
        with torch.no_grad(), seeded(ctx.seed_for("loss"), ctx.device):
            returned: Values = model(x.clone())
            if isinstance(returned, Tree) or isinstance(y, Tree):
                return _tree_call(ctx, returned, y)
            call, told = called(ctx.experiment.loss_function, returned, y), _pair(returned, y)
        if call.fine or len(x) < count:
            break
    if call.fine or (call.complaint and _of_devices(call.complaint, ctx.device)):
        return {}
    return {
        "loss_refusal": call.complaint and f"{told}, which the loss refuses: {call.complaint}",
        "loss_returns": call.returned,
        "loss_numbers": call.numbers,
        "loss_has_gradient": call.gradient if ctx.experiment.update is None else None,
    }


def _tree_call(ctx: Context, outputs: Values, y: Values) -> dict[str, Scalar]:
    """What is wrong with the loss of outputs and targets that are trees.

    Raises:
        UsageError: it refuses them.

    """
    try:
        value: object = ctx.experiment.loss_function(outputs, y)
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(
            f"The loss raised {raised(error)} ({error_location(error)}) for outputs "
            f"{described(outputs)} and targets {described(y)}: it is called with what the model "
            "returns and the targets as the items hold them; pass another loss=, or outputs=, the "
            "part of what the model returns that it is to take."
        ) from error
    if not isinstance(value, Tensor):
        return {"loss_returns": type(value).__name__, "loss_numbers": 1}
    return {} if value.numel() == 1 else {"loss_numbers": value.numel()}


def called(loss: LossFunction, outputs: Tensor, targets: Tensor) -> Call:
    """Call a loss, and follow its gradient back to the outputs.

    On the processor: what a loss refuses on an accelerator may abort that for good.
    """
    leaf = full_precision(outputs.detach().to(CPU)).clone()
    targets = targets.to(CPU).clone()
    real = leaf.is_floating_point()
    with torch.enable_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            given = leaf.requires_grad_(real).clone()  # it may work in place
            return _judged(loss(given, targets), leaf)
        except COMPLAINTS as error:
            words = str(error).strip().splitlines() or [type(error).__name__]
            place = users_place(error)
            return Call(f"{words[0].rstrip('.:')}{f' ({place})' if place else ''}")
        except Exception as error:
            otherwise = "it is called as loss(outputs, targets) and returns one number"
            raise UsageError(said_of(error, "The loss", otherwise)) from error


def _judged(value: object, leaf: Tensor) -> Call:
    real = leaf.is_floating_point()
    if isinstance(value, int | float):
        return Call(gradient=False)
    if not isinstance(value, Tensor):
        return Call(returned=type(value).__name__)
    if value.numel() != 1:
        return Call(numbers=value.numel())
    if not real:
        return Call(gradient=None)
    if not value.requires_grad:
        return Call(gradient=False)
    (gradient,) = torch.autograd.grad(value.reshape(()), leaf, allow_unused=True)
    return Call(gradient=gradient is not None)


def _of_devices(complaint: str, device: torch.device) -> bool:
    """Whether the loss can only be called on its accelerator: it has tensors of its own there."""
    words = ("device", "cpu", device.type)
    return device.type != "cpu" and any(word in complaint.lower() for word in words)


def _pair(outputs: Tensor, targets: Tensor) -> str:
    """Shapes and types of both."""
    told = [
        f"{name} of shape {list(values.shape)} and type {str(values.dtype).removeprefix('torch.')}"
        for name, values in (("outputs", outputs), ("targets", targets))
    ]
    return " against ".join(told)
