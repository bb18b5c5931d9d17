"""The score of an answer that looks at nothing: what any model has to beat."""

from collections.abc import Sequence
from contextlib import suppress

import torch
from torch import Tensor

from recipe.plugin import UNUSABLE, Batch, Context, Scalar, TensorData, finite, loss_and_score
from recipe_steps.sheets import class_names


def trivial_marks(ctx: Context, found: Sequence[Batch]) -> dict[str, Scalar]:
    """Score and loss of the best constant answer, which is read off the training targets and given
    to every validation item: the shares of the classes, or the mean of amounts.

    Args:
        ctx: of the step.
        found: outputs and targets of the validation items, batch by batch.

    Returns:
        `trivial_score`, `trivial_loss` and `trivial_answer`, what it answers in words; where the
        data cannot be looked at as a whole, the score alone; nothing where nobody knows.

    """
    train = ctx.data.train
    if isinstance(train, TensorData) and isinstance(train.y, Tensor):
        with suppress(*UNUSABLE):
            constant, said = _constant(ctx, train.y, found[0])
            looked_at = ((ctx.task.looked_at(outputs), y) for outputs, y in found)
            answers = [(_like(outputs, constant), y) for outputs, y in looked_at]
            loss, score = loss_and_score(ctx.experiment, answers)
            return {"trivial_score": finite(score), "trivial_loss": finite(loss),
                    "trivial_answer": said}  # fmt: skip
    if ctx.experiment.metric is not None:
        return {}
    with suppress(*UNUSABLE):
        return {"trivial_score": finite(ctx.task.chance_score(ctx.val_targets))}
    return {}


def _constant(ctx: Context, y: Tensor, batch: Batch) -> tuple[Tensor, str]:
    """Outputs of one item, in a shape that broadcasts against a batch, and what they say."""
    outputs, targets = ctx.task.looked_at(batch[0]), batch[1]
    if not isinstance(outputs, Tensor) or not isinstance(targets, Tensor):
        raise TypeError("outputs of several parts have no answer of one shape")
    kind, counted = ctx.task.target_kind, ctx.task.counted(y)
    if kind == "class index":
        axis = outputs.ndim - 1 if outputs.shape[:-1] == targets.shape else 1
        shares = torch.bincount(y[counted].flatten().long().cpu(), minlength=outputs.shape[axis])
        shape = [1] * outputs.ndim
        shape[axis] = -1
        logits = (shares.double() / shares.sum()).clamp(min=1e-9).log().float()
        return logits.reshape(shape), f"always {_name(ctx, int(shares.argmax()))!r}"
    if kind == "zero or one":
        share = y.float().mean(0, keepdim=True).clamp(1e-6, 1 - 1e-6)
        said = f"always {_name(ctx, int(share > 0.5))!r}" if share.numel() == 1 else "the usual"
        at_most_one = getattr(ctx.task, "threshold", 0.0)
        return (share if at_most_one else share.logit()).cpu(), said
    mean = y.float().mean(0, keepdim=True).cpu()
    return mean, "always the mean"


def _like(outputs: Tensor, constant: Tensor) -> Tensor:
    """The constant for every item of a batch."""
    return constant.to(outputs.device).expand(outputs.shape).contiguous()


def _name(ctx: Context, label: int) -> str:
    names = class_names(ctx)
    return names[label] if label < len(names) else str(label)
