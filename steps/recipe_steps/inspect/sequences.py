"""Marks of sequences: what a model sees ahead, what padding does, and how targets are moved."""

import torch
from torch import Tensor, nn

from recipe.plugin import Context, Scalar, TensorData
from recipe_steps.inspect import sequence_data as data
from recipe_steps.inspect.cut_tokens import cut_marks
from recipe_steps.inspect.lookahead import shift_marks
from recipe_steps.inspect.padding import padding_marks
from recipe_steps.inspect.passes import awake
from recipe_steps.inspect.sequence_loss import padding_in_loss
from recipe_steps.inspect.token_order import order_marks
from recipe_steps.inspect.unread_tokens import unread_marks

ITEMS = 4096
"""Items that are looked at."""


def sequences(ctx: Context, train: TensorData) -> dict[str, Scalar]:
    """Scalars about sequences of tokens, or padded ones; none of other inputs."""
    tokens = bool(data.token_parts(train.x))
    if not tokens and not data.padded(train.x):
        return {}
    if len(train) > ITEMS:
        train = train.part(torch.linspace(0, len(train) - 1, ITEMS).long().tolist())
    passed = awake(ctx)
    words = ctx.task.name in data.TOKEN_TASKS or any(
        isinstance(layer, nn.Embedding | nn.EmbeddingBag) for layer in passed.model.modules()
    )
    known = data.paddings(train.x, words=words)
    scalars = padding_marks(passed, train.x, known[0]) if known else {}
    scalars |= unread_marks(passed, train.x, known[0]) if known else {}
    if words:
        scalars |= order_marks(passed, train.x, known)
        scalars |= cut_marks(passed.model, train.x, known)
    y = train.y
    if isinstance(y, Tensor) and y.ndim == 2 and not y.is_floating_point():
        scalars |= padding_in_loss(passed, train.x, y, known)
        if words:
            moved = any(getattr(suit, "__name__", "") == "shifted" for suit in train.suits)
            shift = shift_marks(passed, train.x, y, known)
            scalars |= shift | ({"labels_moved": True} if shift and moved else {})
    return scalars
