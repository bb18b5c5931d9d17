"""Rules about the loss of a fresh model."""

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.initial_loss import bias_rules, layer_rules, loss_rules, remedies
from recipe_steps.initial_loss.loss_limits import TOO_LOW, low_limit, lowest_loss, too_high
from recipe_steps.nan_rules import told_origin
from recipe_steps.symptoms import NOT_LEARNING

KEEP_AWAY = (
    "Add a small number below square roots and norms, and keep logarithms and divisions away from "
    "zero, also where the result is masked."
)
COPIED = 1e-6
"""Share of the limit below which the inputs without any weight give the targets themselves, up to
rounding; what is measured, or forecast from the value before, is never that close."""


@rule(
    "fail", exact=True,
    blocks=False,
    explains=["initial-loss-too-high", "initial-loss-too-low", "diverged", "most-trials-diverge",
              "learning-rate-too-high", *NOT_LEARNING],
)  # fmt: skip
def initial_loss_not_finite(evidence: Evidence) -> Finding | None:
    """What: the loss of a fresh model, or its gradient, is NaN or infinite.

    Why: a logarithm of zero, an overflow in an exponential, or an input out of range; training
    cannot start from it. A finite loss with such a gradient comes from a square root or a norm at
    zero, or from a branch that `where` leaves out of the loss but not out of the gradient.

    Fix: use the stable form (log_softmax, logsumexp, *_with_logits), check the inputs, and add a
    small number inside a square root.
    """
    count = evidence.number("nonfinite")
    broken = evidence.number("broken_gradients")
    traced = told_origin(evidence)
    where = f" {traced[0]}." if traced else ""
    if not count and broken:
        return finding(
            "fail",
            f"The loss of a fresh model is finite, but {broken:.0f} of "
            f"{evidence.number('gradients') or broken:.0f} gradients are not.{where}",
            traced[1] if traced else KEEP_AWAY,
        )
    if not count:
        return None
    training = evidence.number("train_mode_loss")
    if training is not None and not traced:
        return finding(
            "fail",
            f"In evaluation mode the loss of {count:.0f} fresh models is not finite; in training "
            f"mode it is {training:.3g}.",
            "Look at what differs there: attention in which every position of an item is masked "
            "(a key_padding_mask is True where a token is to be ignored), or running statistics.",
        )
    return finding(
        "fail",
        f"The loss of {count:.0f} fresh models is not finite.{where}",
        traced[1]
        if traced
        else "Use the numerically stable form of the loss, and check the inputs.",
    )


@rule("fail", remedy=remedies.draw_anew_or_not)
def initial_loss_too_high(evidence: Evidence) -> Finding | None:
    """What: the loss of a fresh model is well above that of a model that has no preference.

    Why: the outputs start large, so the model begins confidently wrong. Initial weights are too
    large, or the inputs are not scaled. The first epochs only undo this.

    Fix: use smaller initial weights (He or Glorot, a last layer that starts at zero), and inputs
    with zero mean and unit deviation.
    """
    severity = too_high(evidence)
    if severity is None or evidence.number("output_bound") is not None:
        return None  # outputs that are as large whatever the weights, such as scaled cosines
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

    Why: without training nothing can know the answer: the label leaks into the input, the loss is
    not the one you think it is, or it is averaged over too much. Weights that were trained before
    may know the answer, and so may a regression that adds its outputs to an input, such as a
    forecast that starts from the last value.

    Fix: check that the target is not part of the input, and compute the loss of one case by hand.
    """
    loss, expected, limit = (
        evidence.number("loss"), evidence.number("expected"), low_limit(evidence),
    )  # fmt: skip
    if loss is None or expected is None or limit is None or loss >= limit:
        return None
    known = (
        f"The initial loss is {loss:.3g}, below the {limit / TOO_LOW:.3g} that the best "
        "constant prediction reaches"
        if evidence.number("floor") is not None
        else f"The initial loss is {loss:.3g}, expected {expected:.3g}"
    )
    healthy = _known_from(evidence, limit)
    if healthy:
        return finding(
            "note", f"{known}: {healthy}.", "Compare every score with that of this start."
        )
    return finding(
        "fail",
        f"{known}.",
        "Look for the target among the inputs, and check the loss by hand.",
        confidence=0.7,
    )


def _known_from(evidence: Evidence, limit: float) -> str | None:
    """Where a fresh model may know the answer from, by its loss with its weights shrunk away."""
    without = evidence.number("loss_without_weights")
    if without is None:
        return None
    if without >= limit:
        return f"without its weights it is {without:.3g}, so that these were trained before"
    if evidence.text("target_kind") != "real":
        return None
    if evidence.flag("targets_are_inputs"):
        return "the model adds its outputs to inputs that are the targets, as an autoencoder may"
    if without > COPIED * limit:
        return f"without any weights it is {without:.3g}, so that the inputs come that near"
    return None


RULES = (
    initial_loss_not_finite,
    *loss_rules.RULES,
    *layer_rules.RULES,
    initial_loss_too_high,
    initial_loss_too_low,
    *bias_rules.RULES,
)
