"""Rules about the model before training: each rests on an exact mark."""

from recipe.plugin import Evidence, Finding, Severity, finding, rule
from recipe_steps.inspect import model_remedies, remedies
from recipe_steps.norm_momentum import usual_momentum
from recipe_steps.symptoms import NOT_LEARNING

REPEATS = 1e-4
"""Relative difference that rounding in another order may leave, with a wide margin: float32 has
seven digits."""
FROZEN_GAIN = 0.15
"""Share of a constant prediction's loss that training the frozen weights saves; as for scales."""
SOME_GAIN, LARGE_PART = 0.02, 0.1
"""The same, and the share of the weights that is frozen, from which whole trainings decide."""
SAME_OUTPUTS = 1e-5
"""Relative difference of outputs between items below which the input has no part in them."""
IGNORED = 0.5
"""Share of the steps of a sequence; pooling and strides leave out less over many items."""
HARMLESS = 0.01
"""Share of the parameters that may lie idle: a pooling layer that came with a backbone."""


@rule(
    "fail",
    exact=True,
    explains=["batch-mixing", *NOT_LEARNING],
    remedy=model_remedies.switch_off_dropout,
)
def nondeterministic_evaluation(evidence: Evidence) -> Finding | None:
    """What: two passes over the same batch differ although the model is in evaluation mode.

    Why: something stays random that evaluation should switch off: dropout called as a function
    without `training=self.training`, noise, or layers that are created in every forward pass and
    therefore never learn.

    Fix: create layers in `__init__`, and make everything random depend on `self.training`.
    """
    difference = evidence.number("evaluation_difference")
    if difference is None or difference <= REPEATS:
        return None
    return finding(
        "fail",
        f"Two evaluation passes over the same items differ by {difference:.1%} of the outputs.",
        "Make all layers in `__init__`, and pass training=self.training to functional dropout.",
    )


@rule("fail", exact=True, explains=["sees-the-future", "padding-changes-outputs", *NOT_LEARNING])
def batch_mixing(evidence: Evidence) -> Finding | None:
    """What: in evaluation mode the output of an item changes with the other items of its batch, or
    with its place among them.

    Why: items have to be independent of each other. A `view` where a `permute` was meant, a softmax
    or mean over the batch axis, or a recurrent layer that takes the batch for time mixes them up,
    and the model cannot learn what belongs to which item.

    Fix: check every reshape and every `dim=`: axis 0 is the batch and stays untouched
    (recurrent layers: batch_first=True).
    """
    mixing, place = evidence.number("batch_mixing"), evidence.number("batch_place")
    if mixing is None or mixing <= REPEATS:
        return _by_place(place)
    return finding(
        "fail",
        f"The output of an item changes by {mixing:.1%} when the other items of its batch do.",
        "Look for a view that should be a permute, and for a softmax or mean over axis 0.",
    )


def _by_place(place: float | None) -> Finding | None:
    """Where an item's answer depends on where it stands in its batch."""
    if place is None or place <= REPEATS:
        return None
    return finding(
        "fail",
        f"The output of an item changes by {place:.1%} when the items of its batch stand in "
        "another order.",
        "Look for what is indexed or broadcast along axis 0, such as positions that are added to "
        "[batch, steps, width] along the batch, and for items that were sorted and not put back.",
    )


@rule(
    "fail", exact=True,
    # Layers that the model does not know stay in training mode.
    explains=["parameters-without-gradient", "batch-mixing", "nondeterministic-evaluation",
              *NOT_LEARNING],
    remedy=model_remedies.register,
)  # fmt: skip
def unregistered_parameters(evidence: Evidence) -> Finding | None:
    """What: the outputs depend on tensors that get a gradient but are not in `model.parameters()`.

    Why: the optimizer only sees registered parameters. Layers in a plain list or dict, or a bare
    tensor with requires_grad, keep their random start, are not moved to the device and are missing
    from the saved model.

    Fix: use nn.ModuleList or nn.ModuleDict for layers, and nn.Parameter for tensors.
    """
    count = evidence.number("unregistered")
    if not count:
        return None
    shapes = evidence.text("unregistered_shapes")
    return finding(
        "fail",
        f"{count:.0f} tensors that get a gradient are not in parameters() (shapes {shapes}).",
        "Keep layers in nn.ModuleList or nn.ModuleDict and tensors in nn.Parameter.",
    )


@rule(
    "warn",
    exact=True,
    explains=["parameters-without-gradient", *NOT_LEARNING],
    remedy=remedies.unfreeze,
)
def frozen_parameters(evidence: Evidence) -> Finding | None:
    """What: some or all parameters have requires_grad=False.

    Why: they never change. In transfer learning that is intended; elsewhere it was forgotten.
    Frozen weights that another seed would draw differently were never trained at all.

    Fix: set requires_grad=True on what should be trained, or load the pretrained weights.
    """
    trainable, everything = (
        evidence.number("trainable_parameters"), evidence.number("parameters"),
    )  # fmt: skip
    if trainable is None or not everything or trainable >= everything:
        return None
    if trainable == 0:
        return finding(
            "fail",
            f"None of the {everything:.0f} parameters is trainable.",
            "Set requires_grad=True on what should learn.",
        )
    share, gain = evidence.number("random_frozen_share"), evidence.number("unfrozen_gain")
    if share is not None and gain is not None:
        clear = gain > FROZEN_GAIN
        if clear or (gain > SOME_GAIN and share >= LARGE_PART):
            return finding(
                "warn",
                f"{share:.0%} of the weights are frozen at random values; trained too, a short "
                f"training gets {gain:.0%} of the loss further.",
                "Load the pretrained weights, or set requires_grad=True.",
                confidence=0.9 if clear else 0.4,
            )
    return finding(
        "note",
        f"{everything - trainable:.0f} of {everything:.0f} parameters are frozen.",
        "Nothing to do if this is transfer learning.",
    )


@rule("warn", exact=True)
def frozen_batch_norm_in_training_mode(evidence: Evidence) -> Finding | None:
    """What: layers of batch norm have all their parameters frozen, but their running statistics
    move in training.

    Why: requires_grad=False stops weights and leaves the layer in training mode: it normalises by
    the batch and overwrites the statistics that the pretrained weights rely on. Features drift
    although nothing is trained, most where batches are small or the data differ.

    Fix: freeze with `freeze=`, which keeps blocks in evaluation mode, or let the model's `train()`
    put these layers into evaluation mode.
    """
    moving, frozen = evidence.number("moving_norms"), evidence.number("frozen_norms")
    if not moving or not frozen:
        return None
    names = evidence.text("moving_norm_names")
    return finding(
        "warn",
        f"{moving:.0f} of {frozen:.0f} batch norms with frozen parameters are in training mode: "
        f"their running statistics move ({names}).",
        "Declare `freeze=` in place of requires_grad=False, or override the model's train().",
    )


NOT_ARRIVED = 0.2
"""Share of the running statistics that is left of a fresh layer's when training ends."""


@rule(
    "warn",
    exact=True,
    explains=["evaluation-differs-from-training", "unstable-training", "overfitting"],
    remedy=usual_momentum,
)
def batch_norm_momentum_unusual(evidence: Evidence) -> Finding | None:
    """What: batch norm layers have a momentum near 1, of 0, or so small that the running statistics
    do not settle before the declared training ends. The last is a note, unless trying it shows that
    the usual momentum is better.

    Why: in PyTorch the momentum is the weight of the new batch, not of the past as in TensorFlow
    and Keras. At 1 the running statistics are those of the last batch alone, and evaluation is as
    noisy as that batch; at 0 they stay as they were at the start, whatever the data are.

    Fix: momentum of 0.1, PyTorch's default: 0.99 elsewhere is 0.01 here.
    """
    norms, forgetful, still = (
        evidence.number(name) for name in ("norms", "forgetful_norms", "still_norms")
    )
    left = evidence.number("norm_share_left") or 0.0
    if not norms or not (forgetful or still or left > NOT_ARRIVED):
        return None
    if not (forgetful or still):
        return finding(
            "note",
            f"After the {evidence.number('norm_updates'):.0f} updates of the declared training "
            f"{left:.0%} of a batch norm's running statistics are still those of a fresh layer, "
            "and evaluation uses them.",
            "Use a momentum of 0.1: in PyTorch it is the share of the new batch.",
        )
    if still:
        said = f"{still:.0f} of {norms:.0f} batch norms have momentum 0"
        said += ": their running statistics never change, and evaluation uses them"
    else:
        momentum = evidence.number("norm_momentum") or 1.0
        said = f"{forgetful:.0f} of {norms:.0f} batch norms have a momentum of {momentum:g}"
        said += ": evaluation uses the statistics of little more than the last batch"
    return finding(
        "warn", f"{said}.", "Use a momentum of 0.1: in PyTorch it is the share of the new batch."
    )


@rule(
    "warn",
    exact=True,
    explains=["vanishing-gradients", *NOT_LEARNING],
    remedy=model_remedies.keep_gradients,
)
def parameters_without_gradient(evidence: Evidence) -> Finding | None:
    """What: the outputs do not depend on some of the trainable parameters, or the loss has no
    gradient with respect to the outputs.

    Why: a layer is never called, or the path is cut by detach(), no_grad(), .data, .item(), argmax
    or a conversion to numpy somewhere between a layer and the loss, or inside the loss.

    Fix: connect these layers to the output, or remove them.
    """
    if evidence.scalars.get("update_has_gradient") is False:
        return finding(
            "fail",
            "No parameter gets a gradient in the update step.",
            "Compute the loss from the model's own outputs: no detach, no_grad, .data, .item() or "
            "argmax between them, and call backward() on it.",
        )
    if (found := _without_gradient_in_update(evidence)) is not None:
        return found
    if evidence.scalars.get("loss_has_gradient") is False:
        return finding(
            "fail",
            "The loss has no gradient: what it returns does not depend on the outputs in a way "
            "that can be followed back.",
            "Compute it from the outputs themselves: no detach, no_grad, .data, .item(), argmax "
            "or comparison between them and the loss; judge by such figures as metric=.",
        )
    count, share = evidence.number("unreached"), evidence.number("unreached_share")
    if not count or share is None:
        return None
    names = evidence.text("unreached_names")
    severity: Severity = "fail" if share == 1.0 else "warn" if share > HARMLESS else "note"
    return finding(
        severity,
        f"The outputs do not depend on {count:.0f} parameters, {share:.0%} of all ({names}).",
        "Connect them or remove them; look for detach, no_grad and argmax in forward.",
    )


def _without_gradient_in_update(evidence: Evidence) -> Finding | None:
    count, everything = evidence.number("update_unreached"), evidence.number("update_parameters")
    share = evidence.number("update_unreached_share")
    if not count or not everything or share is None:
        return None
    names = evidence.text("update_unreached_names")
    return finding(
        "warn" if share > HARMLESS else "note",
        f"{count:.0f} of {everything:.0f} parameters, {share:.0%} of the weights, get no gradient "
        f"in the update step ({names}).",
        "Look for no_grad and detach in it; where they are meant to stay as they are, declare it "
        "with requires_grad=False or freeze=.",
    )


@rule(
    "fail",
    exact=True,
    explains=[
        "cannot-overfit-sample",
        "model-too-small",
        "no-learning-rate-works",
        "underfitting",
        "predicts-majority-class",
    ],
)
def inputs_ignored(evidence: Evidence) -> Finding | None:
    """What: after training on a sample, the outputs are the same for every input; or most steps of
    a sequence have no effect on any output; or only the padding of padded sequences is read.

    Why: the input does not reach the output: it is multiplied by zero, overwritten or constant, all
    units on the way are dead, or the output is taken from a step that has not seen the others.

    Fix: follow one item through forward, and print where its values stop differing from those of
    another.
    """
    unread, kept = evidence.number("unread_tokens"), evidence.number("kept_tokens")
    if unread is not None and kept is not None:
        return finding(
            "fail",
            f"The tokens of padded items have no effect on the outputs: all but the last "
            f"{kept:.0f} before the padding ({unread:.0f} or more) were exchanged for others.",
            "Look whether the mask is the wrong way round: for PyTorch's attention True in "
            "key_padding_mask means padding, which is left out.",
        )
    ignored, length = evidence.number("ignored_steps"), evidence.number("sequence_length")
    if ignored is not None and length and ignored >= IGNORED:
        return finding(
            "warn",
            f"Of the {length:.0f} steps of a sequence {ignored:.0%} have no effect on the outputs.",
            "Look at which step is read out: the last one of a recurrent layer has seen them all.",
            confidence=0.9,
        )
    response = evidence.number("response")
    if evidence.flag("reached") or response is None or response > SAME_OUTPUTS:
        return None
    return finding(
        "fail",
        "After training on the sample the outputs are the same for every item.",
        "Follow one item through forward and see where its values stop differing from another's.",
    )


RULES = (
    inputs_ignored,
    nondeterministic_evaluation,
    batch_mixing,
    unregistered_parameters,
    frozen_parameters,
    frozen_batch_norm_in_training_mode,
    batch_norm_momentum_unusual,
    parameters_without_gradient,
)
