"""What a program can do about a loss, outputs or weights that do not fit."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from recipe.plugin import Remedy, RemedyInput

if TYPE_CHECKING:
    from torch import Tensor

    from recipe.plugin import Experiment

SMOOTH = ("sigmoid", "tanh")
LEAST = 1e-8
"""Output of which a logarithm is taken."""
FEW = 4
"""Items whose targets a loss is tried with."""
CLIP_NORM = 1.0
"""The usual threshold of recurrent networks and transformers (Pascanu et al. 2013 use 1 to 10)."""


def _without_activation(subject: RemedyInput) -> "Experiment | None":
    from recipe.plugin import Mapped, WithoutLastActivation

    if subject.evidence.text("update_squashes"):
        return None  # it happens outside of the model
    if subject.evidence.flag("loss_takes_logs"):
        return _loss_of_logs(subject.experiment)  # the score is of what the model returns
    make = subject.experiment.model
    last = subject.finding is None or subject.finding.rule != "output-activation-limits-range"
    behind = 0 if last or subject.evidence.text("operation_below_softmax") is None else 1
    squash = not last and _wants_probabilities(subject)

    def changed(**given: Any) -> Any:
        from torch import sigmoid

        free = WithoutLastActivation(make(**given), behind)
        return Mapped(free, sigmoid) if squash else free

    return replace(subject.experiment, model=changed)


def _loss_of_logs(experiment: "Experiment") -> "Experiment | None":
    if experiment.update is not None:
        return None
    loss = experiment.loss_function

    def of_logs(outputs: "Tensor", targets: "Tensor") -> "Tensor":
        return loss(outputs.clamp(min=LEAST).log(), targets)

    return replace(experiment, loss=of_logs)


def _wants_probabilities(subject: RemedyInput) -> bool:
    """Whether answers that do not exclude each other went through a softmax to a loss that refuses
    what is no probability: a sigmoid takes its place.
    """
    import torch

    from recipe.plugin import TensorData, loss_accepts

    single, train = subject.evidence.number("rows_of_one_label"), subject.data.train
    if single is None or not isinstance(train, TensorData):
        return False
    few = train.y[:FEW]
    if not isinstance(few, torch.Tensor):
        return False
    few, loss = few.cpu(), subject.experiment.loss_function
    return loss_accepts(loss, torch.full(few.shape, 0.5), few) and not loss_accepts(
        loss, torch.full(few.shape, 5.0), few
    )


def _log_outputs(subject: RemedyInput) -> "Experiment":
    from recipe.plugin import Mapped

    def log(outputs: "Tensor") -> "Tensor":
        return outputs.clamp(min=1e-12).log()

    make = subject.experiment.model
    return replace(subject.experiment, model=lambda **given: Mapped(make(**given), log))


def _usual_loss(subject: RemedyInput) -> "Experiment":
    """The task's own loss, on outputs that are free in both directions."""
    experiment = subject.experiment
    if subject.evidence.text("last_operation") not in (None, "log_softmax"):
        experiment = _without_activation(subject) or experiment
    return replace(experiment, loss=None)


def _usual_loss_instead(subject: RemedyInput) -> "Experiment | None":
    own = subject.experiment.update is not None or subject.evidence.text("loss_falls_forever")
    return None if own else _usual_loss(subject)


def _scaled_loss(
    subject: RemedyInput, factor: float, *, per_item: bool = False
) -> "Experiment | None":
    if subject.experiment.update is not None:
        return None  # which brings its own loss
    loss = subject.experiment.loss_function

    def scaled(outputs: "Tensor", targets: "Tensor") -> "Tensor":
        return loss(outputs, targets) * (factor / len(outputs) if per_item else factor)

    return replace(subject.experiment, loss=scaled)


def _mean_loss(subject: RemedyInput) -> "Experiment | None":
    return _scaled_loss(subject, 1.0, per_item=True)


def _sum_over_classes(subject: RemedyInput) -> "Experiment | None":
    return _scaled_loss(subject, subject.evidence.number("n_outputs") or 1.0)


def _other_sign(subject: RemedyInput) -> "Experiment | None":
    """Of the loss, and of the gradients of an own update step: it may hold the loss as it was."""
    update = subject.experiment.update
    if subject.evidence.text("loss_falls_forever"):
        return None  # one of its terms is wrong, and nobody knows how it was meant
    if update is None:
        return _negated(subject.experiment)
    towards = subject.evidence.number("loss_towards_targets")
    if towards is not None and towards > 0:  # the declared loss is wrong too
        subject = replace(subject, experiment=_negated(subject.experiment))

    def descending(model: Any, optimizer: Any, batch: Any) -> Any:
        hook = optimizer.register_step_pre_hook(_turn_gradients)
        try:
            return -update(model, optimizer, batch)
        finally:
            hook.remove()

    return replace(subject.experiment, update=descending)


def _other_sign_of_loss(subject: RemedyInput) -> "Experiment | None":
    return None if subject.experiment.update is None else _negated(subject.experiment)


def _negated(experiment: "Experiment") -> "Experiment":
    loss = experiment.loss_function
    return replace(experiment, loss=lambda outputs, targets: -loss(outputs, targets))


def _turn_gradients(optimizer: Any, *_: Any) -> None:
    for group in optimizer.param_groups:
        for p in group["params"]:
            if p.grad is not None:
                p.grad.neg_()


def _drawn_anew(subject: RemedyInput) -> "Experiment":
    from recipe.plugin import reinitialised

    make = subject.experiment.model
    gain = 1.0 if subject.evidence.number("saturated_units") is not None else math.sqrt(2)

    def fresh(**given: Any) -> Any:
        return reinitialised(make(**given), gain)

    return replace(subject.experiment, model=fresh)


def _rectified(subject: RemedyInput) -> "Experiment":
    """ReLU in place of sigmoid and tanh, and weights drawn for it."""
    from recipe.plugin import Rectified, reinitialised

    make = subject.experiment.model
    last = subject.evidence.text("last_operation") in SMOOTH
    return replace(
        subject.experiment,
        model=lambda **given: Rectified(reinitialised(make(**given), math.sqrt(2)), last=last),
    )


def _tamed(subject: RemedyInput) -> "Experiment":
    return replace(_drawn_anew(subject), clip_norm=subject.experiment.clip_norm or CLIP_NORM)


rectify = Remedy("use ReLU in hidden layers, with He's initialisation", _rectified)
tame = Remedy("draw the weights anew and clip the gradient", _tamed, edits=("initialisation",))
return_logits = Remedy(
    "leave out the last activation",
    _without_activation,
    edits=("last-activation", "sigmoid-for-softmax"),
)
take_logarithm = Remedy("take the logarithm of the outputs", _log_outputs, edits=("log-outputs",))
usual_loss = Remedy(
    "use the task's usual loss", _usual_loss, edits=("usual-loss", "last-activation")
)
mean_loss = Remedy("divide the loss by the batch size", _mean_loss, edits=("mean-loss",))
sum_over_classes = Remedy("multiply the loss by the number of classes", _sum_over_classes)
other_sign = Remedy(
    "change the sign of the loss", _other_sign, edits=("loss-sign",),
    alternatives=(
        Remedy("change the sign of the declared loss", _other_sign_of_loss),
        Remedy("use the task's usual loss", _usual_loss_instead, edits=("usual-loss",)),
    ),
)  # fmt: skip
draw_anew = Remedy("draw the weights anew", _drawn_anew, edits=("initialisation",))
draw_anew_or_not = replace(draw_anew, decides=True)
"""For a first loss that is merely high: pretrained weights may well begin there."""
