"""What padding does to the outputs of a model."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from recipe.plugin import Scalar, Values, mask_given, mask_parameter
from recipe_steps.inspect import sequence_data as data
from recipe_steps.inspect.passes import ROUNDING, Passes, differ

ROWS = 8
"""Items whose padding is cut."""
KEPT = 8
"""Steps of padding that stay: convolutions have seen all there is then."""
FLOAT32 = 4
"""Bytes."""


def padding_marks(passed: Passes, x: Values, padding: data.Padding) -> dict[str, Scalar]:
    """Scalars about padding: how far outputs change when a part of it is cut off, relative to how
    far they differ between items; and what becomes of the mask.
    """
    name = mask_parameter(passed.model)
    facts: dict[str, Scalar] = {
        "padding_share": 1 - padding.real.float().mean().item(),
        "padding_mask": name,
        "padding_mask_given": name is not None and mask_given(passed.model, x),
    }
    if padding.turned and hasattr(passed.model, "config"):
        facts["padding_mask_turned"] = True  # what masks of Hugging Face's models mean is known
    steps = padding.real.shape[1]
    room = steps - 1 - padding.real.long().cumsum(1).argmax(1)
    rows = room.argsort(descending=True, stable=True)[:ROWS]
    rows = rows[room[rows] > 1]
    if len(rows) < 2 or not _precise(passed.model):
        return facts
    least = int(room[rows].min())
    left = steps - least + min(least // 2, KEPT)
    some, real = x[rows], padding.real[rows]

    def cut(values: Values) -> Values:
        return data.cut(values, padding.part, left)

    other, change = cut, _change(passed, some, cut, real, left)
    if change is None and facts["padding_mask_given"]:  # it takes this many steps and no others
        left, other = steps, partial(_refilled, part=padding.part, real=real)
        change = _change(passed, some, other, real, left)
    if change is None:
        return facts
    facts |= {
        "padding_cut": steps - left if left < steps else None,
        "padding_refilled": int(room[rows].max()) if left == steps else None,
        "padding_change": change[0],
        "padding_by_step": (outputs := passed(some)) is not None and steps in outputs.shape[1:],
        "padding_item": int(rows[change[1]]),
    }
    return facts | (
        _mask_marks(passed, some, padding, other, real=real, left=left) if change[0] else {}
    )


def _refilled(x: Values, part: str, real: Tensor) -> Values:
    """Padding steps hold what real steps of the same item do, in their order."""
    values = data.inputs(x)[part]
    order = (~real).long().argsort(dim=1, stable=True)
    place = torch.arange(real.shape[1], device=real.device) % real.sum(1, keepdim=True).clamp(min=1)
    rows = torch.arange(len(real), device=real.device)[:, None]
    there = values[rows, order.gather(1, place)]
    kept = real.reshape(*real.shape, *[1] * (values.ndim - 2))
    return data.replaced(x, part, torch.where(kept, values, there))


def _precise(model: nn.Module) -> bool:
    """Whether rounding is far below what is looked for: weights are no half-precision numbers."""
    return all(p.element_size() >= FLOAT32 for p in model.parameters() if p.is_floating_point())


def _change(
    passed: Passes, x: Values, other: Callable[[Values], Values], real: Tensor, left: int
) -> tuple[float, int] | None:
    """Largest change of an output, and the place of the item that it is of.

    Args:
        passed: a fresh model.
        x: inputs with padding.
        other: makes inputs with other padding of them, of `left` steps.
        real: [n, steps].
        left: steps then.

    """
    steps = real.shape[1]
    whole, less = passed.steady(x), passed(other(x))
    if whole is None or less is None or whole.ndim != less.ndim:
        return None
    axes = [
        axis for axis in range(1, whole.ndim)
        if (whole.shape[axis], less.shape[axis]) == (steps, left)
    ]  # fmt: skip
    here = torch.ones(len(whole), 1, dtype=torch.bool, device=whole.device)
    if axes:  # an answer for every step: those of real steps have to stay
        here = real[:, :left]
        whole, less = whole.movedim(axes[0], 1)[:, :left], less.movedim(axes[0], 1)
    else:
        whole, less = whole[:, None], less[:, None]
    if whole.shape != less.shape:
        return None
    moved = ((whole - less).abs().flatten(2).amax(2) * here).amax(1)
    spread = max(_spread(whole[here]), _spread(less[here]))
    if not bool(torch.isfinite(moved).all()) or not spread > 0:
        return None
    item = int(moved.argmax())
    if float(moved[item]) <= ROUNDING * float(whole[here].abs().max()):
        return 0.0, item
    return float(moved[item]) / spread, item


def _spread(outputs: Tensor) -> float:
    """How far outputs differ between items, or steps."""
    return float(outputs.flatten(1).std(0, correction=0).square().mean().sqrt())


def _mask_marks(
    passed: Passes, x: Values, padding: data.Padding, other: Callable[[Values], Values],
    *, real: Tensor, left: int,
) -> dict[str, Scalar]:  # fmt: skip
    """Whether the mask has no effect at all, and what padding does when it is turned round."""
    whole = passed(x)
    if padding.mask is None:
        if padding.lengths is None:
            return {}
        full = torch.full_like(data.inputs(x)[padding.lengths], real.shape[1])
        longer = passed(data.replaced(x, padding.lengths, full))
        return {"padding_mask_idle": _same(whole, longer)}
    mask = data.inputs(x)[padding.mask]
    turned = data.replaced(x, padding.mask, (mask == 0).to(mask.dtype))
    change = _change(passed, turned, other, real, left)
    return {
        "padding_mask_idle": _same(whole, passed(turned)),
        "padding_change_turned": None if change is None else change[0],
    }


def _same(a: Tensor | None, b: Tensor | None) -> bool:
    return a is not None and b is not None and not differ(a, b)
