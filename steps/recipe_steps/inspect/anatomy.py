"""What a fresh model shows without training: exact marks of common programming errors."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn

from recipe.plugin import (
    UNUSABLE,
    Context,
    Scalar,
    TensorData,
    Tree,
    UsageError,
    Values,
    adapter_of,
    batch_norms,
    build_model,
    copies,
    every_tensor,
    iterations_per_epoch,
    join,
    no_dropout,
    said_of,
    seeded,
)
from recipe_steps.inspect.own_gradients import own_gradients
from recipe_steps.inspect.progress import progress
from recipe_steps.inspect.remedies import unfrozen
from recipe_steps.inspect.shared_layers import shared_layers
from recipe_steps.inspect.shared_norms import shared_norms
from recipe_steps.inspect.turned_axes import turned_axes
from recipe_steps.rows import as_tensor

ITEMS = 8
"""Items of the batches that are passed through the model."""
MANY_ITEMS = 32
"""Items whose steps are looked at: the largest value of one may hide the others."""
HARMLESS = 0.01
"""Share of the weights that may be frozen at random without a trial."""
FORGETFUL = 0.9
"""Momentum from which running statistics are those of the last batch, or two of them."""
NAMED = 3
"""Parameters named in a message."""
TINY = 1e-30


def anatomy(ctx: Context, train: TensorData) -> dict[str, Scalar]:
    """Scalars about one fresh model on a few items.

    `evaluation_difference` and `batch_mixing` are relative to the largest output, in evaluation
    mode: of a second pass over the same batch, and of item 0 when its neighbours are others.
    """
    model = build_model(ctx.experiment, ctx.seed_for("weights"), ctx.device)
    x = train.copied(0, ITEMS)[0]
    scalars = _repeatability(ctx, model.eval(), x, train) | _parameters(model) | _frozen(ctx, model)
    scalars |= _moving_norms(ctx, model, x) | _odd_momentum(ctx, model) | shared_layers(model)
    scalars |= shared_norms(ctx, model, x) | own_gradients(ctx, model, x)
    scalars |= turned_axes(ctx, model.eval(), train)
    if ctx.experiment.update is None:
        scalars |= _reach(ctx, model.train(), x, train)
        scalars |= _ignored_steps(ctx, model, train.copied(0, MANY_ITEMS)[0])
    else:
        scalars |= _unregistered(ctx, model.train(), x, train)
    return scalars


def _repeatability(
    ctx: Context, model: nn.Module, x: Values, train: TensorData
) -> dict[str, Scalar]:
    def outputs(batch: Values, draw: str) -> Tensor:
        with torch.no_grad(), seeded(ctx.seed_for(draw), ctx.device):
            found = as_tensor(ctx.task.looked_at(model(batch.clone())))
        return torch.zeros(0) if found is None else found.float()

    first = outputs(x, "first pass")
    if not first.numel():
        return {}
    scalars = {"evaluation_difference": _difference(first, outputs(x, "second pass"))}
    if not scalars["evaluation_difference"] and len(first) == len(x) > 1:
        turned = outputs(x[torch.arange(len(x) - 1, -1, -1)], "first pass")
        scalars["batch_place"] = _difference(first, turned.flip(0))
    others, _ = train.copied(len(x), 2 * len(x) - 1)
    if len(others) < len(x) - 1:  # of a few rows: each item among copies of itself
        others = copies(x[:1], len(x) - 1)
    by_batch = any(not layer.track_running_stats for layer in batch_norms(model))
    if len(others) == len(x) - 1 > 0 and len(first) == len(x) and not by_batch:
        # A recurrent layer that takes the batch for time looks back only, or ahead only.
        scalars["batch_mixing"] = max(
            _difference(first[0], outputs(join([x[:1], others]), "first pass")[0]),
            _difference(first[-1], outputs(join([others, x[-1:]]), "first pass")[-1]),
        )
    return dict(scalars)


def _difference(a: Tensor, b: Tensor) -> float:
    """Largest difference, relative to the largest value."""
    if a.shape != b.shape:
        return 1.0
    return ((a - b).abs().max() / a.abs().max().clamp(min=TINY)).item()


def _parameters(model: nn.Module) -> dict[str, Scalar]:
    parameters = list(model.parameters())
    return {
        **({"adapted": True} if adapter_of(model) is not None else {}),
        "parameters": sum(p.numel() for p in parameters),
        "trainable_parameters": sum(p.numel() for p in parameters if p.requires_grad),
    }


def _frozen(ctx: Context, model: nn.Module) -> dict[str, Scalar]:
    """How much of the model is frozen at weights that another seed would draw otherwise, and what
    a short training gains by training them too. Pretrained weights are always the same.
    """
    frozen = {name: p for name, p in model.named_parameters() if not p.requires_grad}
    if not frozen or not any(p.requires_grad for p in model.parameters()):
        return {}
    other = dict(build_model(ctx.experiment, ctx.seed_for("other"), ctx.device).named_parameters())
    drawn = [p for name, p in frozen.items() if not torch.equal(p, other[name])]
    share = sum(p.numel() for p in drawn) / sum(p.numel() for p in model.parameters())
    if not drawn or ctx.experiment.update is not None or share < HARMLESS:
        return {"random_frozen_share": share}
    gain = progress(ctx, unfrozen(ctx.experiment), ctx.data) - progress(
        ctx, ctx.experiment, ctx.data
    )
    return {"random_frozen_share": share, "unfrozen_gain": gain}


def _moving_norms(ctx: Context, model: nn.Module, x: Values) -> dict[str, Scalar]:
    """Of the batch norms whose parameters are all frozen, those whose running statistics move in a
    pass in training mode. The statistics are put back.
    """
    names = {id(layer): name for name, layer in model.named_modules()}
    frozen = {
        names[id(layer)]: layer for layer in batch_norms(model)
        if any(True for _ in layer.parameters())
        and not any(p.requires_grad for p in layer.parameters())
    }  # fmt: skip
    if not frozen:
        return {}
    before = {n: v.clone() for n, v in model.state_dict().items() if isinstance(v, Tensor)}
    with torch.no_grad(), seeded(ctx.seed_for("norms"), ctx.device), suppress(Exception):
        model.train()(x.clone())  # what it raises is told of where gradients are looked at
    moving = [
        name for name, layer in frozen.items()
        if layer.running_mean is not None
        and not torch.equal(layer.running_mean, before[f"{name}.running_mean"])
    ]  # fmt: skip
    model.load_state_dict(before, strict=False)
    model.eval()
    return {
        "frozen_norms": len(frozen),
        "moving_norms": len(moving),
        "moving_norm_names": ", ".join(moving[:NAMED]),
    }


def _odd_momentum(ctx: Context, model: nn.Module) -> dict[str, Scalar]:
    """Batch norms whose running statistics are those of the last batches alone, those that keep
    the ones of a fresh layer for ever, and the largest share of a fresh layer's that is left in any
    after a training as declared: (1 - momentum) ** updates.
    """
    layers = [
        layer for layer in batch_norms(model)
        if layer.track_running_stats and layer.momentum is not None
        and (layer.weight is None or layer.weight.requires_grad)
    ]  # fmt: skip
    if not layers:
        return {}
    momenta = [layer.momentum or 0.0 for layer in layers]
    forgetful = [momentum for momentum in momenta if momentum >= FORGETFUL]
    fresh = [layer for layer in layers if _fresh_statistics(layer)]
    still = [layer for layer in fresh if layer.momentum == 0]
    batches = iterations_per_epoch(ctx.data.train, ctx.experiment.batch_size)
    updates = batches * (ctx.experiment.epochs or 1)
    shares = [layer.momentum or 0.0 for layer in fresh]
    left = [(1 - share) ** updates for share in shares if 0 < share < 1]
    return {
        "norms": len(layers),
        "forgetful_norms": len(forgetful),
        "norm_momentum": max(forgetful, default=None),
        "still_norms": len(still),
        "norm_share_left": max(left, default=None),
        "norm_updates": updates,
    }


def _fresh_statistics(layer: nn.modules.batchnorm._BatchNorm) -> bool:
    mean, var = layer.running_mean, layer.running_var
    if mean is None or var is None:
        return False
    return not bool(mean.any()) and bool((var == 1).all())


def _ignored_steps(ctx: Context, model: nn.Module, x: Values) -> dict[str, Scalar]:
    """Of real-valued sequences [N, T, D], the share of the T steps that no output depends on."""
    if isinstance(x, Tree) or x.ndim != 3 or not x.is_floating_point():
        return {}
    given = x.clone().requires_grad_()
    with torch.enable_grad(), seeded(ctx.seed_for("steps"), ctx.device), no_dropout(model):
        outputs = as_tensor(model(given))
        if outputs is None:
            return {}
        outputs = outputs.float()
        weights = torch.randn_like(outputs)
        try:
            (gradient,) = torch.autograd.grad((outputs * weights).sum(), given, allow_unused=True)
        except RuntimeError:
            return {}  # outputs without a gradient: other marks say so
    if gradient is None or not bool(gradient.any()):
        return {}
    return {
        "sequence_length": x.shape[1],
        "ignored_steps": (gradient.abs().amax((0, 2)) == 0).float().mean().item(),
    }


def _reach(ctx: Context, model: nn.Module, x: Values, train: TensorData) -> dict[str, Scalar]:
    """Which tensors the outputs depend on, compared with the model's parameters.

    A parameter counts as reached when any of several passes uses it: experts and blocks that are
    left out at random take part in some of them.
    """
    given = x.clone()
    with torch.enable_grad(), seeded(ctx.seed_for("forward"), ctx.device):
        try:
            outputs, again = model(given), model(x.clone())
        except Exception as error:
            who = "The model runs in evaluation mode but not in training mode: it"
            otherwise = "look at what forward does where self.training is true"
            told = said_of(error, who, otherwise, f" for {len(x)} items")
            raise UsageError(told) from error
    if not isinstance(outputs, Tensor | Tree):
        raise UsageError(
            f"In training mode the model returns {type(outputs).__name__}: return a tensor, or "
            "pass outputs=, a function from what it returns to the outputs."
        )
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if not named and not any(tensor.requires_grad for tensor in every_tensor(outputs)):
        return {}
    _, y = train.copied(0, len(x))
    outputs, again = _with_loss(ctx, outputs, y), _with_loss(ctx, again, y)
    leaves = {id(leaf): leaf for leaf in _leaves(outputs)}
    own = {id(p) for p in model.parameters()} | {id(b) for b in model.buffers()}
    # A tensor made in forward (an input, a first state) is another one in the next pass.
    kept = {id(leaf) for leaf in _leaves(again)} - own - {id(given)}
    foreign = [leaf for key, leaf in leaves.items() if key in kept]
    used = leaves.keys() | {id(leaf) for leaf in _leaves(again)}
    unreached = [name for name, p in named.items() if id(p) not in used]
    if unreached:
        used |= _used_in_evaluation(ctx, model, train)
        unreached = [name for name in unreached if id(named[name]) not in used]
    if unreached:
        reached = _given_gradients(outputs, named)
        unreached = [name for name in unreached if name not in reached]
    return {
        "unregistered": len(foreign),
        "unregistered_shapes": ", ".join(str(list(leaf.shape)) for leaf in foreign[:NAMED]),
        "unreached": len(unreached),
        "unreached_names": ", ".join(unreached[:NAMED]),
        "unreached_share": sum(named[name].numel() for name in unreached)
        / max(1, sum(p.numel() for p in named.values())),
    }


def _unregistered(
    ctx: Context, model: nn.Module, x: Values, train: TensorData
) -> dict[str, Scalar]:
    """Of `_reach` what is wrong whatever an own update step computes."""
    try:
        found = _reach(ctx, model, x, train)
    except UsageError:  # forward in training mode may be for that step alone
        return {}
    return {name: value for name, value in found.items() if name.startswith("unregistered")}


def _given_gradients(outputs: Values, named: dict[str, nn.Parameter]) -> set[str]:
    """The parameters that a backward pass from the outputs gives a gradient. One that computes a
    block again, as reentrant checkpoints do, reaches what the graph does not show.
    """
    with torch.enable_grad(), suppress(Exception):  # what it raises, later steps tell
        sums = [tensor.float().sum() for tensor in every_tensor(outputs) if tensor.requires_grad]
        torch.stack(sums).sum().backward()  # type: ignore[no-untyped-call]
    given = {name for name, p in named.items() if p.grad is not None}
    for parameter in named.values():
        parameter.grad = None
    return given


def _with_loss(ctx: Context, outputs: Values, y: Values) -> Values:
    """Of several outputs the loss, which may leave out some of them."""
    if isinstance(outputs, Tensor):
        return outputs
    with torch.enable_grad(), suppress(*UNUSABLE):  # what the loss refuses, others tell
        return ctx.experiment.loss_function(outputs, y.clone())
    return outputs


def _used_in_evaluation(ctx: Context, model: nn.Module, train: TensorData) -> set[int]:
    """Identities of the tensors that the outputs depend on in evaluation mode."""
    with torch.enable_grad(), seeded(ctx.seed_for("evaluation"), ctx.device):
        outputs = model.eval()(train.copied(0, MANY_ITEMS)[0])
        outputs = _with_loss(ctx, outputs, train.copied(0, MANY_ITEMS)[1])
    model.train()
    return {id(leaf) for leaf in _leaves(outputs)}


def _leaves(outputs: Values) -> Iterator[Tensor]:
    """The tensors that the graph of outputs ends in."""
    seen: set[Any] = set()
    waiting: list[Any] = [tensor.grad_fn for tensor in every_tensor(outputs)]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            yield node.variable
        waiting += [following for following, _ in node.next_functions]
