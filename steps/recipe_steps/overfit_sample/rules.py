"""Rules about memorizing a small sample."""

from statistics import fmean

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.inspect.model_rules import inputs_ignored, parameters_without_gradient
from recipe_steps.inspect.scale_rules import inputs_not_scaled, inputs_over_normalized
from recipe_steps.norm_momentum import usual_momentum
from recipe_steps.overfit_sample import remedies
from recipe_steps.overfit_sample.optimizer_rules import (
    optimizer_settings_unusual,
    rate_not_passed_on,
)

LINEAR = 1e-4
"""Relative bend that rounding leaves to a linear model."""
CONTRADICTORY = 0.01
OFTEN_REPEATED = 0.5
"""Share of repeated inputs above which a table is of few distinct rows, where equal rows with
different answers are to be expected."""
NO_ROW = 100
"""Values of an input from which equal ones are copies: no table has so few distinct rows then."""
CHANCE = 1e-3
"""Items that an item of a table equals by chance, above which its rows are so few that some repeat
(as for the overlap of training and validation); rows of measured numbers come nowhere near."""
FLAT = 0.2
"""Relative fall of the mean loss from the second to the third quarter of an attempt up to which it
has settled; an attempt that memorizes falls by factors."""
FURTHER = 0.1
"""Share of the way from chance to perfect by which something simple has to come further."""
FEW = 0.03
"""Difference of two scores that a few items make: of a rare class they are much of the way."""
NEARLY = 0.9
"""Share of the way from chance to perfect from which a sample is as good as learnt: what is missing
is patience, not a path for the gradient."""
BLIND = 0.05
"""Share of the way from chance to perfect that inputs have to bring at least."""
KNOWN_IN_TRAINING, APART = 0.9, 0.3
"""Shares of the way from chance to perfect: reached with batch statistics, and missing without."""
FAR_APART = 0.5
"""The same, where something else keeps the sample from being known: noise in the labels, say."""
COARSE = 0.95
"""Reachable score of coarse masks below which it is told: 0.05 is what any mask may miss."""
OF_SAME_ITEMS = 0.15
"""By how much the score of the same items may be lower in evaluation: dropout and augmentation make
it higher there."""
WHAT_BLOCKS = ("dropout", "weight decay")
BLOCKED_FAIL, BLOCKED_WARN = 0.2, 0.6
"""Share of the way from chance to perfect that is reached with regularisation on."""


def nothing_simple_does_better(evidence: Evidence) -> bool:
    """Whether something simple was tried on the sample, and came no further than the model."""
    own, simple = evidence.number("progress"), evidence.number("simple_progress")
    score, others = evidence.number("best_score"), evidence.number("simple_score")
    if own is None or simple is None or score is None or others is None:
        return False
    return own >= simple - FURTHER or score >= others - FEW


def _than_simple(evidence: Evidence) -> str:
    """What did better, behind a score in a sentence."""
    name, score = evidence.text("simple"), evidence.number("simple_score")
    return "" if name is None or score is None else f", where {name} reaches {score:.3g}"


def _than_blind(evidence: Evidence) -> str:
    """That it is no more than the labels alone tell, behind a score in a sentence."""
    own, blind = evidence.number("progress"), evidence.number("blind_progress")
    score = evidence.number("blind_score")
    if own is None or blind is None or score is None or own > blind + BLIND:
        return ""
    return f"; with the same inputs for every item it reaches {score:.3g} too"


@rule("note")
def sample_not_learnable(evidence: Evidence) -> Finding | None:
    """What: the sample cannot be memorized, and no simple method does better on it than the model:
    neither smooth fits, trees and neighbours that are asked about items they were not shown nor,
    with many inputs, a smooth fit of the items themselves. Or masks are finer than the grid on
    which the model computes them.

    Why: if there are few inputs and the answers are noisy, items next to each other have different
    answers, and no smooth function passes through all of them. That is not the model's fault. Masks
    that are enlarged eight times miss thin parts whatever the weights are.

    Fix: nothing, or inputs that say more, or a finer grid.
    """
    grid, limit = evidence.text("grid"), evidence.number("grid_score")
    if grid is not None and limit is not None and limit < COARSE:
        return finding(
            "note",
            f"The model computes its masks as {grid}: on the sample no such mask scores more than "
            f"{limit:.3g}.",
            "A finer grid (smaller strides, connections across) lets it draw finer masks.",
        )
    own, simple = evidence.number("best_score"), evidence.number("simple_score")
    if evidence.flag("reached") or own is None or simple is None:
        return None
    if (evidence.number("progress") or 0.0) >= NEARLY or not nothing_simple_does_better(evidence):
        return None
    items, inputs = evidence.number("items") or 0, evidence.number("varying_inputs") or 0
    apart = min(1.0, evidence.number("disagreement") or 0.0)
    return finding(
        "note",
        f"On {items:.0f} items the model reaches a score of {own:.3g}, and nothing simple does "
        f"better ({evidence.text('simple')}: {simple:.3g}): items with nearly the same inputs "
        f"differ in their answers {apart:.0%} as much as any two.",
        f"Nothing is wrong with the model: noise cannot be memorized from {_told(inputs)}.",
        confidence=0.8,
    )


def _told(inputs: float) -> str:
    return "one input" if inputs == 1 else f"so few inputs ({inputs:.0f})"


@rule("fail", explains=["no-learning-rate-works", "underfitting", "slow-start"])
def cannot_overfit_sample(evidence: Evidence) -> Finding | None:
    """What: no learning rate and length that was tried reaches a perfect score on a few
    minibatches, nor what a simple method reaches on the same items.

    Why: a model that cannot memorize a hundred items will not learn the rest. Something is broken:
    the architecture, the initialisation, the optimisation, or the path of the gradient.

    Fix: look at the architecture and the initialisation first, then at the rate; print the
    gradient of every layer.
    """
    score, perfect = evidence.number("best_score"), evidence.number("perfect")
    if evidence.flag("reached") or perfect is None:
        return None
    progress = evidence.number("progress")
    if (progress is not None and progress >= NEARLY) or nothing_simple_does_better(evidence):
        return None
    reached = "a score that is not a number" if score is None else f"a score of {score:.3g}"
    items, attempts = evidence.number("items") or 0, evidence.number("attempts") or 0
    return finding(
        "fail",
        f"On {items:.0f} items the best of {attempts:.0f} attempts reached {reached}, "
        f"expected {perfect:.3g}{_than_simple(evidence)}{_than_blind(evidence)}.",
        "Check architecture and initialisation, then the learning rate.",
        confidence=0.8,
    )


@rule(
    "warn",
    explains=["cannot-overfit-sample", "model-too-small", "underfitting", "most-trials-diverge"],
    remedy=remedies.add_nonlinearities,
)
def model_is_linear(evidence: Evidence) -> Finding | None:
    """What: the model is linear in its input although it has several layers.

    Why: without a nonlinearity between them, several layers multiply to a single matrix: depth adds
    nothing.

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
    """What: at every learning rate, the loss on the sample stops falling well above zero.

    Why: the model has learnt all it can hold: it has too few units or parameters, or a bottleneck.

    Fix: make it wider or deeper.
    """
    if evidence.flag("reached"):
        return None
    losses = [loss for loss in evidence.curve("loss") if loss is not None]
    score, chance = evidence.number("best_score"), evidence.number("chance")
    if len(losses) < 20 or score is None or chance is None or score <= chance:
        return None
    if (evidence.number("progress") or 0.0) >= NEARLY or nothing_simple_does_better(evidence):
        return None
    quarter = len(losses) // 4  # the rate falls in the last one
    before, after = (
        fmean(losses[-3 * quarter : -2 * quarter]), fmean(losses[-2 * quarter : -quarter]),
    )  # fmt: skip
    if after <= 0 or before - after > FLAT * before:
        return None
    return finding(
        "fail",
        f"The loss on the sample flattens out at {after:.3g}; the score stays at {score:.3g}"
        f"{_than_simple(evidence)}.",
        "Make the model wider or deeper.",
        confidence=0.6,
    )


@rule(
    "fail",
    explains=["underfitting", "regularization-too-strong", "slow-start", "weight-decay-too-high",
              "predicts-majority-class"],
    remedy=remedies.without_regularisation,
)  # fmt: skip
def regularization_blocks_learning(evidence: Evidence) -> Finding | None:
    """What: the model learns the sample without regularisation, but not with what you declared.

    Why: dropout or weight decay is so strong that not even a few items can be remembered.

    Fix: use less dropout and less weight decay; add them back once the model fits.
    """
    share, by = evidence.number("regularized_progress"), evidence.text("regularized_by")
    if share is None or not evidence.flag("reached") or share >= BLOCKED_WARN:
        return None
    return finding(
        "fail" if share < BLOCKED_FAIL else "warn",
        f"With {by or 'dropout and weight decay as declared'}, {max(share, 0):.0%} of the way to a "
        "perfect score on the sample is reached; without, all of it.",
        f"Use less {' and '.join(what for what in WHAT_BLOCKS if what in (by or what))}.",
        confidence=0.9,
    )


@rule("warn", exact=True, explains=["noisy-labels", "labels-look-random", "no-better-than-chance",
                                     "predicts-majority-class", "underfitting"])  # fmt: skip
def contradictory_labels(evidence: Evidence) -> Finding | None:
    """What: identical inputs carry different labels.

    Why: no model can be right on all of them, and training pulls the weights in two directions. In
    a table with few distinct rows that is to be expected; elsewhere, labels were mixed up.

    Fix: look at these items, and correct or drop them.
    """
    wrong, repeated = (
        evidence.number("contradictory_share"), evidence.number("repeated_share"),
    )  # fmt: skip
    if wrong is None or repeated is None or wrong <= CONTRADICTORY:
        return None
    few_rows = (evidence.number("repeats_by_chance") or 0.0) >= CHANCE
    if repeated > OFTEN_REPEATED and (evidence.number("values_of_an_input") or 0.0) < NO_ROW:
        return None
    return finding(
        "note" if few_rows else "warn",
        f"{wrong:.1%} of the training items contradict others with the same input.",
        "Look at the items whose inputs are identical.",
        confidence=0.9,
    )


@rule(
    "fail", exact=True,
    explains=["cannot-overfit-sample", "model-too-small", "metric-disagrees-with-loss",
              "overfitting", "inputs-ignored", "simple-model-does-better"],
    remedy=usual_momentum,
)  # fmt: skip
def evaluation_differs_from_training(evidence: Evidence) -> Finding | None:
    """What: the model learns the sample with the statistics of each batch, but not in evaluation
    mode; or the best run scores far lower on its own training items in evaluation mode than while
    they were trained on.

    Why: evaluation uses running statistics. With a tiny momentum these never settle, with batches
    of one or two items they are noise, and layers that share them see those of other data. So it is
    with averages of the weights that a model keeps for evaluation, and with any code that asks for
    the mode.

    Fix: use a momentum of 0.1 for batch norm, larger batches, or layer or group norm.
    """
    running, evaluated = (
        evidence.number(f"training_score_{how}") for how in ("running", "evaluated")
    )  # fmt: skip
    if running is not None and evaluated is not None and evaluated <= running - OF_SAME_ITEMS:
        return finding(
            "fail",
            f"On the training items the best model scores {evaluated:.3g} in evaluation mode, and "
            f"{running:.3g} while they were trained on: evaluation is another model.",
            "Look at what depends on the mode: batch normalisation's momentum, averages of weights "
            "that are too slow, code that asks for self.training.",
            confidence=0.9,
        )
    training, own = evidence.number("train_mode_progress"), evidence.number("progress")
    if evidence.flag("reached") or training is None or own is None:
        return None
    # Where other statistics alone make it known, they are the cause, be the distance ever so small.
    proven = (evidence.number("recalibrated_progress") or 0.0) >= KNOWN_IN_TRAINING > own
    known = training >= KNOWN_IN_TRAINING and (own <= training - APART or proven)
    if not known and own > training - FAR_APART:
        return None
    return finding(
        "fail",
        f"In training mode {training:.0%} of the sample is learnt, in evaluation mode "
        f"{max(own, 0):.0%}: the running statistics are not those of the data.",
        "Use batch normalisation's usual momentum and larger batches, or layer normalisation.",
        confidence=0.9,
    )


RULES = (
    parameters_without_gradient,
    evaluation_differs_from_training,
    inputs_not_scaled,
    inputs_over_normalized,
    rate_not_passed_on,
    optimizer_settings_unusual,
    inputs_ignored,
    model_is_linear,
    model_too_small,
    regularization_blocks_learning,
    contradictory_labels,
    sample_not_learnable,
    cannot_overfit_sample,
)
