"""What a model says of the sample while it learns it, and in the end: labels beside predictions."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recipe.plugin import Context, Curve, TensorData, Tree, seeded

LOOKS = 60
"""At a training, spread evenly over its planned passes."""
QUANTILES = (0.1, 0.5, 0.9)
NAMES = ("lowest_tenth", "middle", "highest_tenth")
MOST_ANSWERS = 150
"""That a plot shows beside their labels."""


@dataclass(frozen=True)
class Watch:
    """Looks at the same items again and again while a model is trained on them."""

    ctx: Context
    sample: TensorData
    passes: int
    """Planned, between which it looks a fixed number of times."""

    @torch.no_grad()
    def look(self, model: nn.Module, number: int) -> list[tuple[float, ...]]:
        """Quantiles over the items of how good the answers are behind pass `number`, from 1 on, in
        a list of their own; an empty one where it is not the time to look, or there is nothing of
        the kind. Of classes the probability of the right one; of values the size of the error.
        """
        if number > LOOKS // 2 and number % max(1, self.passes // LOOKS):
            return []
        goodness = _goodness(self.ctx, self.sample, _outputs(self.ctx, model, self.sample))
        if goodness is None or not bool(goodness.isfinite().all()):
            return []
        at = torch.tensor(QUANTILES, dtype=torch.float64)
        return [(float(number), *torch.quantile(goodness.double(), at).tolist())]


def _outputs(ctx: Context, model: nn.Module, sample: TensorData) -> Tensor | None:
    model.eval()
    with seeded(ctx.seed_for("watched"), ctx.device):  # leaves the training's numbers as they were
        outputs = ctx.task.looked_at(model(sample.x.clone()))
    return outputs.float() if isinstance(outputs, Tensor) else None


def _goodness(ctx: Context, sample: TensorData, outputs: Tensor | None) -> Tensor | None:
    """One number for every answer that counts, on the processor."""
    y = sample.y
    if outputs is None or isinstance(y, Tree) or outputs.is_complex():
        return None
    kind = ctx.task.target_kind
    if kind == "class index":
        axis = ctx.task.class_axis(outputs, y) if outputs.ndim > 1 else 0
        shares = outputs.softmax(axis).movedim(axis, -1).flatten(0, -2)
        counted = ctx.task.counted(y).flatten()
        labels = y.flatten().long()
        if len(shares) != len(labels) or not len(labels[counted]):
            return None
        if int(labels[counted].max()) >= shares.shape[1] or int(labels[counted].min()) < 0:
            return None
        return shares[counted].gather(1, labels[counted, None]).flatten().cpu()
    if outputs.numel() != y.numel():
        return None
    flat, true = outputs.flatten(), y.flatten().float()
    if kind == "zero or one":
        ones = flat.sigmoid()
        return torch.where(true > 0.5, ones, 1 - ones).cpu()
    return (flat - true).abs().cpu()


def dynamics(seen: list[tuple[float, ...]], kind: str) -> dict[str, Curve]:
    """Curves of the quantiles over the passes, `right_...` or `error_...`."""
    if len(seen) < 2:
        return {}
    what = "error" if kind == "real" else "right"
    columns = list(zip(*seen, strict=True))
    named = {f"{what}_{name}": column for name, column in zip(NAMES, columns[1:], strict=True)}
    return {"watched_pass": columns[0], **named}


@torch.no_grad()
def answers(ctx: Context, model: nn.Module, sample: TensorData) -> dict[str, Curve]:
    """Labels and answers of the sample, in the order of the labels: numbers of classes, or values.
    Empty where items have no label of that kind.
    """
    outputs, y = _outputs(ctx, model, sample), sample.y
    if outputs is None or not isinstance(y, Tensor) or y.is_complex() or outputs.is_complex():
        return {}
    kind = ctx.task.target_kind
    if kind == "class index":
        if outputs.ndim < 2:
            return {}
        said = outputs.argmax(ctx.task.class_axis(outputs, y)).flatten()
    else:
        said = outputs.flatten().sigmoid() if kind == "zero or one" else outputs.flatten()
    if len(said) != y.numel():
        return {}
    counted = ctx.task.counted(y).flatten()
    said, true = said[counted].double().cpu(), y.flatten()[counted].double().cpu()
    taken = torch.linspace(0, len(true) - 1, min(len(true), MOST_ANSWERS)).long()
    said, true = said[taken], true[taken]
    order = true.argsort(stable=True)
    return {
        "answer": tuple(said[order].tolist()),
        "label": tuple(true[order].tolist()),
    }
