"""How far a first loss may lie above, and below, that of a model that prefers nothing."""

from recipe.plugin import Evidence, Severity

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


def low_limit(evidence: Evidence) -> float | None:
    """The loss below which a fresh model knows the answer; None when that is unknown."""
    expected, floor = evidence.number("expected"), evidence.number("floor")
    if expected is None or (floor is None and expected <= 0):
        return None  # half of a loss that may be negative means nothing
    if floor is not None:
        return TOO_LOW * floor
    known = min(expected, evidence.number("constant_loss") or expected)
    return TOO_LOW_OWN_LOSS * known


def lowest_loss(evidence: Evidence) -> float | None:
    """The first loss in evaluation or training mode, whichever is lower: running statistics of
    batch normalisation are not known yet.
    """
    losses = [evidence.number(name) for name in ("loss", "train_mode_loss")]
    return min((loss for loss in losses if loss is not None), default=None)


def too_high(evidence: Evidence) -> Severity | None:
    """How bad the first loss is; None when it is as expected, or unknown."""
    loss, expected = lowest_loss(evidence), evidence.number("expected")
    if loss is None or expected is None:
        return None
    if evidence.text("task") in ("regression", "forecasting") and expected > 0:
        warn, fail = REGRESSION_WARN * expected, REGRESSION_FAIL * expected
    else:
        warn = expected + max(WARN_NATS, WARN_RATIO * expected)
        fail = expected + max(FAIL_NATS, FAIL_RATIO * expected)
    if loss <= warn:
        return None
    return "fail" if loss > fail else "warn"
