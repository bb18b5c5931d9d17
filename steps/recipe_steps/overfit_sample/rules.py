"""Rules about learning a small sample by heart."""

from recipe.results import Evidence, Finding
from recipe.rules import finding, rule


@rule("fail", explains=["no-learning-rate-works", "underfitting"])
def cannot_overfit_sample(evidence: Evidence) -> Finding | None:
    """What: no tried rate and length reaches a perfect score on a few minibatches.

    Why: a model that cannot learn a hundred items by heart will not learn the rest. The
    architecture, the initialisation, the optimisation or the path of the gradient is broken.

    Fix: look at the architecture and the initialisation first, then at the rate; print the
    gradient of every layer.
    """
    score, perfect = evidence.number("best_score"), evidence.number("perfect")
    if evidence.flag("reached") or perfect is None:
        return None
    reached = "a score that is not a number" if score is None else f"a score of {score:.3g}"
    items, attempts = evidence.number("items") or 0, evidence.number("attempts") or 0
    return finding(
        "fail",
        f"On {items:.0f} items the best of {attempts:.0f} attempts reached {reached}, "
        f"expected {perfect:.3g}.",
        "Check architecture and initialisation, then the learning rate.",
        confidence=0.8,
    )


RULES = (cannot_overfit_sample,)
