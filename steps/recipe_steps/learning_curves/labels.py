"""Labels that a trained model contradicts with confidence."""

import torch

from recipe.context import Context
from recipe.results import Scalar, Trial
from recipe.training.data import TensorData
from recipe.training.models import build_model

SUREST = 0.2
"""Share of the validation items that counts as those the model is surest of."""
LEAST_ITEMS = 30
"""Of these, below which nothing is said."""
NAMED = 5


@torch.no_grad()
def label_marks(ctx: Context, trial: Trial) -> dict[str, Scalar]:
    """How often the best model is wrong on the validation items it is surest of, and on all.

    Sure is what has the largest distance between the largest and the second largest output.
    Nothing for other tasks than classification of single items, for random data sets and for
    few items.
    """
    from safetensors.torch import load

    val = ctx.data.val
    single = isinstance(val, TensorData) and val.y.numel() == len(val)
    if ctx.task.target_kind != "class index" or not single or SUREST * len(val) < LEAST_ITEMS:
        return {}
    if not ctx.runner.checkpoint(trial).exists():
        return {}
    experiment = ctx.experiment_of(trial)
    model = build_model(experiment, 0, ctx.device)
    model.load_state_dict(load(ctx.runner.weights(trial, experiment)), strict=False)
    model.eval()
    pairs = [(model(x).float(), y.flatten()) for x, y in val.eval_batches()]
    outputs, y = (torch.cat(parts) for parts in zip(*pairs, strict=True))
    if outputs.ndim != 2 or outputs.shape[1] < 2:
        return {}
    largest, second = outputs.topk(2, 1).values.unbind(1)
    wrong = outputs.argmax(1) != y
    order = (largest - second).argsort(descending=True)
    surest = order[: round(SUREST * len(order))]
    suspects = surest[wrong[surest]][:NAMED]
    return {
        "surest_items": len(surest),
        "surest_wrong": int(wrong[surest].sum()),
        "wrong_share": wrong.float().mean().item(),
        "suspect_items": ", ".join(map(str, suspects.tolist())),
    }
