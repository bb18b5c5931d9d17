"""Whether an own update step that passes a batch in parts, or gathers several batches, updates as
one pass over all of it would.

The comparison needs no second training: with the outputs that the update step itself saw, the
declared loss says what gradient every output should get, and hooks say which one it got. Their
ratio is the weight of an item. It is the same for all of them, and one, where the parts add up to
the whole.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recipe.plugin import (
    Context,
    Scalar,
    TensorData,
    batch_norms,
    build_model,
    build_optimizer,
    own_update,
    seeded,
    usual_rates,
)
from recipe_steps.overfit_sample.passes_seen import Forward, Watch, Window

Pair = tuple[Tensor, Tensor]
CALLS, ENOUGH, BATCHES = 20, 3, 3
"""Calls of an update step at most, updates that are looked at, and batches of the declared size."""
SAME = 1e-3
"""Relative difference of two weights that are the same: rounding of float32, with room for
autocast in sums."""
PARALLEL = 2e-2
"""Share of a gradient that may lie beside that of the declared loss; beyond, the update step has a
loss of its own, of which nothing is known."""
NOTHING = 1e-6


@dataclass
class Weighed:
    """What one update made of its items."""

    parts: int
    """Passes that its items came in."""
    by_part: list[float]
    """Mean weight of the items of each pass, as the gradient of the outputs has it."""
    shares: list[float]
    """Of each pass, of the targets that count."""
    kept: list[float]
    """What each pass's gradient is multiplied by until the step."""
    spread: float
    """Largest relative difference of weights inside of a pass."""
    missing: int
    """Items of its batches that never came."""
    items: int
    ignored: float
    """Share of the gradient that falls on targets that do not count."""
    counted: float
    """Share of targets that count."""


def accumulation_marks(ctx: Context) -> dict[str, Scalar]:
    """Scalars, from batches of the declared size and of that of the last one of an epoch; nothing
    where the update step cannot be followed, or goes by a loss of its own.
    """
    size = min(ctx.experiment.batch_size, len(ctx.data.train))
    generator = torch.Generator().manual_seed(ctx.seed_for("parts"))
    sample = ctx.data.train.sample(min(BATCHES * size, len(ctx.data.train)), generator)
    if not isinstance(sample.x, Tensor) or not isinstance(sample.y, Tensor):
        return {}
    found: dict[str, Scalar] = {}
    with suppress(RuntimeError, ValueError, LookupError, TypeError, AttributeError):
        found = _reseeds(ctx, sample, size)
    rest = len(ctx.data.train) % size
    for items in dict.fromkeys((size, *([rest] if 1 < rest < len(sample) else []))):
        with suppress(RuntimeError, ValueError, LookupError, TypeError, AttributeError):
            found = _worse(found, _marks(ctx, sample, items))
    return found


def _worse(one: dict[str, Scalar], other: dict[str, Scalar]) -> dict[str, Scalar]:
    """Of two batch sizes the one with a fault."""
    return one | other if other.get("accumulation_fault") or not one else one


def _batches(sample: TensorData, size: int) -> list[Pair]:
    starts = range(0, len(sample) - size + 1, size) or (0,)
    found = [sample.copied(k, k + size) for k in starts]
    return [(x, y) for x, y in found if isinstance(x, Tensor) and isinstance(y, Tensor)]


def _marks(ctx: Context, sample: TensorData, size: int) -> dict[str, Scalar]:
    batches = _batches(sample, size)
    model = build_model(ctx.experiment, ctx.seed_for("update"), ctx.device).train()
    lr = (ctx.experiment.lr or usual_rates(ctx.experiment)[1]) / 10
    optimizer = build_optimizer(replace(ctx.experiment, weight_decay=0.0), model, lr)
    watch, given = Watch(model, optimizer), []
    with seeded(ctx.seed_for("update"), ctx.device):
        for call in range(CALLS):
            x, y = batches[call % len(batches)]
            given.append((x, y))
            with watch.following():
                own_update(ctx.experiment, model, optimizer, (x.clone(), y.clone()))
            if len(watch.windows) >= ENOUGH:
                break
    return judged(ctx, watch.windows, given, norm=bool(batch_norms(model)))


def judged(
    ctx: Context, windows: Sequence[Window], given: Sequence[Pair], *, norm: bool
) -> dict[str, Scalar]:
    """What the updates tell; `given` are the batches by calls."""
    per_call = [sum(window.call == call for window in windows) for call in range(len(given))]
    parted = [w for w in windows if len(w.forwards) > 1 or len(w.forwards[0].x) < len(given[0][0])]
    weighed = [_weighed(ctx, window, given) for window in windows if window.forwards]
    known = [one for one in weighed if one is not None]
    if len(known) < len(windows) or not known:
        return {}
    scalars: dict[str, Scalar] = {
        "accumulation_parts": max(one.parts for one in known),
        "accumulation_items": len(given[0][0]),
    }
    steps = max(per_call)
    if steps > 1 and _disjoint(windows, given):
        return scalars | {"accumulation_fault": "a step for each part", "accumulation_steps": steps}
    if any(window.rates > 1 for window in windows):
        most = max(window.rates for window in windows)
        return scalars | {"accumulation_fault": "rates", "accumulation_steps": most}
    for window, one in zip(windows, known, strict=True):
        if fault := _fault(window, one):
            return scalars | fault
    averages = [one.by_part[0] for one in known]
    if len(averages) > 1 and all(
        abs(weight - one.counted) < SAME for weight, one in zip(averages, known, strict=True)
    ) and min(one.counted for one in known) < 1 - SAME:  # fmt: skip
        return scalars | {"accumulation_fault": "padding", "accumulation_counted": known[0].counted}
    if norm and parted:
        return scalars | {"accumulation_fault": "batch norm"}
    return scalars


def _disjoint(windows: Sequence[Window], given: Sequence[Pair]) -> bool:
    """Whether each update of a call sees items of its own, and not all of them."""
    seen: dict[int, list[int]] = {}
    for window in windows:
        if any(forward.call != window.call for forward in window.forwards):
            return False
        rows = [k for f in window.forwards for k in _rows(f, given[f.call][0])]
        if len(rows) >= len(given[window.call][0]):
            return False
        seen.setdefault(window.call, []).extend(rows)
    return all(len(rows) == len(set(rows)) for rows in seen.values())


def _rows(forward: Forward, x: Tensor) -> list[int]:
    """Which items of a batch a pass was of; -1 for one that is none of them."""
    if forward.x.shape[1:] != x.shape[1:]:
        return [-1]
    free = list(range(len(x)))
    found = []
    for row in forward.x:
        place = next((k for k in free if torch.equal(x[k], row)), -1)
        if place >= 0:
            free.remove(place)
        found.append(place)
    return found


def _weighed(ctx: Context, window: Window, given: Sequence[Pair]) -> Weighed | None:
    """The weights of the items of an update; None where they are not those of the declared loss."""
    places = [[(f.call, k) for k in _rows(f, given[f.call][0])] for f in window.forwards]
    every = [place for rows in places for place in rows]
    if len(every) != len(set(every)) or any(k < 0 for _, k in every):
        return None  # a second look at the same items, or items that were changed
    if any(forward.grad is None for forward in window.forwards):
        return None
    outputs = torch.cat([f.outputs for f in window.forwards]).requires_grad_()
    y = torch.stack([given[call][1][k] for call, k in every])
    loss = ctx.experiment.loss_function(outputs, y)
    (wanted,) = torch.autograd.grad(loss, outputs)
    got = torch.cat([f.grad for f in window.forwards if f.grad is not None])
    counted = ctx.task.counted(y)
    aside = 0.0
    if counted.shape == got.shape[: counted.ndim]:
        aside = _size(got[~counted])
        got = got * counted.reshape(*counted.shape, *[1] * (got.ndim - counted.ndim))
    weights, beside = _ratios(got, wanted)
    if beside > PARALLEL:
        return None
    sizes = [len(f.x) for f in window.forwards]
    parts = torch.split(weights, sizes)
    known = [part[part.isfinite()] for part in parts]
    means = [float(part.mean()) if len(part) else float("nan") for part in known]
    spread = max((float(p.max() - p.min()) / abs(m) for p, m in zip(known, means, strict=True)
                  if len(p) and m), default=0.0)  # fmt: skip
    calls = {call for call, _ in every}
    missing = sum(len(given[call][0]) for call in calls) - len(every)
    return Weighed(
        len(sizes), means, _shares(counted, sizes), _kept(window), spread, missing, len(every),
        aside / max(_size(got), 1e-30), float(counted.float().mean()),
    )  # fmt: skip


def _shares(counted: Tensor, sizes: Sequence[int]) -> list[float]:
    whole = max(1, int(counted.sum()))
    return [int(part.sum()) / whole for part in torch.split(counted, list(sizes))]


def _size(values: Tensor) -> float:
    return float(values.norm()) if values.numel() else 0.0


def _ratios(got: Tensor, wanted: Tensor) -> tuple[Tensor, float]:
    """By how much each item's gradient is that which is wanted, NaN where that is nothing; and the
    largest share of one that lies beside.
    """
    a, b = got.flatten(1).double(), wanted.flatten(1).double()
    squares = b.square().sum(1)
    some = squares > NOTHING * squares.max()
    weights = torch.where(some, (a * b).sum(1) / squares.clamp(min=1e-300), torch.nan)
    rest = (a - weights.nan_to_num()[:, None] * b).norm(dim=1) / a.norm(dim=1).clamp(min=1e-300)
    return weights, float(rest[some].max()) if bool(some.any()) else 0.0


def _kept(window: Window) -> list[float]:
    """What each pass's gradient counts in the one that the optimizer steps with: least squares over
    all parameters.
    """
    names = [n for n in window.stepped if all(n in fresh for fresh in window.fresh)]
    if not names:
        return []
    rows = [torch.cat([f[n].flatten() for n in names]).double() for f in window.fresh]
    matrix = torch.stack(rows, 1)
    target = torch.cat([window.stepped[n].flatten() for n in names]).double()
    found = torch.linalg.lstsq(matrix, target[:, None]).solution[:, 0]
    if _size(matrix @ found - target) > PARALLEL * _size(target):
        return []
    return [float(found[f.backward]) for f in window.forwards]


def _fault(window: Window, one: Weighed) -> dict[str, Scalar]:
    """The likeliest cause of weights that are not one."""
    parts, kept = one.by_part, one.kept or [1.0] * one.parts
    if one.parts > 1 and one.missing:
        return {"accumulation_fault": "items left out", "accumulation_missing": one.missing}
    if one.ignored > NOTHING and one.spread < SAME:
        return {"accumulation_fault": "padding", "accumulation_counted": one.counted}
    if one.parts > 1 and max(map(abs, kept)) > 0 and (
        min(map(abs, kept)) < SAME * max(map(abs, kept))
    ):  # fmt: skip
        return {"accumulation_fault": "cleared"}
    uneven = _differ(kept)
    between = [done for done in window.clipped if 0 < done < len(window.fresh)]
    if one.parts > 1 and uneven and between:
        return {"accumulation_fault": "clipped apart"}
    if window.clipped and window.scaled_after > _SCALED_ONCE:
        return {"accumulation_fault": "clipped before unscaling"}
    times = sum(a * b for a, b in zip(parts, one.shares, strict=True))
    divided = abs(kept[0] * times - 1) < SAME
    if one.parts > 1 and abs(times / one.parts - 1) < SAME and not divided:
        return {"accumulation_fault": "not divided"}
    if one.parts > 1 and _differ([a * b for a, b in zip(parts, kept, strict=True)]):
        low, high = min(parts), max(parts)
        return {"accumulation_fault": "mean of means", "accumulation_low": low,
                "accumulation_high": high}  # fmt: skip
    return {}


_SCALED_ONCE = 1


def _differ(values: Sequence[float]) -> bool:
    known = [value for value in values if value == value]  # noqa: PLR0124 - NaN differs from itself
    return bool(known) and max(known) - min(known) > SAME * max(map(abs, known))


def _reseeds(ctx: Context, sample: TensorData, size: int) -> dict[str, Scalar]:
    """Whether a call sets the seed: random numbers then end at one place wherever they began."""
    batch = _batches(sample, size)[0]
    ends, began = [], []
    for seed in (1, 2):
        model = build_model(ctx.experiment, ctx.seed_for("update"), ctx.device).train()
        optimizer = build_optimizer(replace(ctx.experiment, weight_decay=0.0), model, 1e-6)
        with seeded(seed, ctx.device):
            began.append(torch.get_rng_state())
            own_update(ctx.experiment, model, optimizer, (batch[0].clone(), batch[1].clone()))
            ends.append(torch.get_rng_state())
    if torch.equal(*ends) and not torch.equal(*began):
        return {"accumulation_fault": "seed", "accumulation_items": len(batch[0])}
    return {}
