"""Rules about outputs that the loss does not expect: each rests on an exact mark."""

import math

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.initial_loss import remedies
from recipe_steps.initial_loss.last_operation import BOUNDED, NORMALISING
from recipe_steps.symptoms import FIRST_LOSS, NOT_LEARNING, OVERSHOOTING

LOGIT_LOSS_FLOOR = 0.2
"""Share of the neutral loss that perfect probabilities leave to a loss that expects logits:
log(1 + (C - 1) / e) / log(C) is 0.45 for two classes and grows with C; a loss that expects
probabilities leaves nothing."""
SURE = 0.7
"""Of that floor, what logits of +-3 leave at most (label smoothing 0.1 of ten classes: 0.4)."""
OUTSIDE = 0.01
"""Share of targets outside of the range of the outputs that is worth a word."""
ONE_LABEL = 0.9
"""Share of items with exactly one label, below which labels do not exclude each other."""
SYMPTOMS = (
    *FIRST_LOSS, *NOT_LEARNING, *OVERSHOOTING, "vanishing-gradients", "metric-disagrees-with-loss",
)  # fmt: skip
LEAST_LOSS = 0.25
"""Of the loss of equal logits, from which the least that bounded logits reach is no loss to train
for: ten cosines reach 0.35, two 0.18."""
SQUASHED = ("relu", "sigmoid", "tanh", "softplus", "softmax")
"""What has no place below a softmax; large logits may well be clamped."""

SOFTMAX = 0.05
"""Relative deviation of a loss at equal logits from log(C) up to which it is taken for that of a
softmax."""


def expects_logits(evidence: Evidence) -> bool:
    """Perfect probabilities leave a loss, and logits on the right side a smaller one."""
    floor, sure = evidence.number("probability_floor"), evidence.number("logit_floor")
    if floor is None or sure is None:
        return False
    return floor > LOGIT_LOSS_FLOOR and sure < SURE * floor


def _squashed(name: str) -> Finding:
    return finding(
        "fail",
        f"The update step takes the {name} of the outputs, and a loss that expects logits.",
        f"Hand the outputs to the loss without the {name}.",
        confidence=0.98,
    )


def _takes_logs(evidence: Evidence) -> bool:
    """An absolute error below all its targets falls like a likelihood: only classes count."""
    classes = evidence.text("target_kind") == "class index"
    return classes and evidence.flag("loss_takes_log_probabilities")


@rule(
    "fail",
    exact=True,
    explains=SYMPTOMS,
    remedy=remedies.return_logits,
)
def softmax_before_loss(evidence: Evidence) -> Finding | None:
    """What: the model returns probabilities, but its loss applies a softmax itself.

    Why: the second softmax squeezes the outputs: the loss cannot fall below log(1 + (C - 1) / e),
    and gradients are tiny. It looks as if the learning rate were too low.

    Fix: return the logits, and apply a softmax only where you need probabilities.
    """
    if evidence.text("update_squashes") == "softmax":
        return _squashed("softmax")
    if not evidence.flag("outputs_are_probabilities"):
        return None
    if not (evidence.flag("loss_ignores_shift") or expects_logits(evidence)):
        return None
    return finding(
        "fail",
        "The outputs are probabilities (each row sums to 1), but the loss expects logits.",
        "Remove the softmax from the model and return logits.",
        confidence=0.98,
    )


@rule("fail", exact=True, explains=SYMPTOMS, remedy=remedies.return_logits)
def sigmoid_before_loss(evidence: Evidence) -> Finding | None:
    """What: the model ends in a sigmoid, but its loss expects logits.

    Why: the loss applies its own sigmoid or softmax to numbers between 0 and 1: the model can never
    be sure, the gradient stays small, and the loss cannot fall below a certain level.

    Fix: return the logits, or use the loss for probabilities (BCELoss).
    """
    if evidence.text("update_squashes") == "sigmoid":
        return _squashed("sigmoid")
    if evidence.text("last_operation") != "sigmoid" or not expects_logits(evidence):
        return None
    return finding(
        "fail",
        "The model ends in a sigmoid, but the loss expects logits.",
        "Remove the sigmoid from the model and return logits.",
        confidence=0.98,
    )


@rule(
    "fail",
    exact=True,
    explains=[*SYMPTOMS, "softmax-before-loss", "parameters-without-gradient"],
    remedy=remedies.usual_loss,
)
def single_unit_softmax(evidence: Evidence) -> Finding | None:
    """What: a softmax over a single output.

    Why: it is 1 whatever the input, and its gradient is exactly zero: nothing can be learnt.

    Fix: a sigmoid for one output, better the logit itself with a logistic loss; or two outputs.
    """
    softmax = evidence.text("last_operation") in ("softmax", "log_softmax")
    if not softmax or evidence.number("output_width") != 1:
        return None
    return finding(
        "fail",
        "The model ends in a softmax over one output, which is 1 for every input.",
        "Return the logit and use a logistic loss, or give the model two outputs.",
    )


@rule("fail", exact=True, explains=SYMPTOMS, remedy=remedies.take_logarithm)
def nll_on_probabilities(evidence: Evidence) -> Finding | None:
    """What: the loss expects log-probabilities and is given probabilities.

    Why: NLLLoss returns minus the probability of the right class: it starts at -1/C, is never
    below -1, and has a weak gradient where the model is most wrong.

    Fix: use log_softmax instead of softmax, or return logits and use cross-entropy.
    """
    if not _takes_logs(evidence) or not evidence.flag("outputs_are_probabilities"):
        return None
    return finding(
        "fail",
        f"The loss expects log-probabilities and gets probabilities: it starts at "
        f"{evidence.number('loss') or 0:.3g}.",
        "Return log_softmax, or logits together with cross-entropy.",
    )


@rule("fail", exact=True, explains=SYMPTOMS, remedy=remedies.usual_loss)
def nll_on_logits(evidence: Evidence) -> Finding | None:
    """What: the loss expects log-probabilities and is given unnormalised outputs.

    Why: without normalisation all outputs can grow together, so the loss falls without bound
    while nothing is learnt.

    Fix: use cross-entropy, which normalises, or end the model in log_softmax.
    """
    if not _takes_logs(evidence):
        return None
    if evidence.flag("outputs_are_probabilities") or evidence.flag("outputs_are_log_probabilities"):
        return None
    return finding(
        "fail",
        "The loss expects log-probabilities, but the outputs are not normalised.",
        "Use cross-entropy on the logits, or end the model in log_softmax.",
    )


@rule("fail", exact=True, explains=SYMPTOMS, remedy=remedies.return_logits)
def output_activation_limits_range(evidence: Evidence) -> Finding | None:
    """What: the model ends in an activation that cannot reach the values that are needed.

    Why: logits must be able to take any sign and size, and a regression has to reach its targets. A
    ReLU at the end also has no gradient where it is zero.

    Fix: end the model in a linear layer.
    """
    below = evidence.text("operation_below_softmax")
    if below in SQUASHED:
        return finding(
            "fail",
            f"The softmax at the end of the model is taken of a {below}, which gives "
            f"{BOUNDED[below]}: no class can be ruled out.",
            "Give the softmax the values of a linear layer.",
        )
    operation, single = evidence.text("last_operation"), evidence.number("rows_of_one_label")
    if single is not None and single < ONE_LABEL and evidence.flag("outputs_are_probabilities"):
        return finding(
            "fail",
            "The outputs of an item sum to 1, as those of a softmax do, but only "
            f"{single:.0%} of the items have one label.",
            "Take a sigmoid of each output, or return logits to a loss that does.",
        )
    if operation not in BOUNDED:
        return _small_logits(evidence)
    if evidence.text("target_kind") == "real" and evidence.flag("loss_takes_logs"):
        if BOUNDED[operation] not in ("0 and above", "0 to 1"):
            return None
        return finding(
            "fail",
            f"The model ends in {operation}, which gives {BOUNDED[operation]}, but the loss takes "
            "the outputs for logarithms: it is least where they are the logarithm of the target.",
            "Return the logarithm, that is end the model in a linear layer, or tell the loss that "
            "it gets the values (log_input=False of nn.PoissonNLLLoss).",
        )
    if evidence.text("target_kind") == "real":
        outside = evidence.number("targets_outside")
        if outside is None or outside <= OUTSIDE:
            return None
        what = f"{outside:.0%} of the targets lie outside"
    elif operation not in (*NORMALISING, "sigmoid") and expects_logits(evidence):
        what = "the loss expects logits"
    else:
        return None
    return finding(
        "fail",
        f"The model ends in {operation}, which gives {BOUNDED[operation]}, but {what}.",
        "End the model in a linear layer.",
    )


def _small_logits(evidence: Evidence) -> Finding | None:
    """Of logits within -b and b, the softmax gives the right one of C classes at most
    1 / (1 + (C - 1) exp(-2 b)).
    """
    bound, classes = evidence.number("output_bound"), evidence.number("n_outputs")
    expected = evidence.number("expected")
    if bound is None or not classes or classes < 2 or not evidence.flag("loss_ignores_shift"):
        return None
    if expected is None or not math.isclose(expected, math.log(classes), rel_tol=SOFTMAX):
        return None  # distances ignore a shift too
    least = math.log(1 + (classes - 1) * math.exp(-2 * bound))
    if least < LEAST_LOSS * math.log(classes):
        return None
    return finding(
        "fail",
        f"The outputs stay within {bound:.3g} whatever the weights: the loss of {classes:.0f} "
        f"classes cannot fall below {least:.3g}, of {math.log(classes):.3g} at first.",
        "Multiply cosines by a scale, such as 10 or a learnt one, before the softmax.",
    )
