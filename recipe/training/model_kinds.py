"""What a few well-known families of models do that nothing else tells."""

from typing import Any

import torch
from torch import Tensor, nn

from recipe.data.collating import IGNORED
from recipe.data.single_items import Batch
from recipe.data.trees import Tree, Values, WithTargets, natural

CAUSAL = ("ForCausalLM", "LMHeadModel")
"""How Hugging Face calls models whose loss compares each step with the label of the next."""


def shifts_labels(model: nn.Module) -> bool:
    """Whether the model's own loss moves the labels by one step: they are the inputs themselves."""
    kinds = [kind.__name__ for kind in type(model).__mro__]
    return hasattr(model, "config") and any(name.endswith(CAUSAL) for name in kinds)


def shifted(x: Values, y: Values) -> Batch:
    """Labels [n, T] moved so that step t holds what is to be said after it; the last has none."""
    if not isinstance(y, Tensor) or y.ndim != 2:
        return x, y
    end = torch.full_like(y[:, :1], IGNORED)
    return x, torch.cat([y[:, 1:], end], 1)


def give_targets(x: Values, y: Values) -> Batch:
    """Inputs with the targets beside them, for a model that computes its own loss."""
    return Tree(WithTargets(natural(x), natural(y))), y


def per_token(logits: Any, y: Values) -> bool:
    """Whether outputs [n, T, C] have a class for every one of the targets [n, T]."""
    return (
        isinstance(logits, Tensor)
        and isinstance(y, Tensor)
        and logits.ndim == 3
        and y.ndim == 2
        and logits.shape[:2] == y.shape
        and not y.is_floating_point()
    )
