"""Rules about inputs that know the answers."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from recipe.plugin import Evidence, Finding, Remedy, RemedyInput, finding, rule
from recipe_steps.symptoms import NOT_GENERALISING

if TYPE_CHECKING:
    from recipe.plugin import Experiment


def _without_column(subject: RemedyInput) -> "Experiment | None":
    """The column holds its mean for all items."""
    import torch
    from torch import Tensor

    from recipe.plugin import Masked, TensorData

    train, column = subject.data.train, subject.evidence.number("leak_column")
    if not isinstance(train, TensorData) or not isinstance(train.x, Tensor) or column is None:
        return None
    kept = torch.ones(train.x.shape[1], dtype=torch.bool, device=train.x.device)
    kept[int(column)] = False
    make, mean = subject.experiment.model, train.x.mean(0)

    def masked(**given: Any) -> Any:
        return Masked(make(**given), kept, mean)

    return replace(subject.experiment, model=masked)


@rule(
    "note",
    explains=[*NOT_GENERALISING, "noisy-labels"],
    remedy=Remedy("leave out the column", _without_column, promotes=True),
)
def input_knows_training_labels(evidence: Evidence) -> Finding | None:
    """What: a column is related to the labels of the training items, but much less, or not at all,
    to those of validation.

    Why: it was computed with the help of the training labels, such as the mean label of each shop
    when a row's own label is part of that mean. The model trusts it more than it deserves. Data
    that changed between the two parts look the same: trying the remedy decides.

    Fix: leave the column out, or compute it out of fold: for each row from other rows alone.
    """
    column, shown, left = (
        evidence.number(name) for name in ("leak_column", "leak_train", "leak_val")
    )
    if column is None or shown is None or left is None:
        return None
    return finding(
        "note",
        f"Input {column:.0f} goes with the training labels (rank correlation {shown:.2f}) and not "
        f"with those of validation ({left:.2f}).",
        "Leave it out, or compute it for each row without that row's own label.",
        confidence=0.7,
    )


@rule("warn")
def target_among_inputs(evidence: Evidence) -> Finding | None:
    """What: one value of every item is its target, but for scale and offset: a warning for labels,
    and for the very value among many inputs, else a note.

    Why: the column of the target was left in the table, or a window reaches one step too far. The
    model copies it, scores perfectly here, and knows nothing where the answer is not known yet.

    Fix: take that value out of the inputs; end a window before the value that it is to predict.
    """
    place = evidence.number("target_input")
    if place is None:
        return None
    return finding(
        "warn" if evidence.flag("target_input_is_copy") else "note",
        f"Input {place:.0f} (counted from 0) is the target itself, but for scale and offset.",
        "Take it out of the inputs: where the model is used, its value is not known.",
        confidence=0.9,
    )


RULES = (input_knows_training_labels, target_among_inputs)
"""All of them."""
