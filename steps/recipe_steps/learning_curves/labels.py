"""Labels that a trained model contradicts with confidence, or that nothing in the inputs tells."""

import math
from dataclasses import replace

import torch
from torch import Tensor, nn

from recipe.plugin import (
    Context,
    Scalar,
    Splits,
    Task,
    TensorData,
    Training,
    Tree,
    Trial,
    no_dropout,
)
from recipe_steps.learning_curves.best_outputs import best_outputs
from recipe_steps.learning_curves.class_balance import Recall, mean_recall

SUREST = 0.2
"""Share of the validation items that counts as those the model is surest of."""
LEAST_ITEMS = 30
"""Of these, below which nothing is said."""
NAMED = 5
MEMORY_ITEMS, MEMORY_PASSES = 256, 200
"""Training items that are memorized where no trial scores above chance, and passes."""
MEMORY_MINIBATCH = 16
KNOWN = 0.95
"""Share of the way from chance to perfect at which they are."""
NEAR_CHANCE = 4.0
"""Standard errors of the validation score within which the best of many trials may be no better
than chance."""


@torch.no_grad()
def label_marks(ctx: Context, trial: Trial) -> dict[str, Scalar]:
    """How often the best model is wrong on the validation items it is surest of, and on all.

    Sure is what has the largest distance between the largest and the second largest output.
    Nothing for other tasks than classification of single items, for random data sets and for
    few items.
    """
    if ctx.task.target_kind != "class index" or SUREST * len(ctx.data.val) < LEAST_ITEMS:
        return {}
    found = best_outputs(ctx, trial)
    if found is None:
        return {}
    outputs, y = found
    if outputs.ndim != 2 or outputs.shape[1] < 2 or not bool(ctx.task.counted(y).all()):
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


def memory_marks(ctx: Context, trial: Trial) -> dict[str, Scalar]:
    """Where the best score is no better than chance although a sample was memorized: the mean
    recall of the classes in validation once some hundred training items are, without
    regularisation.

    On labels that the inputs tell, knowing these helps with others; on random ones it does not.
    """
    sample, val = ctx.evidence("overfit_sample"), ctx.data.val
    if ctx.task.target_kind == "real" or not isinstance(val, TensorData) or sample is None:
        return {}
    if isinstance(val.y, Tree):
        return {}
    if not sample.flag("reached") or trial.val_score is None or ctx.experiment.metric is not None:
        return {}
    chance = ctx.task.chance_score(val.y)
    single = ctx.task.target_kind == "class index"
    error = ctx.task.score_error(chance, val.y.numel() if single else len(val))
    lr = sample.number("best_lr")
    if lr is None or trial.val_score > chance + NEAR_CHANCE * error:
        return {}
    generator = torch.Generator().manual_seed(ctx.seed_for("memory"))
    items = ctx.data.train.sample(MEMORY_ITEMS, generator)
    experiment = replace(
        ctx.experiment, lr=lr, weight_decay=0.0, metric=None, augment=None, clip_norm=None,
        warmup=0.0, schedule="constant", epochs=MEMORY_PASSES,
        batch_size=min(ctx.experiment.batch_size, MEMORY_MINIBATCH),
    )  # fmt: skip
    training = Training(
        experiment, Splits(items, items), seed=ctx.seed_for("memory"), device=ctx.device,
        mode=ctx.careful_mode,
    )  # fmt: skip
    score = -math.inf
    with no_dropout(training.model):
        for epoch in training.epochs():
            ctx.spend(training.iterations_per_epoch)
            if epoch.diverged:
                break
            score = epoch.figures["val_score"]
            if score >= chance + KNOWN * (1 - chance):
                break
    known, others = (recall(training.model, ctx.task, data) for data in (items, val))
    return {
        "memory_items": len(items),
        "memory_train_score": known.mean,
        "memory_val_score": others.mean,
        "memory_chance": others.chance,
        "memory_error": others.error,
    }


@torch.no_grad()
def recall(model: nn.Module, task: Task, data: TensorData) -> Recall:
    """The mean recall of the classes; of each label's yes and no where there are several."""
    model.eval()
    pairs = [
        (answers(task, task.looked_at(model(x)), y), y)
        for x, y in data.eval_batches() if isinstance(y, Tensor)
    ]  # fmt: skip
    given, true = (torch.cat(parts) for parts in zip(*pairs, strict=True))
    return mean_recall(given, true)


def answers(task: Task, outputs: Tensor, targets: Tensor) -> Tensor:
    """The class that each output means, in the shape of the targets."""
    if task.target_kind == "class index":
        return outputs.argmax(task.class_axis(outputs, targets)).reshape(targets.shape)
    return (outputs > getattr(task, "threshold", 0.0)).reshape(targets.shape).to(targets)
