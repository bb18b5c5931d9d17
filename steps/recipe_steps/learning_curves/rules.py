"""The lecture's diagnoses of learning curves (EECS 498-007, lecture 11, "Look at learning
curves!"). Each rule looks at the best run and at the baseline; the message names them.
"""

from recipe.results import Evidence, Finding
from recipe.rules import rule
from recipe_steps.learning_curves import training_rules
from recipe_steps.learning_curves.overfitting import overfitting
from recipe_steps.learning_curves.runs import Run, about
from recipe_steps.learning_curves.shapes import (
    first_drop,
    relative_fall,
    smooth,
)

ENOUGH = 6
"""Epochs below which a curve has no shape."""
TAIL = 0.3
"""Share of a run that counts as its end."""
FLAT = 0.01
"""A curve that falls by less than 1 % over its end is flat."""
FALLING = 0.05
"""One that falls by more than 5 % is still falling."""
FLAT_START = 0.12
"""Share of training that may pass before the loss begins to fall."""
STILL_AT_START = 0.95
DROP = 2.0
POOR = 0.25
"""Share of the way from chance to perfect below which a score is poor."""
NEAR = 0.1


@rule("fail", explains=["unstable-training"])
def diverged(evidence: Evidence) -> Finding | None:
    """What: the loss became infinite, or ended far above where it began.

    Why: updates overshoot until the weights explode; the rate is too high for this point of
    training, or single batches have huge gradients.

    Fix: lower the rate, warm up, clip the norm of the gradient.
    """

    def test(run: Run) -> str | None:
        if run.status == "diverged":
            return "the loss became infinite"
        losses = run.train_loss
        if len(losses) >= 2 and losses[-1] > 2 * max(losses[0], 1e-12):
            return f"the loss rose from {losses[0]:.3g} to {losses[-1]:.3g}"
        return None

    return about(evidence, test, "fail", "Lower the learning rate, warm up, or clip the gradient.")


@rule("warn")
def slow_start(evidence: Evidence) -> Finding | None:
    """What: the loss stays flat for a while, then falls.

    Why: the initial weights are a bad place to start from: the gradient is tiny until something
    escapes (lecture: "bad initialisation a prime suspect").

    Fix: He or Glorot initialisation, normalisation layers, a warm-up.
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

    return about(
        evidence,
        test,
        "warn",
        "Change the initialisation (He, Glorot), or warm up.",
        confidence=0.7,
    )


@rule("warn")
def needs_lr_decay(evidence: Evidence) -> Finding | None:
    """What: the training loss goes flat at a constant rate, above zero.

    Why: at this rate the weights bounce around a minimum; smaller steps settle into it.

    Fix: decay the rate when the loss flattens: step, cosine, linear or inverse square root.
    """

    def test(run: Run) -> str | None:
        if len(run.train_loss) < ENOUGH or run.learnt or not run.lr:
            return None
        peak = max(run.lr)
        if min(run.lr[len(run.lr) // 2 :]) < 0.9 * peak:
            return None
        fall = relative_fall(run.train_loss, TAIL)
        early = run.train_loss[0] - run.train_loss[-1]
        if fall is None or abs(fall) > FLAT or early < 0.2 * abs(run.train_loss[0]):
            return None
        return f"the training loss went flat at {run.train_loss[-1]:.3g} under a constant rate"

    return about(
        evidence, test, "warn", "Decay the learning rate: cosine, step or linear.", confidence=0.7
    )


@rule("warn")
def decayed_too_early(evidence: Evidence) -> Finding | None:
    """What: the rate dropped while the loss was still falling steeply, and little came after.

    Why: at the small rate the rest of the way takes too long (lecture: "decayed too early").

    Fix: keep the higher rate until the loss flattens, then decay.
    """

    def test(run: Run) -> str | None:
        drop = first_drop(run.lr, DROP)
        losses = run.train_loss
        if drop is None or drop < 3 or drop > 0.6 * len(losses) or len(losses) - drop < ENOUGH:
            return None
        slope = (losses[drop - 3] - losses[drop - 1]) / 2
        later = losses[drop + 1 :]
        slow = (later[0] - later[-1]) / max(1, len(later) - 1)
        if slope < 0.03 * losses[drop - 1] or slow > 0.1 * slope or run.learnt:
            return None
        return (
            f"the rate dropped in epoch {drop + 1} while the loss still fell by "
            f"{slope:.2g} per epoch, then {slow:.2g}"
        )

    return about(evidence, test, "warn", "Decay the learning rate later.", confidence=0.6)


@rule("warn")
def still_improving(evidence: Evidence) -> Finding | None:
    """What: training and validation loss both still fall at the end.

    Why: training stopped before the model had learnt what it can. A rate that has decayed to
    almost nothing is silent here: its last improvement is the decay's own.

    Fix: train longer.
    """

    def test(run: Run) -> str | None:
        if len(run.val_loss) < ENOUGH or run.decayed or run.learnt:
            return None
        train = relative_fall(run.train_loss, TAIL)
        val = relative_fall(run.val_loss, TAIL)
        if train is None or val is None or min(train, val) < FALLING:
            return None
        return f"validation loss still fell by {val:.0%} over the last {TAIL:.0%} of training"

    return about(evidence, test, "warn", "Train longer.", confidence=0.7)


@rule("warn")
def underfitting(evidence: Evidence) -> Finding | None:
    """What: training and validation stay together, both poor and flat.

    Why: the model is too small or too strongly regularised to learn even the training data, or
    it was hardly trained.

    Fix: a larger model, less regularisation, longer training at a higher rate.
    """

    def test(run: Run) -> str | None:
        if len(run.train_loss) < ENOUGH or not run.train_score or not run.val_score:
            return None
        train, val = run.train_score[-1], max(run.val_score)
        room = 1 - run.chance
        if room <= 0 or max(train, val) - run.chance > POOR * room or abs(train - val) > NEAR:
            return None
        fall = relative_fall(run.train_loss, TAIL)
        if fall is None or fall > FALLING:
            return None
        return f"training ({train:.3g}) and validation ({val:.3g}) scores are both poor and flat"

    return about(
        evidence,
        test,
        "warn",
        "A larger model, less regularisation, longer training.",
        confidence=0.6,
    )


RULES = (
    diverged,
    slow_start,
    needs_lr_decay,
    decayed_too_early,
    still_improving,
    overfitting,
    underfitting,
    *training_rules.RULES,
)
