"""Rules about the loss of a fresh model."""

from recipe.results import Evidence, Finding
from recipe.rules import finding, rule
from recipe_steps.initial_loss import layer_rules, loss_rules, remedies
from recipe_steps.initial_loss.excess import excess, lowest_loss

TOO_LOW = 0.7
"""Share of the best constant prediction's loss below which a fresh model knows the answer."""
TOO_LOW_OWN_LOSS = 0.5


@rule("fail", blocks=False, explains=["initial-loss-too-high", "initial-loss-too-low"])
def initial_loss_not_finite(evidence: Evidence) -> Finding | None:
    """What: the loss of a fresh model is NaN or infinite.

    Why: a logarithm of zero, an overflow in an exponential, or an input out of range; training
    cannot start from it.

    Fix: use the stable form (log_softmax, logsumexp, *_with_logits) and check the inputs.
    """
    count = evidence.number("nonfinite")
    if not count:
        return None
    return finding(
        "fail",
        f"The loss of {count:.0f} fresh models is not finite.",
        "Use the numerically stable form of the loss, and check the inputs.",
    )


@rule("fail", remedy=remedies.draw_anew_or_not)
def initial_loss_too_high(evidence: Evidence) -> Finding | None:
    """What: the loss of a fresh model is well above that of a model that prefers nothing.

    Why: the outputs start large, so the model begins confidently wrong. Initial weights are too
    large, or the inputs are not scaled. The first epochs only undo this.

    Fix: smaller initial weights (He or Glorot, a zero-initialised last layer), inputs of zero
    mean and unit deviation.
    """
    severity = excess(evidence)
    if severity is None:
        return None
    loss, expected = lowest_loss(evidence), evidence.number("expected")
    return finding(
        severity,
        f"The initial loss is {loss:.3g}, expected {expected:.3g}.",
        "Use smaller initial weights and scaled inputs.",
        confidence=0.7,
    )


@rule("fail")
def initial_loss_too_low(evidence: Evidence) -> Finding | None:
    """What: a fresh model has a lower loss than the best constant prediction.

    Why: without training nothing can know the answer: the label leaks into the input, the loss
    is not the one you think, or its average is taken over too much.

    Fix: check that the target is not part of the input, and the loss on a case by hand.
    """
    loss, expected = evidence.number("loss"), evidence.number("expected")
    if loss is None or expected is None:
        return None
    floor = evidence.number("floor")
    if floor is None and expected <= 0:
        return None  # half of a loss that may be negative means nothing
    known = min(expected, evidence.number("constant_loss") or expected)
    limit = TOO_LOW * floor if floor is not None else TOO_LOW_OWN_LOSS * known
    if loss >= limit:
        return None
    return finding(
        "fail",
        f"The initial loss is {loss:.3g}, below the {limit / TOO_LOW:.3g} that the best "
        "constant prediction reaches."
        if floor is not None
        else f"The initial loss is {loss:.3g}, expected {expected:.3g}.",
        "Look for the target among the inputs, and check the loss by hand.",
        confidence=0.7,
    )


RULES = (
    initial_loss_not_finite,
    *loss_rules.RULES,
    *layer_rules.RULES,
    initial_loss_too_high,
    initial_loss_too_low,
)
