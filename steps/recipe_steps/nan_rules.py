"""The rule about the operation that made a loss or a gradient NaN, as a replayed step shows it."""

from recipe.plugin import Evidence, Finding, finding, rule

CAUSES = {
    "log-of-zero": (
        "a logarithm of zero",
        ("Use log_softmax, logsumexp or a loss with_logits, or clamp what comes before it."),
    ),
    "log-of-negative": (
        "a logarithm of a negative number",
        "See to what is given to the logarithm: probabilities come from softmax or sigmoid.",
    ),
    "norm-of-zero": (
        "a division by a norm of zero, or its gradient there",
        (
            "Add a small number to the norm or below its root (F.normalize does), and see to items "
            "that are all zero."
        ),
    ),
    "division-by-zero": (
        "a division by zero",
        "Add a small number to the divisor, or leave out the items whose count or sum is zero.",
    ),
    "root-at-zero": (
        "the slope of a root at zero, which is infinite",
        "Add a small number below the root: torch.sqrt(x + 1e-12).",
    ),
    "root-of-negative": (
        "a root of a negative number",
        "Clamp the value before the root, also where the result is masked: the gradient is not.",
    ),
    "edge-of-arc": (
        "the slope of an arc function at its end, which is infinite",
        "Clamp the value before it to just below 1 and above -1.",
    ),
    "half-overflow": (
        "an overflow of half precision",
        (
            "Train in bfloat16 or keep this operation in float32; with float16 a GradScaler skips "
            "such steps."
        ),
    ),
    "exponential": (
        "an exponential of a large number",
        "Subtract the maximum first (softmax and logsumexp do), or clamp what is given to it.",
    ),
    "masked": (
        "a mask that leaves nothing over",
        "Leave at least one place unmasked in every row, or mask with a large finite number.",
    ),
    "growth": (
        "weights or activations that grew out of bounds: the rate is too high for them",
        "Lower the learning rate, warm up, or clip the gradient.",
    ),
}
OTHER = (
    "an operation outside of its range",
    "Look at what is given to this operation, and keep it away from the edge of its range.",
)
DATA = "Look at these items: drop them, or fill in what is missing."


def told_origin(evidence: Evidence) -> tuple[str, str] | None:
    """Where the first value that is not finite arises, and what to do; None where no step was
    replayed, or nothing came of it.
    """
    phase, items = evidence.text("nan_phase"), evidence.text("nan_items")
    of_items = f" (items {items} of the batch)" if items else ""
    if phase is None:
        return None
    if phase == "batch":
        return f"The batch holds values that are not finite{of_items}", DATA
    cause, advice = CAUSES.get(evidence.text("nan_cause") or "", OTHER)
    if phase in ("weights", "growth"):
        cause, advice = CAUSES["growth"]
        before = evidence.text("nan_before")
        told = f"; {before}" if before else ""
        return f"No operation fails with the weights from before: it is {cause}{told}", advice
    where = evidence.text("nan_module")
    inside = f"in {where}" if where else "in the loss"
    place = evidence.text("nan_place")
    line = f", {place}" if place else ""
    way = "the gradient of " if phase == "backward" else ""
    before = evidence.text("nan_before")
    return (
        (
            f"The first value that is not finite comes from {way}{evidence.text('nan_operation')} "
            f"{inside}{line}{of_items}: {before + ', ' if before else ''}{cause}"
        ),
        advice,
    )


@rule("fail", explains=["diverged", "loss-became-nan", "collapsed", "unstable-training"],
      lasting=True)  # fmt: skip
def operation_not_finite(evidence: Evidence) -> Finding | None:
    """What: the loss or its gradient became NaN or infinite, and the step, replayed, shows which
    operation was given finite values and returned others.

    Why: a logarithm or a root at zero, a division by a norm of zero, an overflow of half
    precision, items that are no numbers: the operation, its module and what it was given tell
    which. Where none is found and the weights had grown, the rate was too high: of a trial
    that is a note, beside the finding that it diverged.

    Fix: keep the operation away from the edge of its range; for items, clean the data; for
    growth, a lower rate, a warm-up, or clipping.
    """
    told = told_origin(evidence)
    if told is None:
        return None
    said, advice = told
    at = evidence.number("nan_iteration")
    when = "" if at is None else f"In iteration {at:.0f} the loss stopped being finite. "
    # Where no operation is to blame, the rate is, and of a trial other rules judge that.
    grown = evidence.text("nan_phase") in ("weights", "growth")
    grown = grown or evidence.text("nan_cause") == "growth"
    of_a_trial = "diverged" in (evidence.text("best_status"), evidence.text("baseline_status"))
    beside = grown and of_a_trial and not evidence.flag("log")
    return finding("note" if beside else "fail", f"{when}{said}.", advice, confidence=0.95)
