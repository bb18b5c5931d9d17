"""Views in the forward pass that stand where a transposition is meant."""

from contextlib import suppress

from torch import nn

from recipe.plugin import Context, Scalar, TensorData, seeded, views_for_transpositions

FEW, OTHERS = 5, 7
"""Items of two batches: prime numbers, which are the size of nothing else by chance."""


def turned_axes(ctx: Context, model: nn.Module, train: TensorData) -> dict[str, Scalar]:
    """`turned_from` and `turned_to`: the shapes of an item before and behind the first such view,
    as in "40 x 6"; nothing where there is none.
    """
    if len(train) < OTHERS:
        return {}
    with suppress(Exception), seeded(ctx.seed_for("turned axes"), ctx.device):
        found = views_for_transpositions(model, train.copied(0, FEW)[0], train.copied(0, OTHERS)[0])
        if found:
            before, after = found[0]
            return {"turned_from": written(before), "turned_to": written(after)}
    return {}


def written(shape: tuple[int, ...]) -> str:
    """A shape as people write it."""
    return " x ".join(map(str, shape))


def read(text: str) -> tuple[int, ...]:
    """What `written` wrote."""
    return tuple(map(int, text.split(" x ")))
