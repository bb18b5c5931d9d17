"""Rules about weights, activations and gradients of a fresh model."""

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.initial_loss import remedies
from recipe_steps.initial_loss.loss_limits import too_high
from recipe_steps.symptoms import FIRST_LOSS, NOT_LEARNING, OVERSHOOTING

LARGE_WEIGHTS = 2.5
"""Deviation of the hidden layers' weights over He's; PyTorch's and Glorot's lie below 1.5."""
LOWER = 0.5
"""Of the first loss, what is left of it when large matrices have their usual size."""
SMALL_WEIGHTS = 0.1
LOST_SIGNAL = 1e-2
"""Deviation between items at the last layer's input, relative to the input's size. PyTorch's own
initialisation reaches it behind six layers of ReLU without normalisation."""
INPUT_SIZE = 10.0
"""Root mean square of inputs above which they, not the weights, make activations large."""
DEAD = 0.9
SATURATED = 0.5
VANISHING_WARN, VANISHING_FAIL = 1e-3, 1e-6
EXPLODING_WARN, EXPLODING_FAIL = 1e3, 1e6
"""First layer's gradient over the last one's. A sigmoid passes on at most a quarter, with
PyTorch's initialisation about a seventh per layer: four layers deep is 1e-3."""
LEAST_LAYERS = 3
NORMALISED = 4
"""Layers with weights to one that normalises, at most, in a model that makes up for their size:
a block of a transformer has six and two."""


@rule(
    "fail",
    exact=True,
    explains=[*NOT_LEARNING, "vanishing-gradients", "dead-units", "initialization-too-small"],
    remedy=remedies.draw_anew,
)
def symmetric_initialization(evidence: Evidence) -> Finding | None:
    """What: all units of a hidden layer have the same weights, and training does not make them
    differ.

    Why: equal units get equal gradients and stay equal: the layer has the width of one unit.
    Zeros or a constant as initial weights do this. A linear model, or a last layer, may start at
    zero.

    Fix: draw weights at random (He for ReLU, Glorot for tanh and sigmoid).
    """
    count, silent = evidence.number("symmetric_layers"), evidence.number("silent_constants")
    if silent and not count:
        return finding(
            "fail",
            f"{silent:.0f} weights start with all values equal, and every gradient is zero.",
            "Draw the initial weights at random (He or Glorot).",
        )
    if not count:
        return None
    return finding(
        "fail",
        f"In {count:.0f} hidden layers all units have the same weights, also after some updates.",
        "Draw the initial weights at random (He or Glorot).",
    )


@rule(
    "fail",
    explains=["saturated-units", "dead-units", "exploding-gradients", "vanishing-gradients",
              *FIRST_LOSS, *NOT_LEARNING, *OVERSHOOTING], remedy=remedies.draw_anew)  # fmt: skip
def initialization_too_large(evidence: Evidence) -> Finding | None:
    """What: initial weights are several times larger than they should be, and it shows.

    Why: activations grow from layer to layer: the first loss is large, or sigmoid and tanh are
    saturated, and training has to undo that first.

    Fix: use He's or Glorot's initialisation, or add normalisation layers.
    """
    own = evidence.number("own_matrix_scale")
    usual = evidence.number("loss_with_usual_matrices")
    if own is not None and usual is not None:
        loss = evidence.number("loss")
        if loss is None or usual < LOWER * loss:
            found = "not finite" if loss is None else f"{loss:.3g}"
            return finding(
                "fail",
                f"A matrix of the model's own has weights {own:.2g} times those of He's "
                f"initialisation; at that size the first loss is {usual:.3g}, as it is {found}.",
                "Draw it with a deviation of 1 / sqrt(width), or as an orthogonal matrix.",
                confidence=0.9,
            )
    scale, size = evidence.number("largest_weight_scale"), evidence.number("input_size")
    if scale is None or scale <= LARGE_WEIGHTS or size is None or size > INPUT_SIZE:
        return None
    high = too_high(evidence)
    saturated = (evidence.number("saturated_units") or 0) >= SATURATED
    if not (high or saturated or evidence.number("nonfinite")):
        return None
    return finding(
        "warn" if high == "warn" and not saturated else "fail",
        f"The weights of a hidden layer are {scale:.2g} times those of He's initialisation, "
        + ("and units are saturated." if saturated else "and the first loss is large."),
        "Use He's or Glorot's initialisation.",
        confidence=0.85,
    )


@rule("fail", explains=[*NOT_LEARNING, "vanishing-gradients"], remedy=remedies.draw_anew)
def initialization_too_small(evidence: Evidence) -> Finding | None:
    """What: initial weights are so small that the input is lost on its way to the output.

    Why: every layer shrinks the differences between items on the way forward, and the gradient on
    the way back: for a long time only the last bias learns.

    Fix: use He's or Glorot's initialisation, or add normalisation layers.
    """
    scale, signal = evidence.number("weight_scale"), evidence.number("last_signal")
    if scale is None or signal is None or scale >= SMALL_WEIGHTS or signal >= LOST_SIGNAL:
        return None
    if _normalised(evidence):
        return None
    return finding(
        "fail",
        f"The weights of the hidden layers are {scale:.2g} times those of He's initialisation; "
        f"of the differences between items {signal:.1g} arrives at the last layer.",
        "Use He's or Glorot's initialisation.",
        confidence=0.85,
    )


@rule("fail", explains=NOT_LEARNING, remedy=remedies.draw_anew, lasting=True)
def dead_units(evidence: Evidence) -> Finding | None:
    """What: at least nine tenths of a layer's rectified units are zero on every item.

    Why: a ReLU that is never active gets no gradient and cannot recover. Causes are a large
    negative bias, inputs that all have the same sign, or a learning rate that was too high.

    Fix: start biases at zero, use He's initialisation, a lower learning rate, or a leaky ReLU.
    """
    share, signal = evidence.number("dead_units"), evidence.curve("signal")
    if share is None or share < DEAD or signal[:1] == (0.0,):
        return None  # nothing arrives at the first layer: others say so
    return finding(
        "fail",
        f"In one layer {share:.0%} of the rectified units are zero on every item.",
        "Check biases and initialisation, or use a leaky ReLU.",
        confidence=0.9,
    )


@rule(
    "warn",
    explains=["vanishing-gradients", "slow-start"],
    remedy=remedies.draw_anew,
    lasting=True,
)
def saturated_units(evidence: Evidence) -> Finding | None:
    """What: at least half of a layer's sigmoid or tanh units are at one end of their range.

    Why: there the slope is nearly zero, and hardly any gradient passes.

    Fix: scale the inputs, use Glorot's initialisation, or use ReLU.
    """
    share = evidence.number("saturated_units")
    if share is None or share < SATURATED:
        return None
    return finding(
        "warn",
        f"In one layer {share:.0%} of the sigmoid or tanh units are saturated.",
        "Scale the inputs, draw smaller weights, or use ReLU.",
        confidence=0.8,
    )


def _depth(evidence: Evidence) -> float:
    return evidence.number("layers") or 0


def _normalised(evidence: Evidence) -> bool:
    """Whether layers that normalise stand between the others, often enough that small weights and
    gradients are made up for: transformers start with small weights on purpose, and those that
    choose between steps get next to no gradient at first.
    """
    return (evidence.number("normalising_layers") or 0) * NORMALISED >= _depth(evidence) > 0


@rule("fail", explains=NOT_LEARNING, remedy=remedies.rectify)
def vanishing_gradients(evidence: Evidence) -> Finding | None:
    """What: the first layer's gradient is a thousand times smaller than the last one's.

    Why: every layer multiplies the gradient by the slope of its activation and by its weights.
    Sigmoid and tanh pass on only a fraction, so in a deep network nothing is left at the first
    layers, and they do not learn.

    Fix: use ReLU, normalisation layers, residual connections or He's initialisation.
    """
    ratio = evidence.number("gradient_ratio")
    if ratio is None or ratio >= VANISHING_WARN or _depth(evidence) < LEAST_LAYERS:
        return None
    if _normalised(evidence):
        return None
    return finding(
        "fail" if ratio < VANISHING_FAIL else "warn",
        f"The gradient of the first layer is {ratio:.1g} times that of the last one.",
        "Use ReLU, normalisation layers or residual connections.",
        confidence=0.8,
    )


@rule("fail", explains=OVERSHOOTING, remedy=remedies.tame)
def exploding_gradients(evidence: Evidence) -> Finding | None:
    """What: the first layer's gradient is a thousand times larger than the last one's.

    Why: every layer enlarges the gradient on its way back; a learning rate that suits the last
    layer makes the first one jump far away.

    Fix: use smaller initial weights, normalisation layers, or gradient clipping.
    """
    ratio = evidence.number("gradient_ratio")
    if ratio is None or ratio <= EXPLODING_WARN or _depth(evidence) < LEAST_LAYERS:
        return None
    return finding(
        "fail" if ratio > EXPLODING_FAIL else "warn",
        f"The gradient of the first layer is {ratio:.1g} times that of the last one.",
        "Use He's initialisation, normalisation layers, or clip the gradient.",
        confidence=0.8,
    )


RULES = (
    symmetric_initialization,
    initialization_too_large,
    initialization_too_small,
    dead_units,
    saturated_units,
    vanishing_gradients,
    exploding_gradients,
)
