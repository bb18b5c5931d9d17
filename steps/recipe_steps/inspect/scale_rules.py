"""Rules about the scale of inputs and targets, decided by short trainings."""

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.inspect import remedies
from recipe_steps.symptoms import FIRST_LOSS, NOT_LEARNING, OVERSHOOTING

GAIN_WARN, GAIN_FAIL = 0.15, 0.5
"""Share of a constant prediction's loss that standardising saves within 100 iterations. Between
two seeds of one training it varies by about 0.05."""
FIRST_LOSS_RATIO = 2.0
"""First loss on raw inputs over that on standardised ones that is too much by itself."""
LARGE = 10.0
SYMPTOMS = (*FIRST_LOSS, *NOT_LEARNING, *OVERSHOOTING, "saturated-units", "dead-units",
            "exploding-gradients", "vanishing-gradients", "initialization-too-large",
            "initialization-too-small")  # fmt: skip


def _gain(evidence: Evidence, what: str) -> tuple[float, float] | None:
    gain, size = (
        evidence.number(f"{what}_scale_gain"),
        evidence.number("input_feature_size" if what == "input" else "target_size"),
    )
    return None if gain is None or size is None else (gain, size)


def _first_loss_is_high(evidence: Evidence) -> bool:
    raw, standard = evidence.number("raw_first_loss"), evidence.number("standard_first_loss")
    return raw is not None and standard is not None and raw > FIRST_LOSS_RATIO * standard > 0


@rule("fail", explains=SYMPTOMS, remedy=remedies.standardise_inputs)
def inputs_not_scaled(evidence: Evidence) -> Finding | None:
    """What: input features are far from zero mean and unit scale, and training suffers from it.

    Why: large inputs make large activations and gradients: the first loss is high, and a learning
    rate that the largest feature can stand is too low for all others.

    Fix: standardise by mean and deviation of the training data, or scale bytes to 0..1.
    """
    size = evidence.number("input_feature_size")
    if evidence.flag("learnt_on_standard_inputs") and size is not None and size > LARGE:
        return finding(
            "fail",
            f"Input features reach a size of {size:.3g}: the sample is learnt on standardised "
            "inputs, and not as they are.",
            "Standardise the inputs by mean and deviation of the training data.",
            confidence=0.9,
        )
    found = _gain(evidence, "input")
    if size is None or size <= LARGE:
        return None
    high, gain = _first_loss_is_high(evidence), found[0] if found else 0.0
    if gain <= GAIN_WARN and not high:
        return None
    if found is None:  # there was no time for trainings
        raw, standard = evidence.number("raw_first_loss"), evidence.number("standard_first_loss")
        return finding(
            "warn",
            f"Input features reach a size of {size:.3g}; the first loss is {raw:.3g}, and "
            f"{standard:.3g} when they are standardised.",
            "Standardise the inputs by mean and deviation of the training data.",
            confidence=0.8,
        )
    return finding(
        "fail" if gain > GAIN_FAIL else "warn",
        f"Input features reach a size of {size:.3g}; standardised, a short training gets "
        f"{max(gain, 0):.0%} of the loss further.",
        "Standardise the inputs by mean and deviation of the training data.",
        confidence=0.9,
    )


@rule("warn", explains=SYMPTOMS, remedy=remedies.standardise_inputs)
def inputs_over_normalized(evidence: Evidence) -> Finding | None:
    """What: the inputs hardly vary around their mean, and training suffers from it.

    Why: they were divided by 255 twice, or by the variance instead of the deviation: what
    distinguishes items is too small for usual weights and learning rates.

    Fix: remove one of the normalisations.
    """
    size, deviation = (
        evidence.number("input_feature_size"), evidence.number("input_feature_deviation"),
    )  # fmt: skip
    learnt = evidence.flag("learnt_on_standard_inputs")
    if learnt and size is not None and size <= LARGE and deviation is not None:
        return finding(
            "warn",
            f"No input feature deviates by more than {deviation:.2g}: the sample is learnt on "
            "standardised inputs, and not as they are.",
            "Remove one of the normalisations, or standardise.",
            confidence=0.9,
        )
    found = _gain(evidence, "input")
    if found is None or found[1] > LARGE or found[0] <= GAIN_WARN or deviation is None:
        return None
    return finding(
        "warn",
        f"No input feature deviates by more than {deviation:.2g}; standardised, a short training "
        f"gets {found[0]:.0%} of the loss further.",
        "Remove one of the normalisations, or standardise.",
        confidence=0.9,
    )


@rule("warn", explains=[*SYMPTOMS, "inputs-not-scaled"], remedy=remedies.normalise_once)
def inputs_normalized_twice(evidence: Evidence) -> Finding | None:
    """What: the values of pictures are those that bytes give when they are normalised twice by the
    same mean and deviation.

    Why: it happened once in the data set and once more in a transform. The values spread four times
    too far and are centred far from zero, and weights that were trained with a single normalisation
    do not fit them. A model that normalises its inputs itself can cope.

    Fix: leave one of the two normalisations out.
    """
    name = evidence.text("normalized_twice")
    low, high = evidence.number("normalized_low"), evidence.number("normalized_high")
    if name is None or low is None or high is None:
        return None
    return finding(
        "note" if evidence.flag("scales_itself") else "warn",
        f"Pictures hold values from {low:.3g} to {high:.3g}: bytes that were normalised twice by "
        f"the mean and deviation of {name}.",
        "Leave one of the two normalisations out.",
        confidence=0.95,
    )


@rule("fail", explains=SYMPTOMS, remedy=remedies.standardise_targets)
def targets_not_scaled(evidence: Evidence) -> Finding | None:
    """What: regression targets are far from unit scale, and training suffers from it.

    Why: the gradient grows with the targets: usual learning rates diverge, and optimizers whose
    steps have a fixed size need very many of them.

    Fix: standardise the targets for training, and scale predictions back.
    """
    found = _gain(evidence, "target")
    declared = evidence.number("target_declared_gain")
    if found is None:
        return None
    gain, size = found
    if declared is not None and declared > GAIN_WARN >= gain:
        return finding(
            "warn",
            f"Targets have a size of {size:.3g}; standardised, a training at the declared rate and "
            f"as long as declared gets {declared:.0%} of the loss further.",
            "Standardise the targets, and scale predictions back.",
            confidence=0.8,
        )
    if gain <= GAIN_WARN:
        return None
    return finding(
        "fail" if gain > GAIN_FAIL else "warn",
        f"Targets have a size of {size:.3g}; standardised, a short training gets {gain:.0%} of "
        "the loss further.",
        "Standardise the targets, and scale predictions back.",
        confidence=0.9,
    )


RULES = (inputs_normalized_twice, inputs_not_scaled, inputs_over_normalized, targets_not_scaled)
