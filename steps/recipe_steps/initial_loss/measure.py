"""The loss of fresh models, and what it should be."""

import copy
import math
import time
from contextlib import suppress

import torch
from torch import Tensor, nn

from recipe.plugin import (
    Context,
    Embedding,
    Evidence,
    Experiment,
    Scalar,
    Task,
    TensorData,
    Tree,
    Values,
    build_model,
    build_optimizer,
    join,
    no_dropout,
    optimizer_family,
    origin_of_nan,
    seeded,
    split,
)
from recipe_steps.initial_loss.last_bias import last_bias_marks
from recipe_steps.initial_loss.last_operation import last_operation, operation_below_softmax
from recipe_steps.initial_loss.layers import layer_marks
from recipe_steps.initial_loss.loss_behaviour import loss_marks
from recipe_steps.initial_loss.scale_free import takes_any_scale
from recipe_steps.initial_loss.shrunk_weights import (
    loss_with_shrunk_weights,
    loss_with_usual_matrices,
)
from recipe_steps.loss_expectations import BATCH, defined_loss, mean_loss, neutral_loss, signatures

FRESH_MODELS = 3
RANGES = {
    "sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, math.inf),
    "softplus": (0.0, math.inf), "exp": (0.0, math.inf), "log_sigmoid": (-math.inf, 0.0),
}  # fmt: skip
"""What the outputs of a last operation can be."""
FACTORS, GROWN = (1.0, 10.0, 100.0), 3.0
"""By which weights are multiplied to see whether outputs grow; and what may come of biases, which
turn a direction."""
SAMPLE = 1024
BUDGET_SHARE, PROBED, PASSES = 0.1, 8, 13
"""Of what is left of a budget of time for this step, items that a forward pass is timed on, and how
many such passes over the sample the step takes, about."""
LEAST_ITEMS = 32
MOST_PIXELS, LEAST_MASKS = 1 << 21, 8
"""Of the masks of a sample, and how few of them may be taken."""


def measure(ctx: Context) -> Evidence:
    """Loss in evaluation mode and, for what normalises by batch, in training mode too."""
    generator = torch.Generator().manual_seed(ctx.seed_for("sample"))
    sample = ctx.data.train.sample(_sample_size(ctx), generator)
    eval_losses, train_losses = [], []
    scalars: dict[str, Scalar] = {
        "items": len(sample),
        "task": ctx.task.name,
        "target_kind": ctx.task.target_kind,
        "optimizer": optimizer_family(ctx.experiment)[0],
        "optimizer_takes_any_scale": takes_any_scale(ctx.experiment),
    }
    for index in range(FRESH_MODELS):
        if index and ctx.late:
            break
        seed = ctx.seed_for("model", index)
        model = build_model(ctx.experiment, seed, ctx.device)
        with torch.no_grad(), seeded(seed, ctx.device):
            outputs = join([model.eval()(x) for x in split(sample.x, BATCH)])
            eval_losses.append(mean_loss(ctx.experiment.loss_function, outputs, sample.y))
            train_losses.append(_train_mode_loss(ctx, model, sample))
        if index == 0:
            scalars["optimizer_maximizes"] = maximizes(ctx.experiment, model)
            scalars |= _output_marks(ctx, model, sample, outputs)
        ctx.progress(index + 1, FRESH_MODELS, "fresh models")
    scalars["nonfinite"] = sum(not math.isfinite(loss) for loss in eval_losses)
    scalars["loss"] = sum(eval_losses) / len(eval_losses)
    scalars["train_mode_loss"] = sum(train_losses) / len(train_losses)
    scalars |= loss_with_shrunk_weights(ctx, sample, scalars)
    scalars |= loss_with_usual_matrices(ctx, sample, scalars)
    found = ctx.in_time("layer by layer", lambda: layer_marks(ctx, sample))
    layers, curves = found or ({}, {})
    if scalars["nonfinite"] or layers.get("broken_gradients"):
        scalars |= ctx.in_time("where the loss is not finite", lambda: _origin(ctx, sample)) or {}
    scalars |= ctx.in_time("the last bias", lambda: last_bias_marks(ctx, sample, scalars)) or {}
    return Evidence(
        scalars | layers,
        {"eval_loss": tuple(eval_losses), "train_mode_loss": tuple(train_losses), **curves},
    )


def _origin(ctx: Context, sample: TensorData) -> dict[str, Scalar]:
    """Where the first value that is not finite comes from, on a fresh model."""
    model = build_model(ctx.experiment, ctx.seed_for("model", 0), ctx.device)
    with seeded(ctx.seed_for("model", 0), ctx.device):
        origin = origin_of_nan(
            model, lambda: ctx.experiment.loss_function(model(sample.x), sample.y),
            (sample.x, sample.y), items=len(sample),
        )  # fmt: skip
    return {} if origin is None else origin.scalars()


def _sample_size(ctx: Context) -> int:
    """Items; of masks as many as have a few million pixels, which are outputs for every class. Of a
    budget of time a small part pays for them.
    """
    if ctx.task.counts_by != "pixels":
        return _paid_items(ctx, ctx.most_items(SAMPLE), LEAST_ITEMS)
    _, y = next(iter(ctx.data.val.eval_batches()))
    pixels = y[0].numel() if isinstance(y, Tensor) else 1
    wanted = min(SAMPLE, max(LEAST_MASKS, MOST_PIXELS // max(1, pixels)))
    return _paid_items(ctx, wanted, LEAST_MASKS)


def _paid_items(ctx: Context, wanted: int, least: int) -> int:
    """How many items a share of what is left pays for, by what a forward pass takes."""
    if not ctx.meter.limits_time or wanted <= least:
        return wanted

    def paid() -> int:
        model = build_model(ctx.experiment, ctx.seed_for("model", 0), ctx.device).eval()
        few = ctx.data.train.sample(PROBED, torch.Generator().manual_seed(0))
        with torch.no_grad():
            for _ in range(2):  # the first pass holds what is done once
                began = time.monotonic()
                model(few.x.clone())
        each = (time.monotonic() - began) / len(few)
        return round(BUDGET_SHARE * (ctx.meter.left or 0.0) / (PASSES * each))

    return max(least, min(wanted, ctx.decide("items", paid)))


def _output_marks(
    ctx: Context, model: nn.Module, sample: TensorData, outputs: Values
) -> dict[str, Scalar]:
    """What outputs and loss show; of outputs or targets that are trees, the first loss alone is
    known: that of outputs which are all zero, where the loss takes these.
    """
    experiment, y = ctx.experiment, sample.y
    logits: Values = ctx.task.looked_at(outputs)
    expected: dict[str, Scalar] = {}
    if isinstance(outputs, Tree):
        expected["expected"] = _loss_of_zeros(ctx, outputs, y)
    if isinstance(logits, Tree) or isinstance(y, Tree):
        return expected
    return {
        **signatures(experiment, logits, y),
        **expectation(experiment, logits, y, output_bias(model, ctx.task.n_outputs(logits))),
        **loss_marks(experiment, logits, y),
        **_ending(ctx, model, sample),
        **expected,
    }


def _loss_of_zeros(ctx: Context, outputs: Tree, y: Values) -> float:
    """NaN where the model computes its loss itself, or where it is no loss of outputs."""
    if "loss" in outputs.tensors():
        return math.nan
    return defined_loss(ctx.experiment.loss_function, outputs.on_tensors(torch.zeros_like), y)


def maximizes(experiment: Experiment, model: nn.Module) -> bool:
    """Whether the optimizer goes up instead of down; one by name never does."""
    if isinstance(experiment.optimizer, str):
        return False
    groups = build_optimizer(experiment, model, experiment.lr or 1e-3).param_groups
    return any(group.get("maximize") for group in groups)


def _train_mode_loss(ctx: Context, model: nn.Module, sample: TensorData) -> float:
    """With batch statistics: what training sees, where running statistics are not yet known."""
    if len(sample) < 2:
        return math.nan
    with no_dropout(model.train()):
        outputs = model(sample.x[:BATCH].clone())
    return mean_loss(ctx.experiment.loss_function, outputs, sample.y[:BATCH].clone())


def _ending(ctx: Context, model: nn.Module, sample: TensorData) -> dict[str, Scalar]:
    """The model's last operation, and how many targets its range leaves out."""
    with torch.enable_grad():
        outputs = ctx.task.looked_at(model.eval()(sample.x[:2].clone()))
    y = sample.y
    operation = last_operation(outputs)
    scalars: dict[str, Scalar] = {
        "last_operation": operation,
        "operation_below_softmax": operation_below_softmax(outputs),
        "output_width": outputs.shape[1] if outputs.ndim > 1 else 1,
    }
    if isinstance(y, Tree):
        return scalars
    if operation is None and not y.is_floating_point():
        scalars["output_bound"] = output_bound(ctx, model, sample.x[:BATCH])
    # What an embedding is near to, targets do not say.
    values = y.is_floating_point() and not isinstance(ctx.task, Embedding)
    if operation in RANGES and values:
        low, high = RANGES[operation]
        scalars["targets_outside"] = ((y < low) | (y > high)).float().mean().item()
    return scalars


@torch.no_grad()
def output_bound(ctx: Context, model: nn.Module, x: Values) -> float | None:
    """The largest size of any output, where that hardly depends on the size of the weights: of
    cosines, say. None where it does, or where a weight cannot be changed.
    """
    sizes: list[float] = []
    for factor in FACTORS:
        with suppress(Exception):  # not every model can be copied
            larger = copy.deepcopy(model).eval()
            for parameter in larger.parameters():
                parameter.mul_(factor)
            sizes.append(ctx.task.looked_at(larger(x.clone())).abs().max().item())
    if len(sizes) < len(FACTORS) or not all(map(math.isfinite, sizes)) or sizes[0] == 0:
        return None  # it overflows: outputs grow
    if max(sizes) > GROWN * min(sizes):
        return None
    return max(1.0, *sizes)  # a fresh model's cosines are far from their ends


def expectation(
    experiment: Experiment, outputs: Tensor, targets: Tensor, bias: Tensor | None
) -> dict[str, Scalar]:
    """The loss of a model that knows nothing, and the least that any constant reaches."""
    task = experiment.resolved_task
    n_outputs = task.n_outputs(outputs)
    if isinstance(task, Embedding):
        return {"n_outputs": n_outputs}  # distances of random points: nothing is known
    if experiment.loss is None:
        expected = task.expected_initial_loss(targets, n_outputs, bias)
        return {
            "expected": expected,
            "floor": constant_loss(task, targets, n_outputs),
            "n_outputs": n_outputs,
        }
    return {
        "expected": neutral_loss(experiment, outputs, targets),
        "constant_loss": defined_loss(
            experiment.loss_function, outputs.mean(0, keepdim=True).expand_as(outputs), targets
        ),
        "log_classes": math.log(n_outputs),
        "n_outputs": n_outputs,
    }


def constant_loss(task: Task, targets: Tensor, n_outputs: int) -> float:
    """Loss of the best constant prediction: the entropy, or the variance, of the targets."""
    y = targets.detach().cpu()
    if task.target_kind == "class index":
        counts = torch.bincount(y[task.counted(y)].flatten(), minlength=n_outputs).double()
        shares = counts[counts > 0] / counts.sum()
        return -(shares * shares.log()).sum().item()
    y = y.double().reshape(-1, n_outputs)
    mean = y.mean(0)
    if task.target_kind == "real":
        return (y - mean).square().mean().item()
    return -(torch.xlogy(mean, mean) + torch.xlogy(1 - mean, 1 - mean)).mean().item()


def output_bias(model: nn.Module, n_outputs: int) -> Tensor | None:
    """The bias of the last linear layer when it was set on purpose.

    PyTorch draws biases within 1 / sqrt(fan_in); one outside of that was declared.
    """
    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    if not linear or linear[-1].bias is None:
        return None
    bias = linear[-1].bias.detach()
    if bias.numel() != n_outputs:
        return None
    bound = 1 / math.sqrt(linear[-1].in_features)
    return bias if bias.abs().max().item() > bound * (1 + 1e-6) else None
