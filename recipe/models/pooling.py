"""Max pooling before a ReLU instead of after it: the same numbers from a fraction of the work.

A ReLU never decreases, so the largest of rectified values is the largest value, rectified. The
gradient is the same too: it goes to the largest value where that is positive, and nowhere else.
Pooled first, the ReLU sees a quarter of the values. Measured on two cores for a small CNN of three
blocks at batch 128, bfloat16: 27.5 ms an iteration before, 25.7 ms after.
"""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from recipe.data.trees import Values
from recipe.models.randomness import seeded

CLOSE = 1e-5
"""Relative and absolute difference of what is the same: sums in another order, in float32."""
Pair = tuple[nn.Sequential, str, str]
"""A sequence, the name of a ReLU in it, and of the pooling that follows."""


def pool_before_relu(model: nn.Module) -> nn.Module:
    """Let every pooling that follows a ReLU in a sequence come first; the model, changed.

    Names of weights stay: neither of the two has any.
    """
    for sequence, relu, pooling in relus_before_pooling(model):
        parts = sequence._modules  # noqa: SLF001 - setattr would refuse names that are numbers
        parts[relu], parts[pooling] = parts[pooling], parts[relu]
    return model


def relus_before_pooling(model: nn.Module) -> list[Pair]:
    """Where the two may change places: in a plain sequence, not watched by hooks, used once."""
    uses: dict[int, int] = {}
    for module in model.modules():
        for child in module._modules.values():  # noqa: SLF001 - children() leaves repetitions out
            uses[id(child)] = uses.get(id(child), 0) + 1
    found = []
    for sequence in model.modules():
        if type(sequence) is not nn.Sequential:
            continue
        parts = list(sequence._modules.items())  # noqa: SLF001
        for (relu_name, relu), (pool_name, pool) in pairwise(parts):
            alone = uses[id(relu)] == uses[id(pool)] == 1
            if type(relu) is nn.ReLU and _plain_pooling(pool) and alone and not _hooked(relu, pool):
                found.append((sequence, relu_name, pool_name))
    return found


def pooling_may_come_first(
    make: Callable[[], nn.Module], x: Values, loss: Callable[[Tensor], Tensor]
) -> bool:
    """Whether that changes a model, and neither its outputs nor its gradients: a forward method may
    use what is between the two.

    Args:
        make: gives the model with the same weights at every call.
        x: a few items.
        loss: of its outputs for them.

    """
    if not relus_before_pooling(make()):
        return False
    usual, changed = (_passed(model, x, loss) for model in (make(), pool_before_relu(make())))
    return len(usual) == len(changed) and all(
        torch.allclose(a, b, rtol=CLOSE, atol=CLOSE, equal_nan=True)
        for a, b in zip(usual, changed, strict=True)
    )


def _passed(model: nn.Module, x: Values, loss: Callable[[Tensor], Tensor]) -> list[Tensor]:
    """Outputs, and the gradient of every weight that has one."""
    with seeded(0, x.device):  # the same dropout for both
        outputs = model(x.clone())
        loss(outputs).backward()  # type: ignore[no-untyped-call]
    return [outputs.detach(), *(p.grad for p in model.parameters() if p.grad is not None)]


def _plain_pooling(module: nn.Module) -> bool:
    kinds = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
    return type(module) in kinds and not module.return_indices


def _hooked(*modules: nn.Module) -> bool:
    names = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return any(getattr(module, name) for module in modules for name in names)
