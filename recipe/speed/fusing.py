"""Which trials can be trained as one model."""

from dataclasses import replace

from recipe.experiment import Experiment


class CannotFuse(Exception):  # noqa: N818 - a reason, not an error
    """Why these trials have to be trained one by one."""


def fusable(experiment: Experiment) -> str | None:
    """Why trials of this experiment cannot be fused at all; None when they may be."""
    if experiment.accumulate > 1:
        return "its batches go through the model in parts"
    if experiment.update is not None:
        return "it brings its own update step"
    if not isinstance(experiment.optimizer, str):
        return "it brings its own optimizer"
    if experiment.resolved_task.takes_trees:
        return "its outputs or targets are more than one tensor"
    return None


def fusion_group(experiment: Experiment) -> Experiment:
    """The experiment without what may vary inside a group: equal for trials of one group."""
    return replace(
        experiment, lr=None, weight_decay=None, momentum=None, beta2=None, epsilon=None,
        schedule=None, warmup=0.0, epochs=1,
    )  # fmt: skip
