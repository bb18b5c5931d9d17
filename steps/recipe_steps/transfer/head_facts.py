"""What an experiment with a head is, before anything is trained."""

import torch
from torch import Tensor

from recipe.plugin import Context, Scalar, TensorData, build_model, in_head


def head_facts(ctx: Context) -> dict[str, Scalar]:
    """What is known before anything is trained."""
    experiment, train = ctx.experiment, ctx.data.train
    first, other = (
        dict(build_model(experiment, ctx.seed_for(name), ctx.device).named_parameters())
        for name in ("one", "other")
    )
    head = [n for n in first if in_head(n, experiment.head)]
    same = {n: torch.equal(first[n], other[n]) for n in first}
    # A head of zeros begins anew, and always alike.
    varied = any(len(torch.unique(first[n].detach())) > 1 for n in head)
    body = [n for n in first if n not in head]
    drawn = sum(first[n].numel() for n in body if not same[n])
    scalars: dict[str, Scalar] = {
        "head": experiment.head,
        "blocks": len(experiment.blocks),
        "items": len(train),
        "val_items": len(ctx.data.val),
        "metric": experiment.metric_name,
        "head_repeats": varied and all(same[n] for n in head),
        "drawn_share": drawn / max(1, sum(first[n].numel() for n in body)),
    }
    y = train.y if isinstance(train, TensorData) else None
    if ctx.task.target_kind == "class index" and isinstance(y, Tensor) and y.numel() == len(y):
        classes = len(torch.unique(y[ctx.task.counted(y)]))
        scalars |= {"classes": classes, "items_per_class": len(train) / max(1, classes)}
    return scalars
