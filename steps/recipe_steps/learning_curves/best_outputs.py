"""What the best model says of the validation items."""

import torch
from torch import Tensor, nn

from recipe.plugin import Context, TensorData, Trial, build_model


def best_model(ctx: Context, trial: Trial) -> nn.Module | None:
    """The model that a trial left, in evaluation mode; None where its weights are not kept."""
    from safetensors.torch import load

    if not ctx.checkpoints.path(trial).exists():
        return None
    experiment = ctx.experiment_of(trial)
    model = build_model(experiment, 0, ctx.device)
    model.load_state_dict(load(ctx.runner.weights(trial, experiment)), strict=False)
    return model.eval()


@torch.no_grad()
def best_outputs(ctx: Context, trial: Trial) -> tuple[Tensor, Tensor] | None:
    """Outputs [n, ...] of the model that a trial left, and one target for each item [n]; None where
    its weights are not kept, for targets of another form, and for data read anew each time.
    """
    val = ctx.data.val
    single = isinstance(val, TensorData) and isinstance(val.y, Tensor) and val.y.numel() == len(val)
    model = best_model(ctx, trial) if single else None
    if model is None:
        return None
    pairs = [
        (ctx.task.looked_at(model(x)).float(), y.flatten())
        for x, y in val.eval_batches() if isinstance(y, Tensor)
    ]  # fmt: skip
    outputs, y = (torch.cat(parts) for parts in zip(*pairs, strict=True))
    return outputs, y
