"""A rule about layers that share their weights."""

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.inspect.model_remedies import own_layers
from recipe_steps.symptoms import NOT_LEARNING


@rule("note", explains=NOT_LEARNING, remedy=own_layers)
def layers_shared(evidence: Evidence) -> Finding | None:
    """What: the same layer object appears several times in a list of layers, so these places share
    their weights.

    Why: multiplying a list, as in [Linear(8, 8)] * 6, makes six references to one layer. If columns
    or stages need weights of their own, the model has a sixth of what it seems to have. Some
    networks share weights on purpose: trying the remedy decides.

    Fix: make a layer for each place, [Linear(8, 8) for place in range(6)].
    """
    times, where = evidence.number("shared_times"), evidence.text("shared_in")
    if times is None or where is None:
        return None
    kind = evidence.text("shared_kind")
    return finding(
        "note",
        f"{times:.0f} places in {where} hold one and the same {kind}: they share their weights.",
        f"If each is to learn by itself, make it anew for each place: "
        f"[{kind}(...) for place in range({times:.0f})].",
    )


RULES = (layers_shared,)
"""All of them."""
