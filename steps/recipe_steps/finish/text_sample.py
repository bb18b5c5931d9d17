"""A sample of what a language model writes: the plainest way to see what it has learnt."""

import torch
from torch import Tensor, nn

from recipe.plugin import Context, Scalar
from recipe_steps.sheets import told_by

WRITTEN, LETTERS_WRITTEN = 60, 300
"""Tokens, or characters, that are written."""
SHOWN = 80
"""Tokens, or characters, of the beginning that are shown."""


def text_sample(ctx: Context, model: nn.Module) -> dict[str, Scalar]:
    """The beginning of a validation text and how the model continues it, each token drawn with the
    probability that the model gives it; nothing where numbers stand for no known signs.

    Args:
        ctx: of the step.
        model: the chosen one, in evaluation mode.

    """
    told = told_by(ctx)
    if ctx.task.name != "language_model" or told is None:
        return {}
    x, _ = next(iter(ctx.data.val.eval_batches()))
    if not isinstance(x, Tensor) or x.ndim != 2:
        return {}
    letters = isinstance(getattr(getattr(ctx.experiment.inputs, "reader", None), "alphabet", None),
                         str)  # fmt: skip
    begun = x[0]
    written = continued(model, begun, LETTERS_WRITTEN if letters else WRITTEN, ctx.seed)
    between = "" if letters else " "
    return {
        "sample_begins": between.join(map(told, begun.tolist()[-SHOWN:])),
        "sample_goes_on": between.join(map(told, written)),
    }


@torch.no_grad()
def continued(model: nn.Module, begun: Tensor, length: int, seed: int) -> list[int]:
    """So many tokens behind a beginning of tokens [T], of which the model sees the last T ones."""
    source = torch.Generator().manual_seed(seed)
    window, written = begun.clone(), list[int]()
    for _ in range(length):
        logits = model(window[None])[0, -1].float().cpu()
        token = int(torch.multinomial(logits.softmax(0), 1, generator=source))
        written.append(token)
        window = torch.cat([window[1:], window.new_tensor([token])])
    return written
