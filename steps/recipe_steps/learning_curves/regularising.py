"""What holds overfitting back, each tried by training: decay, dropout, moved images, smoothed
labels, another size of the model, smaller batches, fewer inputs.
"""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from recipe.plugin import RemedyInput
from recipe_steps.learning_curves.remedies import more_decay, of_baseline
from recipe_steps.learning_curves.width import width_of

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from recipe.plugin import Experiment

MUCH_DECAY, DROPOUT, SMOOTHING = 3e-3, 0.3, 0.1
"""What else holds overfitting back: more than the usual decay of 5e-4 by far, dropout in front of
the last layer (Srivastava et al. 2014: 0.2 to 0.5), smoothed labels (Szegedy et al. 2016)."""
IMAGE_AXES, SMALLEST = 4, 8
"""Images are [N, C, H, W]; smaller ones than 8 x 8 pixels lose too much when they are moved."""
SMALLER_BATCH, LEAST_BATCH = 4, 8
"""By which a batch is made smaller, and items that it keeps."""
MANY_INPUTS, TOLD, TREES = 12, 0.95, 100
"""Columns of a table from which some are left out, and the share of what trees use that those that
are kept make up."""
MOST_ROWS = 3000


def _much_more_decay(experiment: "Experiment", _: RemedyInput) -> "Experiment":
    return replace(experiment, weight_decay=max(MUCH_DECAY, 30 * (experiment.weight_decay or 0.0)))


def _dropping(experiment: "Experiment", _: RemedyInput) -> "Experiment":
    from recipe.plugin import with_dropout

    make = experiment.model
    return replace(experiment, model=lambda **given: with_dropout(make(**given), DROPOUT))


def _smoothed(experiment: "Experiment", _: RemedyInput) -> "Experiment | None":
    from torch.nn import functional as F

    if experiment.loss is not None or experiment.resolved_task.target_kind != "class index":
        return None
    return replace(experiment, loss=lambda o, y: F.cross_entropy(o, y, label_smoothing=SMOOTHING))


def _moving(experiment: "Experiment", subject: RemedyInput) -> "Experiment | None":
    from torch import Tensor

    from recipe.plugin import moved

    x = getattr(subject.data.train, "x", None)
    images = isinstance(x, Tensor) and x.ndim == IMAGE_AXES and min(x.shape[2:]) >= SMALLEST
    if experiment.augment is not None or not images:
        return None
    return replace(experiment, augment=lambda batch: moved(batch, flip=False))


def _other_width(experiment: "Experiment", factor: float) -> "Experiment | None":
    found = width_of(experiment)
    if found is None or round(factor * found[1]) < 1:
        return None
    name, width = found
    return experiment.with_params({name: round(factor * width)})


def _smaller_model(experiment: "Experiment", _: RemedyInput) -> "Experiment | None":
    return _other_width(experiment, 0.5)


def _larger_model(experiment: "Experiment", _: RemedyInput) -> "Experiment | None":
    """Its best epoch is kept, as of all trainings: a larger one overfits more, and may have been
    better before.
    """
    return _other_width(experiment, 2.0)


def _smaller_batches(experiment: "Experiment", subject: RemedyInput) -> "Experiment | None":
    """The rate in proportion for plain gradient descent, by the root for optimizers that divide by
    the gradient's size: an epoch keeps its course, but for more noise on the way.
    """
    old = min(experiment.batch_size, len(subject.data.train))
    new = old // SMALLER_BATCH
    if new < LEAST_BATCH:
        return None
    ratio = new / old
    factor = ratio if experiment.optimizer == "sgd" else math.sqrt(ratio)
    return replace(experiment, batch_size=new, lr=(experiment.lr or 0.0) * factor)


def _fewer_inputs(experiment: "Experiment", subject: RemedyInput) -> "Experiment | None":
    """A table without the columns that trees make next to no use of: these are set to their
    mean.
    """
    import torch
    from torch import Tensor

    from recipe.plugin import Masked, TensorData

    train = subject.data.train
    if not isinstance(train, TensorData) or not isinstance(train.x, Tensor):
        return None
    x, y = train.x, train.y
    if x.ndim != 2 or not x.is_floating_point() or not isinstance(y, Tensor):
        return None
    if x.shape[1] < MANY_INPUTS or y.numel() != len(train):
        return None
    used = used_columns(x, y, classes=experiment.resolved_task.target_kind != "real")
    if used.all():
        return None
    make, kept = experiment.model, torch.from_numpy(used).to(x.device)
    mean = x.mean(0)
    return replace(experiment, model=lambda **given: Masked(make(**given), kept, mean))


def used_columns(x: "Tensor", y: "Tensor", *, classes: bool) -> "np.ndarray":
    """Which columns [d] trees make most of their splits by.

    Args:
        x: rows [n, d].
        y: one target for each.
        classes: whether these are numbers of classes.

    """
    import numpy as np
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    rows = x[:MOST_ROWS].detach().cpu().double().numpy()
    targets = y[:MOST_ROWS].detach().flatten().cpu().double().numpy()
    make = ExtraTreesClassifier if classes else ExtraTreesRegressor
    forest = make(TREES, min_samples_leaf=3, random_state=0)
    weights = forest.fit(rows, targets.astype(int) if classes else targets).feature_importances_
    order = np.argsort(-weights, kind="stable")
    count = int(np.searchsorted(np.cumsum(weights[order]), TOLD)) + 1
    used = np.zeros(len(weights), dtype=bool)
    used[order[:count]] = True
    return used


regularise = replace(
    more_decay,
    promotes=True,
    alternatives=(
        of_baseline("move the images a little in training", _moving, decides=False),
        of_baseline(f"dropout of {DROPOUT:g} before the last layer", _dropping, decides=False),
        of_baseline("far more weight decay", _much_more_decay, decides=False),
        of_baseline(f"labels smoothed by {SMOOTHING:g}", _smoothed, decides=False),
        of_baseline("half the width", _smaller_model, decides=False),
        of_baseline("inputs that trees make use of alone", _fewer_inputs, decides=False),
        of_baseline("twice the width, stopped early", _larger_model, decides=False),
        of_baseline("a quarter of the batch size", _smaller_batches, decides=False),
    ),
)
"""The most usual ones first: where the budget of proofs is used up, the rest is left out."""
