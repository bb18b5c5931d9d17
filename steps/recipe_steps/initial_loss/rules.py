"""Rules about the loss of a fresh model."""

from recipe.results import Evidence, Finding
from recipe.rules import finding, rule

WARN_NATS, WARN_RATIO = 1.0, 0.5
FAIL_NATS, FAIL_RATIO = 4.0, 2.0
"""Excess over the expected loss, in nats and relative to it; the larger bound counts. Logits of
standard deviation s cost about s^2 / 2 nats, so one nat is s = 1.4, which common initialisations
reach, and four nats is s = 2.8, which none should."""
REGRESSION_WARN, REGRESSION_FAIL = 10.0, 1000.0
"""Ratio to the expected squared error: outputs three (thirty) times larger than the targets."""
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


@rule("fail")
def initial_loss_too_high(evidence: Evidence) -> Finding | None:
    """What: the loss of a fresh model is well above that of a model that prefers nothing.

    Why: the outputs start large, so the model begins confidently wrong. Initial weights are too
    large, or the inputs are not scaled. The first epochs only undo this.

    Fix: smaller initial weights (He or Glorot, a zero-initialised last layer), inputs of zero
    mean and unit deviation.
    """
    losses = [evidence.number(name) for name in ("loss", "train_mode_loss")]
    known = [loss for loss in losses if loss is not None]
    expected = evidence.number("expected")
    if not known or expected is None:
        return None
    loss = min(known)
    if evidence.text("task") == "regression" and expected > 0:
        warn, fail = REGRESSION_WARN * expected, REGRESSION_FAIL * expected
    else:
        warn = expected + max(WARN_NATS, WARN_RATIO * expected)
        fail = expected + max(FAIL_NATS, FAIL_RATIO * expected)
    if loss <= warn:
        return None
    return finding(
        "fail" if loss > fail else "warn",
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
    limit = TOO_LOW * floor if floor is not None else TOO_LOW_OWN_LOSS * expected
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


@rule(
    "fail",
    explains=["cannot-overfit-sample", "learning-rate-too-low", "underfitting", "slow-start"],
)
def softmax_before_loss(evidence: Evidence) -> Finding | None:
    """What: the model returns probabilities, but its loss applies a softmax itself.

    Why: the second softmax squeezes the outputs: the loss cannot fall below
    log(1 + (C - 1) / e), and gradients are tiny. Training looks like a rate that is too low.

    Fix: return the logits; take the softmax only where probabilities are shown.
    """
    if not (evidence.flag("outputs_are_probabilities") and evidence.flag("loss_ignores_shift")):
        return None
    return finding(
        "fail",
        "The outputs are probabilities (each row sums to 1), but the loss expects logits.",
        "Remove the softmax from the model and return logits.",
        confidence=0.98,
    )


RULES = (
    initial_loss_not_finite,
    softmax_before_loss,
    initial_loss_too_high,
    initial_loss_too_low,
)
