"""The blocks of a model from its input to its head, and models whose lower blocks are frozen."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch import nn

from recipe.core.errors import UsageError
from recipe.core.names import named_as, unknown
from recipe.data.trees import Values

_STILL = "_recipe_still"
LEAST = 3
"""Blocks with parameters that a model has to be cut into, where it has as many."""
MOST_IN_ONE = 0.5
"""Share of the layers that one block may hold; a larger one is cut into its children."""
NORMS = (
    nn.modules.batchnorm._NormBase,  # noqa: SLF001 - the base of all of them
    nn.LayerNorm,
    nn.GroupNorm,
    nn.LocalResponseNorm,
    nn.RMSNorm,
)
"""Layers that belong to what they normalise."""

Block = tuple[str, ...]
"""Names of modules, and of parameters that a cut module held itself, in the order of their use."""


def check_head(model: nn.Module, head: str) -> None:
    """Raise UsageError when the model has no module of this name, or one without parameters."""
    modules = dict(model.named_modules())
    if not head or head not in modules:
        known = [name for name, m in modules.items() if name and any(True for _ in m.parameters())]
        raise UsageError(unknown("head", head, known))
    if not any(True for _ in modules[head].parameters()):
        raise UsageError(
            f"The head {head!r} is a {type(modules[head]).__name__} without parameters: name the "
            "layer that gives the outputs."
        )


def in_head(name: str, head: str | None) -> bool:
    """Whether a module, parameter or buffer of this name is the head, or lies in it."""
    return head is not None and (name == head or name.startswith(f"{head}."))


def find_blocks(model: nn.Module, head: str | None, x: Values | None = None) -> tuple[Block, ...]:
    """The model without its head in blocks, the lowest first.

    These are the children of the model in the order of their first call. Containers are cut into
    their children until there are three blocks and none holds more than half of the layers; layers
    without parameters and norms join the block before them.

    Args:
        model: with or without pretrained weights; of any mode.
        head: name of the module that gives the outputs; None where none was declared.
        x: a few inputs [n, ...] for a pass in evaluation mode; without them, and where the pass
            fails, the order is that in which the modules were registered.

    """
    modules = dict(model.named_modules())
    order = _calls(model, x) if x is not None else {}
    parts = _children(modules, "", head)
    while (cut := _to_cut(parts, modules, order, head)) is not None:
        at = parts.index(cut)
        parts[at : at + 1] = _children(modules, cut, head)
    parts.sort(key=lambda name: _first(name, order, modules))  # stable: uncalled ones stay in place
    blocks: list[list[str]] = []
    for name in parts:
        joins = _has_no_weights(modules[name]) or isinstance(modules[name], NORMS)
        if blocks and (joins or _has_no_weights(*(modules[n] for n in blocks[-1]))):
            blocks[-1].append(name)
        else:
            blocks.append([name])
    if len(blocks) > 1 and _has_no_weights(*(modules[n] for n in blocks[-1])):
        blocks[-2:] = [blocks[-2] + blocks[-1]]
    if loose := _loose(model, parts, head):
        blocks[:1] = [[*loose, *(blocks[0] if blocks else ())]]
    return tuple(tuple(block) for block in blocks)


def freeze(model: nn.Module, blocks: Sequence[Block], count: int, head: str | None) -> None:
    """Freeze the lowest `count` blocks of a model of our own.

    Their parameters get no gradient, and they stay in evaluation mode through `model.train()`:
    running statistics stand still, dropout is off. With all blocks frozen everything but the head
    is in evaluation mode.

    Raises:
        UsageError: there are not as many blocks.

    """
    if count == 0:
        return
    if count > len(blocks):
        raise UsageError(
            f"freeze={count}, but the model has {len(blocks)} blocks"
            f"{f' below its head {head!r}' if head else ''}: freeze at most {len(blocks)}."
        )
    modules, parameters = dict(model.named_modules()), dict(model.named_parameters())
    whole = head is not None and count == len(blocks)
    names = list(modules) if whole else [name for block in blocks[:count] for name in block]
    still: list[str] = []
    for name in names:
        inside = [n for n in modules if n == name or n.startswith(f"{name}.")] if name else [""]
        still += [n for n in inside if not in_head(n, head)]
    frozen = set(still)
    for name, parameter in parameters.items():
        owner = name.rpartition(".")[0]
        if owner in frozen or name in names:
            parameter.requires_grad_(False)
    _keep_still(model, sorted(frozen))


def _keep_still(model: nn.Module, names: Sequence[str]) -> None:
    """Let `train()` leave these modules in evaluation mode; a copy of the model does so too."""
    if _STILL not in vars(model):
        model.__class__ = _still(type(model))  # type: ignore[arg-type]
    vars(model)[_STILL] = tuple(names)
    model.train(model.training)


@cache
def _still(kind: type[nn.Module]) -> type[nn.Module]:
    """In the class and not in the model, which would refer to itself then: only the garbage
    collector would give its memory back.
    """

    class Still(kind):  # type: ignore[misc, valid-type]
        def train(self, mode: bool = True) -> Any:
            super().train(mode)
            modules = dict(self.named_modules())
            for name in vars(self)[_STILL]:
                if name in modules:
                    modules[name].training = False
            return self

    named_as(Still, kind)
    return Still


def _calls(model: nn.Module, x: Values) -> dict[str, int]:
    """When each module is called first in a pass over `x`."""
    order: dict[str, int] = {}

    def note(name: str) -> Callable[[nn.Module, Any], None]:
        def hook(_: nn.Module, __: Any) -> None:
            order.setdefault(name, len(order))

        return hook

    hooks = [m.register_forward_pre_hook(note(name)) for name, m in model.named_modules()]
    mode = model.training
    try:
        with torch.no_grad():
            model.eval()(x.clone())
    except Exception:  # noqa: BLE001 - the first step says what is wrong
        return {}
    finally:
        model.train(mode)
        for hook in hooks:
            hook.remove()
    return order


def _children(modules: dict[str, nn.Module], name: str, head: str | None) -> list[str]:
    """Names of a module's children; where the head lies in one, that one's children instead."""
    found: list[str] = []
    for child, _ in modules[name].named_children():
        full = f"{name}.{child}" if name else child
        if full == head or full not in modules:
            continue
        holds_head = head is not None and head.startswith(f"{full}.")
        found += _children(modules, full, head) if holds_head else [full]
    return found


def _to_cut(
    parts: Sequence[str], modules: dict[str, nn.Module], order: dict[str, int], head: str | None
) -> str | None:
    """The part that has to be cut further."""
    layers = {name: _layers(modules[name]) for name in parts}
    weighty = [name for name in parts if layers[name]]
    total = sum(layers.values())
    cuttable = [
        name for name in weighty
        if layers[name] > 1 and sum(_layers(modules[c]) > 0 for c in _children(modules, name, head))
    ]  # fmt: skip
    for name in cuttable:
        if name not in order and any(child in order for child in _children(modules, name, head)):
            return name  # a list of modules, which is not called itself
    largest = max(cuttable, key=lambda name: layers[name], default=None)
    if largest is None:
        return None
    few = len(weighty) < LEAST
    return largest if few or layers[largest] > MOST_IN_ONE * total else None


def _layers(module: nn.Module) -> int:
    """How many layers with weights of their own it holds, norms left out."""
    return sum(
        not isinstance(m, NORMS) and any(True for _ in m.parameters(recurse=False))
        for m in module.modules()
    )


def _has_no_weights(*modules: nn.Module) -> bool:
    return not any(True for module in modules for _ in module.parameters())


def _first(name: str, order: dict[str, int], modules: dict[str, nn.Module]) -> int:
    """When a part, or the first module in it, is called; one that never is comes last."""
    inside = (order[n] for n in modules if (n == name or n.startswith(f"{name}.")) and n in order)
    return min(inside, default=len(order)) if order else 0


def _loose(model: nn.Module, parts: Sequence[str], head: str | None) -> list[str]:
    """Parameters of modules that were cut: a class token, an embedding of positions."""
    return [
        name for name, _ in model.named_parameters()
        if not in_head(name, head) and not any(name.startswith(f"{part}.") for part in parts)
    ]  # fmt: skip
