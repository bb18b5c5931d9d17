"""A rule about axes that a view turns round."""

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.inspect.model_remedies import transpose
from recipe_steps.symptoms import NOT_GENERALISING, NOT_LEARNING


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


RULES = (view_for_transpose,)
"""All of them."""
