"""What the chosen model says of every validation item, kept as a table, and how often it is right
about each class.
"""

import csv
import io
from collections.abc import Sequence

import torch
from torch import Tensor

from recipe.plugin import Batch, Context, Curve, Scalar, write_text
from recipe_steps.sheets import class_names

FILE = "validation.csv"
"""In the run folder."""
MOST_ITEMS, MOST_COLUMNS = 200_000, 16
"""Of the table; what has more is not kept."""
MOST_CLASSES, LEAST_ITEMS = 50, 10
"""Classes of which each is shown, and items of one from which its share of right answers counts."""
Table = tuple[list[str], list[list[str]]]


def keep_answers(
    ctx: Context, found: Sequence[Batch]
) -> tuple[dict[str, Scalar], dict[str, Curve]]:
    """Write the table, and count right answers by class.

    Args:
        ctx: of the step.
        found: outputs and targets of the validation items, batch by batch, in their order.

    Returns:
        Scalars (`answers_file`, and the classes that stand out) and curves by class; nothing for
        targets that are no labels and no numbers, one or a few for each item.

    """
    both = joined(ctx, found)
    if both is None:
        return {}, {}
    outputs, targets = both
    kind = ctx.task.target_kind
    names = class_names(ctx)
    if kind == "class index" and targets.ndim == 1 and outputs.ndim == 2:
        said, chance = outputs.argmax(1), outputs.softmax(1).amax(1)
        table = _labels(targets, said, chance, names)
        marks = by_class(targets, said, outputs.shape[1], names)
    elif kind == "zero or one" and targets[0].numel() == 1:
        sure = outputs.reshape(-1).sigmoid()
        said = (sure >= 0.5).long()
        table = _labels(targets.reshape(-1).long(), said, torch.maximum(sure, 1 - sure), names)
        marks = by_class(targets.reshape(-1).long(), said, 2, names)
    elif targets.shape == outputs.shape and targets[0].numel() <= MOST_COLUMNS:
        table, marks = _numbers(targets, outputs), ({}, {})
    else:
        return {}, {}
    write_text(ctx.runner.folder / FILE, _as_csv(*table))
    return {"answers_file": FILE, **marks[0]}, marks[1]


def joined(ctx: Context, found: Sequence[Batch]) -> tuple[Tensor, Tensor] | None:
    """Outputs and targets of all items; None where they have no one shape, or are too many."""
    outputs: list[Tensor] = []
    targets: list[Tensor] = []
    for batch in found:
        said, y = ctx.task.looked_at(batch[0]), batch[1]
        if not isinstance(said, Tensor) or not isinstance(y, Tensor) or len(said) != len(y):
            return None
        outputs.append(said.detach().cpu())
        targets.append(y.cpu())
    shapes = {(said.shape[1:], y.shape[1:]) for said, y in zip(outputs, targets, strict=True)}
    if len(shapes) != 1 or sum(map(len, targets)) > MOST_ITEMS:
        return None
    return torch.cat(outputs).float(), torch.cat(targets)


def _labels(targets: Tensor, said: Tensor, chance: Tensor, names: Sequence[str]) -> Table:
    def name(label: int) -> str:
        return names[label] if 0 <= label < len(names) else str(label)

    columns = zip(targets.tolist(), said.tolist(), chance.tolist(), strict=True)
    rows = [
        [str(item), name(y), name(answer), f"{share:.4g}", "yes" if y == answer else "no"]
        for item, (y, answer, share) in enumerate(columns)
    ]
    return ["item", "target", "answer", "probability", "right"], rows


def _numbers(targets: Tensor, outputs: Tensor) -> Table:
    y, o = (t.reshape(len(t), -1).tolist() for t in (targets, outputs))
    several = len(y[0]) > 1
    heads = [
        f"{what} {k + 1}" if several else what
        for k in range(len(y[0])) for what in ("target", "answer")
    ]  # fmt: skip
    rows = [
        [str(item), *(f"{value:.6g}" for pair in zip(*both, strict=True) for value in pair)]
        for item, both in enumerate(zip(y, o, strict=True))
    ]
    return ["item", *heads], rows


def _as_csv(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *rows])
    return text.getvalue()


def by_class(
    targets: Tensor, said: Tensor, classes: int, names: Sequence[str] = ()
) -> tuple[dict[str, Scalar], dict[str, Curve]]:
    """Items and right answers of every class; the rarest one, and the one that is right least often
    beside all others, with the chance of so few right answers where it is no harder than these.

    Args:
        targets: labels [n]; those that are no class do not count.
        said: answers [n].
        classes: how many there are.
        names: of the classes.

    """
    from scipy.stats import binom

    counted = (targets >= 0) & (targets < classes)
    y, right = targets[counted], (targets == said)[counted]
    items = torch.bincount(y, minlength=classes)
    hits = torch.bincount(y[right], minlength=classes)
    shown = [k for k in range(classes) if items[k]]
    if len(shown) < 2:
        return {}, {}
    share = (hits / items.clamp(min=1)).tolist()
    rarest = min(shown, key=lambda k: int(items[k]))
    scalars: dict[str, Scalar] = {
        "rarest_class": _name(rarest, names),
        "rarest_items": int(items[rarest]),
        "rarest_right": int(hits[rarest]),
    }
    large = [k for k in shown if items[k] >= LEAST_ITEMS]
    if len(large) > 1:
        worst = min(large, key=share.__getitem__)
        others = int(items.sum() - items[worst])
        rest = int(hits.sum() - hits[worst]) / others
        # that others were all right does not make one mistake impossible (Laplace's rule)
        usual = (int(hits.sum() - hits[worst]) + 1) / (others + 2)
        luck = float(binom.cdf(int(hits[worst]), int(items[worst]), usual)) * len(large)
        scalars |= {
            "worst_class": _name(worst, names),
            "worst_items": int(items[worst]),
            "worst_right": int(hits[worst]),
            "others_right_share": rest,
            "worst_luck": min(1.0, luck),
        }
    if len(shown) > MOST_CLASSES:
        return scalars, {}
    return scalars, {
        "class_number": tuple(map(float, shown)),
        "class_right": tuple(share[k] for k in shown),
    }


def _name(label: int, names: Sequence[str]) -> str:
    return names[label] if label < len(names) else str(label)
