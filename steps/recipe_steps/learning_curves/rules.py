"""The lecture's diagnoses of learning curves (EECS 498-007, lecture 11, "Look at learning
curves!"). Each rule looks at the best run and at the baseline; the message names them.
"""

from recipe.plugin import Evidence, Finding, rule
from recipe_steps.inspect.split_rules import validation_preprocessing_differs
from recipe_steps.label_rules import noisy_labels
from recipe_steps.learning_curves import (
    capacity_rules,
    chance_rules,
    mistake_rules,
    rare_class_rules,
    regularization,
    schedule_rules,
    simple_rules,
    training_rules,
    validation_rules,
)
from recipe_steps.learning_curves.capacity_rules import wider_said
from recipe_steps.learning_curves.log_rules import broken_rules, learning_rules
from recipe_steps.learning_curves.log_rules.courses import for_logs, note_of_logs
from recipe_steps.learning_curves.overfitting import overfitting
from recipe_steps.learning_curves.random_labels import labels_look_random
from recipe_steps.learning_curves.remedies import draw_anew, faster, tamed
from recipe_steps.learning_curves.run_curves import Run, finding_of_runs, noise_of
from recipe_steps.learning_curves.schedule_rules import FALLING, FLAT, TAIL
from recipe_steps.learning_curves.shapes import ENOUGH, relative_fall, smooth
from recipe_steps.lr_range.rules import (
    gradient_clipping_too_strong,
    learning_rate_too_high,
    learning_rate_too_low,
)
from recipe_steps.nan_rules import operation_not_finite
from recipe_steps.overfit_sample.optimizer_rules import optimizer_settings_unusual
from recipe_steps.overfit_sample.rules import evaluation_differs_from_training

FLAT_START = 0.12
"""Share of training that may pass before the loss begins to fall."""
STILL_AT_START = 0.95
POOR = 0.25
"""Share of the way from chance to perfect below which a score is poor."""
NEAR = 0.1
ROOM_LEFT = 0.9
"""Score up to which a linear model is tried too."""
SIMPLER, CLEAR = 0.1, 3.0
"""What it has to win: a share of what it has above chance, and standard errors of a score."""
LEARNT = 0.95
"""Of the loss of the best constant answer: a validation loss below it is that of a model that
learnt. Where little is there to learn it still ends below: at 0.95 for an R squared of 0.05, at
0.70 for a class of one in ten that one input tells by 1.6 deviations, where 0.914 are right."""


@rule("fail", explains=["unstable-training"], remedy=tamed, lasting=True)
@for_logs(broken_rules.diverged)
def diverged(evidence: Evidence) -> Finding | None:
    """What: the loss became infinite, or ended far above where it began.

    Why: updates overshoot until the weights explode. The learning rate is too high at this point of
    training, or single batches have huge gradients.

    Fix: lower the learning rate, warm up, or clip the gradient.
    """

    def test(run: Run) -> str | None:
        if run.status == "diverged":
            return "the loss became infinite"
        losses = run.train_loss
        if len(losses) >= 2 and losses[-1] > 2 * max(losses[0], 1e-12):
            return f"the loss rose from {losses[0]:.3g} to {losses[-1]:.3g}"
        return None

    return finding_of_runs(
        evidence, test, "fail", "Lower the learning rate, warm up, or clip the gradient."
    )


@rule("warn", remedy=draw_anew)
def slow_start(evidence: Evidence) -> Finding | None:
    """What: the loss stays flat for a while, then falls.

    Why: the initial weights are a bad place to start: the gradient is tiny until the model escapes
    from there (lecture: "bad initialisation a prime suspect").

    Fix: use He's or Glorot's initialisation, normalisation layers, or a warm-up.
    """

    def test(run: Run) -> str | None:
        losses = smooth(run.batch_loss, 2)
        if len(losses) < 20:
            return None
        start = losses[0]
        fallen = next((i for i, v in enumerate(losses) if v < STILL_AT_START * start), None)
        allowed = FLAT_START + run.warmup
        if fallen is None or fallen / len(losses) <= allowed or losses[-1] > 0.7 * start:
            return None
        return f"the loss stayed flat for {fallen / len(losses):.0%} of training, then fell"

    return finding_of_runs(
        evidence,
        test,
        "warn",
        "Change the initialisation (He, Glorot), or warm up.",
        confidence=0.7,
    )


@rule("warn", remedy=faster)
@note_of_logs
def underfitting(evidence: Evidence) -> Finding | None:
    """What: training and validation scores are close together, and both are poor and no longer
    improve; or both are clearly below what a linear model reaches on the same inputs.

    Why: the model is too small or too strongly regularised to learn even the training data, it was
    hardly trained, or something in it keeps the inputs from the outputs. Silent where validation
    loss came below that of the best constant answer and went flat, and no linear model does better:
    then the model learnt, and what is left may not be there to learn (rare classes, the next word,
    a noisy target).

    Fix: use a larger model, less regularisation, or longer training at a higher rate.
    """

    def test(run: Run) -> str | None:
        if len(run.train_loss) < ENOUGH or not run.train_score or not run.val_score:
            return None
        train, val = run.train_score[-1], max(run.val_score)
        simple = run.tested("underfitting")
        if simple and simple.score is not None and run.score is not None:
            gain, linear = simple.score - run.score, f"a linear model {simple.score:.3g}"
            if gain > max(SIMPLER * (simple.score - run.chance), CLEAR * noise_of(run)):
                return f"training scores {train:.3g}, validation {val:.3g}, and {linear}"
        room = 1 - run.chance
        if room <= 0 or max(train, val) - run.chance > POOR * room or abs(train - val) > NEAR:
            return None
        fall = relative_fall(run.train_loss, TAIL)
        if fall is None or fall > FALLING or _learnt_what_there_is(run):
            return None
        return f"training ({train:.3g}) and validation ({val:.3g}) scores are both poor and flat"

    advice = "Use a larger model, less regularisation, or longer training."
    return finding_of_runs(
        evidence,
        test,
        "warn",
        f"{advice} {wider_said(evidence)}".strip(),
        confidence=0.6,
    )


def suspect_model(run: Run) -> bool:
    """Whether a linear model may do better: training and validation stay together, below perfect,
    and the training loss has gone flat.
    """
    if len(run.train_loss) < ENOUGH or not run.train_score or not run.val_score:
        return False
    train, val, room = run.train_score[-1], max(run.val_score), 1 - run.chance
    fall = relative_fall(run.train_loss, TAIL)
    short = room > 0 and max(train, val) <= ROOM_LEFT and abs(train - val) <= NEAR
    return short and fall is not None and fall <= FALLING


def _learnt_what_there_is(run: Run) -> bool:
    fall = relative_fall(run.val_loss, TAIL)
    if run.start is None or fall is None:
        return False
    return min(run.val_loss) < LEARNT * run.start and fall <= FLAT


RULES = (
    broken_rules.loss_became_nan,
    broken_rules.collapsed,
    learning_rules.never_learned,
    optimizer_settings_unusual,
    operation_not_finite,
    diverged,
    slow_start,
    *schedule_rules.RULES,
    overfitting,
    underfitting,
    regularization.regularization_too_strong,
    *validation_rules.RULES,
    validation_preprocessing_differs,
    labels_look_random,
    *rare_class_rules.RULES,
    *training_rules.RULES,
    *chance_rules.RULES,
    evaluation_differs_from_training,
    *capacity_rules.RULES,
    *simple_rules.RULES,
    *mistake_rules.RULES,
    noisy_labels,
    learning_rate_too_high,
    learning_rate_too_low,
    gradient_clipping_too_strong,
)
