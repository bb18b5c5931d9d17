"""What a program can do about the shape of a learning curve; each is proved by retraining the
baseline at its declared rate and length, or where none is declared the best run.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from recipe.plugin import Remedy, RemedyInput
from recipe_steps.learning_curves.run_curves import LABELS

if TYPE_CHECKING:
    from recipe.plugin import Experiment

MORE_DECAY = 3.0
LONGER = 1.5
WARMUP = 0.05
LONGER_WARMUP = 0.2
CLIP = 1.0
"""Norm of the gradient: the usual bound (Pascanu et al. 2013), where its norms are not known."""
ITEMS_PER_UPDATE = 4
"""By which a batch is made smaller."""

Change = Callable[["Experiment", RemedyInput], "Experiment | None"]


def of_baseline(name: str, change: Change, *, decides: bool) -> Remedy:
    """A change of the declared setting, or of the best run's where none is declared; nothing where
    the finding is about another run.
    """

    def mend(subject: RemedyInput) -> "Experiment | None":
        only = subject.evidence.text("baseline_status") is None
        about = subject.finding is None or LABELS["baseline"] in subject.finding.message
        if subject.experiment.lr is None or not (about or only):
            return None
        return change(subject.experiment, subject)

    return Remedy(name, mend, as_declared=True, decides=decides, of_run=True)


def _cosine(experiment: "Experiment", _: RemedyInput) -> "Experiment":
    return replace(experiment, schedule="cosine")


def _longer(experiment: "Experiment", _: RemedyInput) -> "Experiment":
    return replace(experiment, epochs=math.ceil(LONGER * (experiment.epochs or 1)))


def _more_decay(experiment: "Experiment", _: RemedyInput) -> "Experiment":
    decay = experiment.weight_decay or 1e-4
    return replace(experiment, weight_decay=MORE_DECAY * decay)


def _less_decay(experiment: "Experiment", _: RemedyInput) -> "Experiment | None":
    if not experiment.weight_decay:
        return None
    return replace(experiment, weight_decay=experiment.weight_decay / 10)


def _faster(experiment: "Experiment", _: RemedyInput) -> "Experiment":
    return replace(experiment, lr=3 * (experiment.lr or 0.0), epochs=2 * (experiment.epochs or 1))


def _slower(experiment: "Experiment", _: RemedyInput) -> "Experiment":
    return replace(experiment, lr=(experiment.lr or 0.0) / 3)


def _limit(subject: RemedyInput) -> float:
    """The 90th percentile of the gradient's norm, as the range test measured it (Google's tuning
    playbook), which cuts the rare large ones alone.
    """
    return subject.evidence.number("gradient_norm_90") or CLIP


def _tamed(experiment: "Experiment", subject: RemedyInput) -> "Experiment":
    return replace(
        experiment,
        lr=(experiment.lr or 0.0) / 10,
        warmup=max(WARMUP, experiment.warmup),
        clip_norm=_limit(subject),
    )


def _clipped(experiment: "Experiment", subject: RemedyInput) -> "Experiment | None":
    limit = _limit(subject)
    if experiment.clip_norm is not None and experiment.clip_norm <= limit:
        return None
    return replace(experiment, clip_norm=limit)


def _warmed(experiment: "Experiment", _: RemedyInput) -> "Experiment | None":
    if experiment.warmup >= LONGER_WARMUP:
        return None
    return replace(experiment, warmup=LONGER_WARMUP)


def _drawn_anew(experiment: "Experiment", _: RemedyInput) -> "Experiment":
    from recipe.plugin import reinitialised

    make = experiment.model

    def fresh(**given: Any) -> Any:
        return reinitialised(make(**given), math.sqrt(2))

    return replace(experiment, model=fresh, warmup=max(WARMUP, experiment.warmup))


def _smaller_batch(experiment: "Experiment", subject: RemedyInput) -> "Experiment | None":
    """A quarter of the batch, or of the data, and twice the epochs; the rate in proportion for
    plain gradient descent, by the root for optimizers that divide by the gradient's size. In
    proportion an epoch keeps its course (Goyal et al. 2017): without more epochs it would go no
    further.
    """
    old = min(experiment.batch_size, len(subject.data.train))
    new = old // ITEMS_PER_UPDATE
    if new < 1:
        return None
    ratio = new / old
    factor = ratio if experiment.optimizer == "sgd" else math.sqrt(ratio)
    lr, epochs = (experiment.lr or 0.0) * factor, 2 * (experiment.epochs or 1)
    return replace(experiment, batch_size=new, lr=lr, epochs=epochs)


def _plain(experiment: "Experiment", _: RemedyInput) -> "Experiment":
    return replace(experiment, augment=None)


cosine = of_baseline("a cosine schedule", _cosine, decides=True)
longer = of_baseline(f"train {LONGER:g} times as long", _longer, decides=True)
more_decay = of_baseline(f"weight decay x {MORE_DECAY:g}", _more_decay, decides=False)
less_decay = of_baseline("a tenth of the weight decay", _less_decay, decides=True)
faster = of_baseline("three times the rate, twice the epochs", _faster, decides=False)
clipped = of_baseline("clip the largest tenth of the gradients", _clipped, decides=True)
warmed = of_baseline(f"a warm-up over {LONGER_WARMUP:.0%} of training", _warmed, decides=True)
slower = replace(
    of_baseline("a third of the rate", _slower, decides=True), alternatives=(warmed, clipped)
)
tamed = of_baseline("a tenth of the rate, a warm-up and clipping", _tamed, decides=False)
draw_anew = replace(
    of_baseline("draw the weights anew, and warm up", _drawn_anew, decides=True),
    alternatives=(warmed,),
)
smaller_batch = of_baseline(
    "a quarter of the batch size, twice the epochs", _smaller_batch, decides=True
)
without_augmentation = of_baseline("train without augmentation", _plain, decides=True)
