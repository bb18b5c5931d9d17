"""The loss of a fresh model with other weights: what of it its weights account for."""

import torch
from torch import Tensor

from recipe.plugin import (
    Context,
    Evidence,
    Scalar,
    TensorData,
    build_model,
    join,
    seeded,
    shrink_own_matrices,
    split,
)
from recipe_steps.initial_loss.loss_limits import low_limit, too_high
from recipe_steps.loss_expectations import BATCH, mean_loss

SHRUNK = 1e-6
"""What weights are multiplied by: nothing is left of them in the outputs, while weights that are
divided by their own norm stay finite."""


def loss_with_shrunk_weights(
    ctx: Context, sample: TensorData, scalars: dict[str, Scalar]
) -> dict[str, Scalar]:
    """The loss of the fresh model with all its weights shrunk away, where its own is too low.

    As low as before, and the answer comes from the inputs, past the weights: a leak, or a model
    that adds its outputs to a forecast. High, and the weights hold it: they were trained before,
    as no random weights know anything.
    """
    evidence = Evidence(scalars)
    loss, limit = evidence.number("loss"), low_limit(evidence)
    if loss is None or limit is None or loss >= limit:
        return {}
    model = build_model(ctx.experiment, ctx.seed_for("model", 0), ctx.device).eval()
    with torch.no_grad(), seeded(ctx.seed_for("model", 0), ctx.device):
        for parameter in model.parameters():
            parameter.mul_(SHRUNK)
        outputs = join([model(x) for x in split(sample.x.clone(), BATCH)])
    x, y = sample.x, sample.y
    copies = (
        isinstance(x, Tensor) and isinstance(y, Tensor)
        and x.shape[1:] == y.shape[1:] and x[:1].numel() > 1 and torch.equal(x, y)
    )  # fmt: skip
    return {
        "loss_without_weights": mean_loss(ctx.experiment.loss_function, outputs, sample.y),
        "targets_are_inputs": copies,
    }


def loss_with_usual_matrices(
    ctx: Context, sample: TensorData, scalars: dict[str, Scalar]
) -> dict[str, Scalar]:
    """Where the first loss is too high or not finite: the loss with the matrices that the model
    holds itself at He's size, and how many times larger the largest was.
    """
    evidence = Evidence(scalars)
    if not evidence.number("nonfinite") and too_high(evidence) is None:
        return {}
    model = build_model(ctx.experiment, ctx.seed_for("model", 0), ctx.device).eval()
    largest = shrink_own_matrices(model)
    if largest is None:
        return {}
    with torch.no_grad(), seeded(ctx.seed_for("model", 0), ctx.device):
        outputs = join([model(x) for x in split(sample.x.clone(), BATCH)])
    loss = mean_loss(ctx.experiment.loss_function, outputs, sample.y)
    return {"own_matrix_scale": largest, "loss_with_usual_matrices": loss}
