"""Rules about axes that a view turns round, in the model and before."""

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.inspect.model_remedies import read_channels_last, transpose
from recipe_steps.symptoms import NOT_GENERALISING, NOT_LEARNING

NEARLY_ALL = 0.9
"""Of the pictures: of sound ones, and of noise, it is half of them or fewer."""


@rule("note", explains=[*NOT_LEARNING, *NOT_GENERALISING], remedy=transpose)
def view_for_transpose(evidence: Evidence) -> Finding | None:
    """What: a view or reshape in the forward pass exchanges two axes of the items.

    Why: a view keeps the values in their order in memory. From [batch, time, channels] to
    [batch, channels, time] it puts the channels of neighbouring times into one channel; the shapes
    fit, and what stood side by side no longer does. The same holds for heads of attention and for
    pictures that are stored as height x width x channel. Where the inputs lie in memory that way
    on purpose it is right: the remedy decides.

    Fix: x.transpose(1, 2), or x.permute(...), in place of x.view(...).
    """
    before, after = evidence.text("turned_from"), evidence.text("turned_to")
    if before is None or after is None:
        return None
    return finding(
        "note",
        f"A view brings items of {before} to {after}: it exchanges axes, but leaves the values in "
        "their order, so that both are mixed.",
        "Use transpose or permute to exchange axes, as in x.transpose(1, 2).",
    )


@rule(
    "warn",
    exact=True,
    explains=[*NOT_LEARNING, *NOT_GENERALISING],
    remedy=read_channels_last,
)
def pictures_scrambled(evidence: Evidence) -> Finding | None:
    """What: nearly all pictures are smoother when their values are read as height x width x
    channel than as channel x height x width.

    Why: pictures come from files as height x width x channel; a reshape to channel x height x
    width fits, and scrambles them. Networks learn from such pictures, only much worse.

    Fix: x.permute(0, 3, 1, 2), or np.transpose(x, (0, 3, 1, 2)), in place of the reshape.
    """
    share = evidence.number("smoother_channels_last")
    if share is None or share < NEARLY_ALL:
        return None
    return finding(
        "warn",
        f"{share:.0%} of the pictures are smoother when their values are read as height x width x "
        "channel: they look as if they had been reshaped where they should have been permuted.",
        "Use x.permute(0, 3, 1, 2) in place of reshape or view.",
        confidence=0.9,
    )


RULES = (view_for_transpose, pictures_scrambled)
"""All of them."""
