"""Whether the order of the tokens of an item matters to a model."""

import torch
from torch import Tensor, nn

from recipe.plugin import Scalar, Values
from recipe_steps.inspect import sequence_data as data
from recipe_steps.inspect.passes import Passes, differ

ROWS, LEAST = 8, 5
"""Items whose tokens change places, and the fewest real tokens of such an item."""


def order_marks(passed: Passes, x: Values, known: list[data.Padding]) -> dict[str, Scalar]:
    """`order_ignored`: the tokens between the first and the last one of an item may stand in any
    order, and the outputs stay the same. Nothing is said of outputs for each token.
    """
    tokens = data.token_parts(x)
    if len(tokens) != 1:
        return {}
    ((name, part),) = tokens.items()
    whole = torch.ones_like(part, dtype=torch.bool)
    real = next((each.real for each in known if each.part == name), whole).to(part.device)
    ends = part.shape[1] - real.flip(1).long().argmax(1)
    rows = [
        row for row in range(min(len(part), 64 * ROWS))
        if int(ends[row]) >= LEAST and bool(real[row, : ends[row]].all())
        and bool((part[row, 2 : ends[row] - 1] != part[row, 1 : ends[row] - 2]).any())
    ][:ROWS]  # fmt: skip
    if len(rows) < 2:
        return {}
    some, kept = x[rows], part[rows]
    turned = kept.clone()
    for row, end in enumerate(ends[rows].tolist()):
        turned[row, 1 : end - 1] = kept[row, 1 : end - 1].flip(0)
    form = data.inputs(some)[name]
    first = passed.steady(some)
    other = passed(data.replaced(some, name, data.written_like(form, turned)))
    if (
        first is None
        or other is None
        or _per_token(first, kept)
        or not differ(first[:1], first[1:2])
    ):
        return {}
    attends = any(isinstance(layer, nn.MultiheadAttention) for layer in passed.model.modules())
    return {"order_ignored": not differ(first, other), "attends": attends}


def _per_token(outputs: Tensor, tokens: Tensor) -> bool:
    return outputs.ndim > 2 or (outputs.ndim == 2 and outputs.shape[1] == tokens.shape[1])
