"""Rules about a user's own update step and optimizer."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from recipe.plugin import Evidence, Finding, Remedy, RemedyInput, finding, rule
from recipe_steps.initial_loss.loss_rules import loss_sign_flipped
from recipe_steps.initial_loss.output_rules import sigmoid_before_loss, softmax_before_loss
from recipe_steps.inspect.rules import outputs_do_not_match_targets
from recipe_steps.symptoms import NOT_LEARNING, OVERSHOOTING
from recipe_steps.usual_update import OTHER_SCHEDULE, leave_rate, usual_update

if TYPE_CHECKING:
    from recipe.plugin import Experiment


def _clearing(subject: RemedyInput) -> "Experiment | None":
    update = subject.experiment.update
    if update is None:
        return None

    def cleared(model: Any, optimizer: Any, batch: Any) -> Any:
        optimizer.zero_grad()
        return update(model, optimizer, batch)

    return replace(subject.experiment, update=cleared)


def _in_training_mode(subject: RemedyInput) -> "Experiment | None":
    update = subject.experiment.update
    if update is None:
        return None

    def training(model: Any, optimizer: Any, batch: Any) -> Any:
        change, model.eval = model.eval, lambda: model
        try:
            return update(model.train(), optimizer, batch)
        finally:
            model.eval = change

    return replace(subject.experiment, update=training)


SYMPTOMS = (*NOT_LEARNING, *OVERSHOOTING)


@rule(
    "fail",
    exact=True,
    explains=SYMPTOMS,
    remedy=Remedy("clear the gradients before each update", _clearing, edits=("clear-gradients",)),
)
def gradients_not_cleared(evidence: Evidence) -> Finding | None:
    """What: when the update step computes gradients, those of the previous update are still there.

    Why: backward adds to what is in .grad already: each update then follows the sum of all
    gradients so far, which acts like a momentum of one and a learning rate that grows without
    limit.

    Fix: optimizer.zero_grad() before backward().
    """
    count = evidence.number("update_keeps_gradients")
    if not count:
        return None
    return finding(
        "fail",
        f"The gradients of {count:.0f} parameters still hold those of the update before.",
        "Call optimizer.zero_grad() before backward().",
    )


@rule(
    "fail",
    exact=True,
    explains=[*NOT_LEARNING, "gradients-not-cleared", "update-ratio-too-low"],
    remedy=Remedy(
        "update all parameters in the usual way",
        usual_update,
        edits=("step-order", "all-parameters"),
    ),
)
def optimizer_misses_parameters(evidence: Evidence) -> Finding | None:
    """What: parameters get a gradient, but the update leaves them as they are.

    Why: the optimizer was made from another model or from a part of the parameters, step() is
    not called, or the gradients are cleared between backward() and step().

    Fix: pass all parameters of this model to the optimizer; then zero_grad, backward, step, in this
    order.
    """
    missed, reached = evidence.number("update_misses"), evidence.number("update_reached")
    if not missed or not reached:
        return None
    names = evidence.text("update_misses_names")
    if evidence.number("update_steps") == 0:
        why = "the update step never calls optimizer.step()"
    else:
        why = f"of {reached:.0f} parameters with a gradient {missed:.0f} do not change ({names})"
    return finding(
        "fail",
        f"{why[0].upper()}{why[1:]}.",
        "Give the optimizer all parameters; then zero_grad, backward, step, in this order.",
    )


@rule(
    "warn",
    exact=True,
    explains=NOT_LEARNING,
    remedy=Remedy("compute gradients before the step", usual_update, edits=("step-order",)),
)
def step_before_backward(evidence: Evidence) -> Finding | None:
    """What: the optimizer steps before the gradients of the batch are computed.

    Why: each update uses the gradients of the previous batch, or none at all.

    Fix: call zero_grad, backward, step, in this order.
    """
    if not evidence.flag("update_step_first"):
        return None
    return finding(
        "warn",
        "The update step calls optimizer.step() before backward().",
        "Call zero_grad, backward, step, in this order.",
    )


@rule(
    "warn",
    exact=True,
    explains=["overfitting", *NOT_LEARNING],
    remedy=Remedy("train in training mode", _in_training_mode, edits=("training-mode",)),
)
def evaluation_mode_in_training(evidence: Evidence) -> Finding | None:
    """What: the update step runs the model in evaluation mode.

    Why: dropout is off, and batch normalisation uses running statistics that never adapt.

    Fix: call model.train() before the forward pass of an update.
    """
    if not evidence.flag("update_evaluation_mode"):
        return None
    return finding(
        "warn",
        "The update step computes its gradients in evaluation mode.",
        "Call model.train() before the forward pass.",
    )


@rule(
    "warn",
    explains=OTHER_SCHEDULE,
    remedy=leave_rate,
)
def schedule_differs_from_plan(evidence: Evidence) -> Finding | None:
    """What: the update step changes the learning rate.

    Why: the rate of every iteration is set from the declared schedule; a scheduler that steps
    once per batch where epochs were meant decays the rate to nothing within the first epoch.

    Fix: declare `schedule`, or step the scheduler once per epoch.
    """
    if not evidence.flag("update_changes_rate"):
        return None
    return finding(
        "warn",
        "The update step changes the learning rate by itself.",
        "Declare the schedule with schedule=, and leave the rate alone in the update step.",
    )


RULES = (
    optimizer_misses_parameters,
    gradients_not_cleared,
    step_before_backward,
    outputs_do_not_match_targets,
    softmax_before_loss,
    sigmoid_before_loss,
    loss_sign_flipped,
    evaluation_mode_in_training,
    schedule_differs_from_plan,
)
