"""Whether a model reads the tokens that stand before padding."""

import torch
from torch import Tensor

from recipe.plugin import Scalar, Values
from recipe_steps.inspect import sequence_data as data
from recipe_steps.inspect.passes import Passes, differ

ROWS, LEAST = 8, 8
"""Items whose tokens are exchanged, and the fewest real tokens of such an item."""
KEPT = 4
"""Tokens before the padding that stay: what is read beside padding, as by a convolution."""


def unread_marks(passed: Passes, x: Values, padding: data.Padding) -> dict[str, Scalar]:
    """`unread_tokens`: so many tokens of every item looked at may be exchanged for others, and the
    outputs stay the same, although they differ between items. None where a token is read.
    """
    tokens = data.token_parts(x).get(padding.part)
    if tokens is None:
        return {}
    real = padding.real.to(tokens.device)
    count = real.sum(1)
    few = torch.nonzero(padded_behind(real) & (count >= LEAST))[:ROWS, 0]
    words = torch.unique(tokens[real])
    if len(few) < 2 or len(words) < data.LEAST_LETTERS:
        return {}
    some, kept = x[few.tolist()], tokens[few]
    steps = torch.arange(kept.shape[1], device=kept.device)
    exchanged = steps < (count[few] - KEPT)[:, None]
    others = words[(torch.searchsorted(words, kept.clamp(max=int(words[-1]))) + 1) % len(words)]
    new = torch.where(exchanged, others, kept)
    form = data.inputs(some)[padding.part]
    first = passed.steady(some)
    other = passed(data.replaced(some, padding.part, data.written_like(form, new)))
    if first is None or other is None or not bool(torch.isfinite(first).all()):
        return {}
    if differ(first, other) or not differ(first[:1], first[1:2]):
        return {}
    return {"unread_tokens": int(exchanged.sum(1).min()), "kept_tokens": KEPT}


def padded_behind(real: Tensor) -> Tensor:
    """Rows [n] whose real steps stand in front, with padding behind them."""
    count = real.sum(1)
    in_front = real.long().cumprod(1).sum(1) == count
    return in_front & (count < real.shape[1])
