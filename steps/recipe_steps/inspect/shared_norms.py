"""Whether one layer of batch normalisation stands in places whose values are not alike."""

import json
from contextlib import suppress
from itertools import combinations

import torch
from torch import Tensor, nn

from recipe.plugin import Context, Scalar, Values, batch_norms, seeded

Figures = list[tuple[Tensor, Tensor]]


def shared_norms(ctx: Context, model: nn.Module, x: Values) -> dict[str, Scalar]:
    """`norms_shared`: how often each layer is called in one pass, by name, in JSON, of those with
    running statistics that are called more than once; `norm_apart`: how far apart the values of two
    calls are, at most: their means in deviations, or the logarithm of the ratio of their
    deviations, the mean over the channels. Nothing where each is called once.

    Args:
        ctx: of the step.
        model: fresh; its statistics and its mode stay as they are.
        x: a few items.

    """
    names = {id(layer): name for name, layer in model.named_modules()}
    layers = [layer for layer in batch_norms(model) if layer.running_mean is not None]
    if not layers:
        return {}
    calls: dict[str, Figures] = {names[id(layer)]: [] for layer in layers}

    def seen(layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        values = given[0].detach().float().transpose(0, 1).flatten(1)
        calls[names[id(layer)]].append((values.mean(1), values.std(1)))

    mode = model.training
    before = {n: v.clone() for n, v in model.state_dict().items() if isinstance(v, Tensor)}
    hooks = [layer.register_forward_pre_hook(seen) for layer in layers]
    with torch.no_grad(), seeded(ctx.seed_for("norms"), ctx.device), suppress(Exception):
        model.train()(x.clone())  # what it raises is told of where gradients are looked at
    for hook in hooks:
        hook.remove()
    model.load_state_dict(before, strict=False)
    model.train(mode)
    shared = {name: found for name, found in calls.items() if len(found) > 1}
    if not shared:
        return {}
    return {
        "norms_shared": json.dumps({name: len(found) for name, found in shared.items()}),
        "norm_apart": max(map(_apart, shared.values())),
    }


def _apart(found: Figures) -> float:
    most = 0.0
    for (mean, deviation), (other, width) in combinations(found, 2):
        least = 1e-6 + torch.minimum(deviation, width)
        shift = ((mean - other).abs() / least).clamp(max=10)
        ratio = ((deviation + 1e-6) / (width + 1e-6)).log().abs()
        most = max(most, float(torch.maximum(shift, ratio).mean()))
    return most
