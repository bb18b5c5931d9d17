"""Rules about learning a small sample by heart."""

from statistics import fmean

from recipe.results import Evidence, Finding
from recipe.rules import finding, rule

LINEAR = 1e-4
"""Relative bend that rounding leaves to a linear model."""
SAME_OUTPUTS = 1e-5
"""Relative difference of outputs between items below which the input has no part in them."""
CONTRADICTORY = 0.01
OFTEN_REPEATED = 0.5
"""Share of repeated inputs above which a table is of few distinct rows, where equal rows with
different answers are to be expected."""
FLAT = 0.2
"""Relative fall of the mean loss from the third to the last quarter of an attempt up to which it
has settled; an attempt that learns by heart falls by factors."""
BLOCKED_FAIL, BLOCKED_WARN = 0.2, 0.6
"""Share of the way from chance to perfect that is reached with regularisation on."""


@rule("fail", explains=["no-learning-rate-works", "underfitting", "slow-start"])
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


@rule("fail", explains=["cannot-overfit-sample", "model-too-small", "no-learning-rate-works",
                        "underfitting", "predicts-majority-class"])  # fmt: skip
def inputs_ignored(evidence: Evidence) -> Finding | None:
    """What: after training on a sample, the outputs are the same for every input.

    Why: the input does not reach the output: it is multiplied by zero, overwritten or constant,
    or all units on the way are dead.

    Fix: follow one item through forward and print where the values stop to differ.
    """
    response = evidence.number("response")
    if evidence.flag("reached") or response is None or response > SAME_OUTPUTS:
        return None
    return finding(
        "fail",
        "After training on the sample the outputs are the same for every item.",
        "Follow one item through forward and see where the values stop to differ.",
    )


@rule("warn", explains=["cannot-overfit-sample", "model-too-small", "underfitting"])
def model_is_linear(evidence: Evidence) -> Finding | None:
    """What: the model is linear in its input although it has several layers.

    Why: without a nonlinearity between them, layers multiply to one matrix: depth adds nothing.

    Fix: put an activation such as ReLU between the layers.
    """
    bend, layers = evidence.number("nonlinearity"), evidence.number("weight_layers")
    if bend is None or layers is None or layers < 2 or bend > LINEAR:
        return None
    return finding(
        "warn",
        f"{layers:.0f} layers, yet f(a + b) + f(0) = f(a) + f(b): the model is linear.",
        "Put a nonlinearity between the layers.",
        confidence=0.95,
    )


@rule("fail", explains=["cannot-overfit-sample", "underfitting"])
def model_too_small(evidence: Evidence) -> Finding | None:
    """What: at every rate the loss on the sample flattens out above zero.

    Why: the model has learnt what it can hold: too few units or parameters, or a bottleneck.

    Fix: wider or deeper.
    """
    if evidence.flag("reached"):
        return None
    losses = [loss for loss in evidence.curve("loss") if loss is not None]
    score, chance = evidence.number("best_score"), evidence.number("chance")
    if len(losses) < 20 or score is None or chance is None or score <= chance:
        return None
    quarter = len(losses) // 4
    before, after = fmean(losses[-2 * quarter : -quarter]), fmean(losses[-quarter:])
    if after <= 0 or before - after > FLAT * before:
        return None
    return finding(
        "fail",
        f"The loss on the sample flattens out at {after:.3g}; the score stays at {score:.3g}.",
        "Make the model wider or deeper.",
        confidence=0.6,
    )


@rule("fail", explains=["underfitting", "regularization-too-strong", "slow-start"])
def regularization_blocks_learning(evidence: Evidence) -> Finding | None:
    """What: the sample is learnt without regularisation and not as declared.

    Why: dropout or weight decay is so strong that not even a few items can be remembered.

    Fix: less dropout, less weight decay; add them back once the model fits.
    """
    share = evidence.number("regularized_progress")
    if share is None or not evidence.flag("reached") or share >= BLOCKED_WARN:
        return None
    return finding(
        "fail" if share < BLOCKED_FAIL else "warn",
        f"With dropout and weight decay as declared, {max(share, 0):.0%} of the way to a perfect "
        "score on the sample is reached; without them all of it.",
        "Use less dropout and weight decay.",
        confidence=0.9,
    )


@rule("warn", explains=["noisy-labels"])
def contradictory_labels(evidence: Evidence) -> Finding | None:
    """What: identical inputs carry different labels.

    Why: no model can be right on all of them, and training pulls the weights both ways. In a
    table of few distinct rows that is to be expected, elsewhere labels were mixed up.

    Fix: look at these items, and mend or drop them.
    """
    wrong, repeated = (
        evidence.number("contradictory_share"), evidence.number("repeated_share"),
    )  # fmt: skip
    if wrong is None or repeated is None or wrong <= CONTRADICTORY or repeated > OFTEN_REPEATED:
        return None
    return finding(
        "warn",
        f"{wrong:.1%} of the training items contradict others with the same input.",
        "Look at the items whose inputs are identical.",
        confidence=0.9,
    )


RULES = (
    inputs_ignored,
    model_is_linear,
    model_too_small,
    regularization_blocks_learning,
    contradictory_labels,
    cannot_overfit_sample,
)
