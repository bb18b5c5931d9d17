"""What a model does beside computing outputs: modes that forward switches, values that it keeps
from one batch to the next, and such that a saved model would lack.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from typing import Any

import torch
from torch import Tensor, nn

from recipe.plugin import Context, Scalar, TensorData, Values, build_model, seeded
from recipe_steps.rows import as_tensor

ITEMS = 8
"""Items of a batch."""
BATCHES = 3
"""Passes in training mode after which a model is compared with a saved one."""
NAMED = 3
TINY = 1e-30
_ACTING = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._NormBase)  # noqa: SLF001
"""Layers that do something else in evaluation mode."""


_OF_TORCH = ("training", "_version")
"""Attributes of every module."""


def kept_state(ctx: Context, train: TensorData) -> dict[str, Scalar]:
    """Scalars about two models from the same seed.

    `carried_difference` is the change of the outputs for the same batch, relative to the largest
    of them, when it is seen once more; `lost_difference` that between a model after some batches
    and a fresh one with its `state_dict`.
    """
    scalars: dict[str, Scalar] = {}
    with suppress(Exception):  # what a pass raises, others tell
        model = _built(ctx)
        scalars |= _modes(ctx, model, train.copied(0, ITEMS)[0])
        scalars |= _carried(ctx, train)
        if scalars.get("carried_difference") == 0.0:
            scalars |= _lost(ctx, train)
    return scalars


def _built(ctx: Context) -> nn.Module:
    return build_model(ctx.experiment, ctx.seed_for("weights"), ctx.device)


def _outputs(ctx: Context, model: nn.Module, x: Values) -> Tensor:
    with torch.no_grad(), seeded(ctx.seed_for("kept"), ctx.device):
        found = as_tensor(ctx.task.looked_at(model(x.clone())))
    return torch.zeros(0) if found is None else found.float().clone()


def _difference(a: Tensor, b: Tensor) -> float:
    """Largest difference, relative to the largest value."""
    if a.shape != b.shape:
        return 1.0
    if not a.numel():
        return 0.0
    return float((a - b).abs().max() / a.abs().max().clamp(min=TINY))


def _modes(ctx: Context, model: nn.Module, x: Values) -> dict[str, Scalar]:
    """Layers that ran in another mode than the model was put into, training mode first. Those of a
    part that is frozen may be kept in evaluation mode.
    """
    frozen = [
        name for name, module in model.named_modules()
        if name and any(True for _ in module.parameters())
        and not any(p.requires_grad for p in module.parameters())
    ]  # fmt: skip
    for training in (True, False):
        model.train(training)
        found = dict.fromkeys(_switched(ctx, model, x))
        if training:
            found = {n: None for n in found if not any(f"{n}.".startswith(f"{f}.") for f in frozen)}
        if found:
            return {
                "switched_layers": len(found),
                "switched_names": ", ".join(list(found)[:NAMED]),
                "switched_to": "evaluation" if training else "training",
            }
    return {"switched_layers": 0}


def _switched(ctx: Context, model: nn.Module, x: Values) -> Iterator[str]:
    declared = {name: module.training for name, module in model.named_modules()}
    seen: list[str] = []
    with ExitStack() as hooks:
        for name, module in model.named_modules():
            if not isinstance(module, _ACTING) or getattr(module, "p", 1) == 0:
                continue

            def look(layer: nn.Module, _: Any, name: str = name) -> None:
                if layer.training != declared[name]:
                    seen.append(name or type(layer).__name__)

            hooks.callback(module.register_forward_pre_hook(look).remove)
        _outputs(ctx, model, x)
    yield from seen


def _carried(ctx: Context, train: TensorData) -> dict[str, Scalar]:
    """Whether a batch changes what the same model returns for the next one. In training mode layers
    of PyTorch may, as spectral norm does in its buffers, and a counter may anneal something: there
    tensors in plain attributes alone count.
    """
    x = train.copied(0, ITEMS)[0]
    for training in (False, True):
        model, other = (_built(ctx).train(training) for _ in range(2))
        before = _attributes(model)
        first = _outputs(ctx, model, x)
        names = _changed(before, _attributes(model))
        again = _outputs(ctx, model, x)
        if _difference(first, _outputs(ctx, other, x)) > 0:
            return {}  # something random that no seed of ours reaches
        difference = _difference(first, again)
        tensors = [name for name in names if not isinstance(before.get(name), int | float)]
        if difference > 0 and (tensors or not training):
            return {"carried_difference": difference, "carried_names": ", ".join(names[:NAMED])}
    return {"carried_difference": 0.0}


def _lost(ctx: Context, train: TensorData) -> dict[str, Scalar]:
    """Whether a fresh model with the saved state of another is the same model."""
    model, fresh = _built(ctx), _built(ctx)
    before = _attributes(model)
    model.train()
    for number in range(BATCHES):
        x, _ = train.copied(number * ITEMS, (number + 1) * ITEMS)
        if len(x) > 1:
            _outputs(ctx, model, x)
    names = _changed(before, _attributes(model))
    x = train.copied(0, ITEMS)[0]
    outputs = _outputs(ctx, model.eval(), x)
    fresh.load_state_dict(model.state_dict())
    found = _difference(outputs, _outputs(ctx, fresh.eval(), x))
    return {"lost_difference": found, "lost_names": ", ".join(names[:NAMED])}


def _attributes(model: nn.Module) -> dict[str, Any]:
    """Tensors and numbers that modules keep beside parameters and buffers, by name."""
    found: dict[str, Any] = {}
    for prefix, module in model.named_modules():
        for name, value in vars(module).items():
            if name in _OF_TORCH or (name.startswith("_") and not _is_value(value)):
                continue
            found |= dict(_values(f"{prefix}.{name}".lstrip("."), value))
    return found


def _values(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if _is_value(value):
        yield name, value.detach().clone() if isinstance(value, Tensor) else value
        return
    parts = value.values() if isinstance(value, Mapping) else value
    if isinstance(value, list | tuple | dict):
        kept = [each for each in parts if _is_value(each)]
        if kept:
            yield name, [e.detach().clone() if isinstance(e, Tensor) else e for e in kept]


def _is_value(value: Any) -> bool:
    return isinstance(value, Tensor | int | float) and not isinstance(value, bool)


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name, value in after.items() if not _same(before.get(name), value)]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        both = isinstance(a, Tensor) and isinstance(b, Tensor)
        return both and a.shape == b.shape and torch.equal(a, b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return bool(a == b)
