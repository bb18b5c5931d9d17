"""Rules about a loss that does not fit its task: each rests on an exact mark."""

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.initial_loss import remedies
from recipe_steps.initial_loss.output_rules import (
    SYMPTOMS,
    nll_on_logits,
    nll_on_probabilities,
    output_activation_limits_range,
    sigmoid_before_loss,
    single_unit_softmax,
    softmax_before_loss,
)
from recipe_steps.symptoms import OVERSHOOTING

EXACT = 0.01
"""Relative deviation up to which a factor counts as hit."""
CLIMB = 1e-4
"""Relative rise of the loss over some tiny steps that rounding does not explain: float32 has seven
digits."""
OPPOSITE = 0.1
"""Relative deviation from minus the task's loss: dropout makes them differ."""
NEAR = 0.5
"""Share of the loss of neutral outputs from which a loss has the sign of one that is to fall."""
ADAPTIVE = ("adam", "adamw", "rmsprop")


@rule(
    "warn",
    exact=True,
    explains=[
        *OVERSHOOTING,
        "exploding-gradients",
        "cannot-overfit-sample",
        "model-too-small",
        "predicts-majority-class",
    ],
    remedy=remedies.mean_loss,
)
def loss_summed_over_batch(evidence: Evidence) -> Finding | None:
    """What: the loss is a sum over the batch.

    Why: its gradient grows with the batch, so the rate that works changes with the batch size,
    and the last, smaller batch of an epoch counts less. Adam divides the factor out again, and
    so does every optimizer whose steps do not depend on the size of the gradient.

    Fix: take the mean over the batch (reduction="mean").
    """
    factor = evidence.number("batch_factor")
    if factor is None or abs(factor - 2) > EXACT:
        return None
    adaptive = evidence.text("optimizer") in ADAPTIVE
    return finding(
        "note" if adaptive or evidence.flag("optimizer_takes_any_scale") else "warn",
        "A batch with every item twice has twice the loss: it is a sum over the batch.",
        "Use the mean over the batch, and scale the rate up by the batch size.",
    )


@rule(
    "warn",
    exact=True,
    explains=["initial-loss-too-low", "learning-rate-too-low", "slow-start"],
    remedy=remedies.sum_over_classes,
)
def loss_averaged_over_classes(evidence: Evidence) -> Finding | None:
    """What: the cross-entropy is averaged over the classes too.

    Why: only the right class contributes, so the loss and its gradient are C times too small
    and the rate has to be C times larger.

    Fix: sum over the classes, and take the mean over the batch.
    """
    neutral, expected = evidence.number("neutral_logit_loss"), evidence.number("log_classes")
    classes = evidence.number("n_outputs")
    if neutral is None or not expected or classes is None or classes < 2:
        return None
    if not evidence.flag("loss_ignores_shift") or abs(neutral * classes / expected - 1) > EXACT:
        return None
    return finding(
        "warn",
        f"Equal logits have a loss of {neutral:.3g}, which is log({classes:.0f}) divided by "
        f"{classes:.0f}.",
        "Sum over the classes and average over the batch only.",
    )


@rule("fail", exact=True, explains=SYMPTOMS, remedy=remedies.usual_loss)
def wrong_loss_for_task(evidence: Evidence) -> Finding | None:
    """What: a squared error on classes, a classification loss on real-valued targets, or a softmax
    over labels that do not exclude each other.

    Why: a squared error hardly punishes confident mistakes and flattens out where the model is
    most wrong; cross-entropy on a real value has its minimum somewhere else.

    Fix: cross-entropy for classes, logistic loss for yes and no, squared error for real values.
    """
    kind = evidence.text("target_kind")
    classes = kind in ("class index", "zero or one")
    if classes and (evidence.flag("loss_is_distance") or _squares_probabilities(evidence)):
        return finding(
            "fail",
            "The loss is a squared or absolute error, but the targets are classes.",
            "Use cross-entropy (logistic loss for yes and no) on logits.",
        )
    if kind == "real" and evidence.flag("loss_normalises"):
        return finding(
            "fail",
            "The loss normalises over the outputs as cross-entropy does, but the targets are "
            "real values.",
            "Use a squared or absolute error.",
        )
    if kind == "zero or one" and evidence.flag("loss_is_softmax"):
        return finding(
            "fail",
            "The loss is a softmax cross-entropy, as if the labels of an item excluded each other.",
            "Use a logistic loss for each label (BCEWithLogitsLoss).",
        )
    if kind == "real" and evidence.flag("loss_is_logistic"):
        return finding(
            "fail",
            "The loss is logistic (binary cross-entropy), but the targets are real values.",
            "Use a squared or absolute error.",
        )
    return None


def _squares_probabilities(evidence: Evidence) -> bool:
    """Equal logits have the squared error (1 - 1/C) / C of equal probabilities."""
    neutral, classes = evidence.number("neutral_logit_loss"), evidence.number("n_outputs")
    if neutral is None or not classes or classes < 2 or not evidence.flag("loss_ignores_shift"):
        return False
    return abs(neutral * classes / (1 - 1 / classes) - 1) < EXACT


@rule("fail", exact=True, explains=[*SYMPTOMS, "wrong-loss-for-task"], remedy=remedies.usual_loss)
def softmax_over_batch(evidence: Evidence) -> Finding | None:
    """What: the loss takes the softmax over the items of the batch instead of over the classes.

    Why: then the items of a batch compete with each other, and the classes of an item do not: what
    an item is told depends on the others in its batch.

    Fix: take the softmax along the classes (dim=1), or use cross_entropy on the logits.
    """
    if not evidence.flag("loss_is_over_batch"):
        return None
    return finding(
        "fail",
        "The loss is the cross-entropy of a softmax over the items of the batch (dim=0).",
        "Take the softmax over the classes: log_softmax(outputs, dim=1), or cross_entropy.",
    )


@rule(
    "fail",
    exact=True,
    explains=[*SYMPTOMS, "nll-on-logits", "wrong-loss-for-task"],
    remedy=remedies.other_sign,
)
def loss_sign_flipped(evidence: Evidence) -> Finding | None:
    """What: the loss grows when the outputs move towards the targets, or the optimizer maximises
    it, or an update step of your own raises the task's loss, either while the loss it returns falls
    or however small its steps are. Of a loss with several outputs for a target: it falls without
    end, for every item, when one output grows or falls.

    Why: training minimises the loss, and so drives the model away from the answers: the loss
    falls while the score falls.

    Fix: remove the minus sign, or add the missing one.
    """
    towards = evidence.number("loss_towards_targets")
    away = evidence.number("loss_away_from_targets")
    true, said = evidence.number("update_reference_loss"), evidence.number("update_reported_loss")
    rise = evidence.number("update_reference_change")
    if endless := evidence.text("loss_falls_forever"):
        return finding(
            "fail",
            f"The loss of every item falls without end when output {endless}, whatever its target "
            "is: training follows that, and learns nothing else.",
            f"Check the sign of the term with output {endless.split()[0]}: a log variance stands "
            "in the likelihood of a normal distribution as log_var + error ** 2 * exp(-log_var).",
        )
    if true is not None and said is not None and rise is not None:
        opposite = abs(said + true) < OPPOSITE * abs(true)
        if opposite and rise > EXACT * abs(true):
            return finding(
                "fail",
                f"The update step returns {said:.3g} where the loss of the task is {true:.3g}, "
                f"and raises that by {rise:.3g} within some updates.",
                "Change the sign of the loss in the update step.",
            )
        gentle = evidence.number("update_gentle_change")
        same = abs(said - true) < OPPOSITE * abs(true)
        climbs = gentle is not None and gentle > CLIMB * abs(true) and rise > EXACT * abs(true)
        if same and climbs:
            return finding(
                "fail",
                f"The update step raises the loss of the batch it was given, from {true:.3g} by "
                f"{rise:.3g} within some updates, however small they are.",
                "Change the sign of what backward() is called on, or of the gradients.",
            )
    if evidence.flag("optimizer_maximizes"):
        if towards is None or away is None or not (towards < 0 < away):
            return None
        return finding(
            "fail",
            "The optimizer maximises the loss (maximize=True), which falls when the outputs move "
            "towards the targets.",
            "Leave maximize=True out.",
        )
    if towards is None or away is None or not (towards > 0 > away):
        return None
    return _grows(evidence, towards)


def _grows(evidence: Evidence, towards: float) -> Finding:
    """What is said of a declared loss that grows on the way to the targets."""
    if evidence.text("task") == "embedding":
        return finding(
            "fail",
            f"The loss grows by {towards:.3g} when embeddings move towards those they belong to.",
            "Swap what is pulled and what is pushed: distances to the right ones have to fall.",
        )
    grows = f"The loss grows by {towards:.3g} when the outputs move towards the targets"
    loss, expected = evidence.number("loss"), evidence.number("expected")
    if loss is not None and expected is not None and loss > NEAR * expected > 0:
        return finding(
            "fail",
            f"{grows}, although it starts at {loss:.3g}, as one with the right sign does: wrong "
            "answers get a larger part in it than right ones.",
            "Give the right class the larger part: label smoothing leaves it 1 - smoothing. Or use "
            "the usual loss of the task, which has label_smoothing=.",
        )
    return finding("fail", f"{grows}.", "Change the sign of the loss.")


RULES = (
    single_unit_softmax,
    softmax_before_loss,
    nll_on_probabilities,
    sigmoid_before_loss,
    loss_sign_flipped,
    softmax_over_batch,
    wrong_loss_for_task,
    nll_on_logits,
    output_activation_limits_range,
    loss_averaged_over_classes,
    loss_summed_over_batch,
)
