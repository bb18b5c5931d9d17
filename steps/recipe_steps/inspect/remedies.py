"""What a program can do about data: scales, splits, values that are missing."""

from dataclasses import replace
from typing import TYPE_CHECKING

from recipe.plugin import Remedy, RemedyInput
from recipe_steps.inspect.undoing import undoings
from recipe_steps.rows import figures_of, parts, real, shared_axes

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from recipe.plugin import Experiment, LossFunction, Splits, Values

    Pair = tuple[Tensor, Tensor]


def target_figures(y: "Tensor") -> "tuple[Tensor, Tensor]":
    """Mean and deviation of each target value, over the items."""
    values = real(y)
    return values.mean(0), values.std(0, correction=0)


def part_figures(x: "Values") -> "dict[str, tuple[Tensor, Tensor]]":
    """Mean and deviation of the features of every part that holds real values, by its name; masks
    of zeros and ones are left out.
    """
    return {
        name: figures_of(part) for name, part in parts(x).items()
        if part.is_floating_point() and not bool(((part == 0) | (part == 1)).all())
    }  # fmt: skip


def with_standard_inputs(experiment: "Experiment", data: "Splits") -> "Experiment":
    """A model that standardises its inputs by the figures of the training data."""
    from torch import nn

    from recipe.plugin import Standardised, StandardisedParts, Tree

    x = getattr(data.train, "x", None)
    if isinstance(x, Tree):
        figures = {
            name: (mean, deviation.where(deviation > 0, 1.0))
            for name, (mean, deviation) in part_figures(x).items()
        }
        of_parts = experiment.model

        def in_parts(**given: object) -> nn.Module:
            return StandardisedParts(
                of_parts(**given), {n: (m.clone(), d.clone()) for n, (m, d) in figures.items()}
            )

        return replace(experiment, model=in_parts)
    mean, deviation = figures_of(_tensors(data.train))
    deviation = deviation.where(deviation > 0, 1.0)
    make = experiment.model

    def standardised(**given: object) -> Standardised:
        return Standardised(make(**given), mean.clone(), deviation.clone())

    return replace(experiment, model=standardised)


def with_scaled_targets(data: "Splits") -> "Splits":
    """Targets in deviations from the mean of the training data."""
    from recipe.plugin import Data, TensorData

    mean, deviation = target_figures(_tensors(data.train, "y"))
    deviation = deviation.where(deviation > 0, 1.0)

    def scaled(part: Data) -> Data:
        if not isinstance(part, TensorData):
            return part
        return replace(part, y=(real(_tensors(part, "y")) - mean) / deviation)

    return replace(data, train=scaled(data.train), val=scaled(data.val))


def _tensors(data: object, name: str = "x") -> "Tensor":
    """Inputs or targets of data that are one tensor each.

    Raises:
        AttributeError: they are read anew each time.
        TypeError: they are trees.

    """
    from torch import Tensor

    values = getattr(data, name)
    if not isinstance(values, Tensor):
        raise TypeError(f"{type(values).__name__} is no tensor")
    return values


def _standardise(subject: RemedyInput) -> "Experiment":
    return with_standard_inputs(subject.experiment, subject.data)


def _with_data(subject: RemedyInput, data: "Splits") -> "Experiment":
    train, val = data.train, data.val
    return replace(
        subject.experiment,
        train=(_tensors(train), _tensors(train, "y")),
        val=(_tensors(val), _tensors(val, "y")),
    )


def _normalised_once(subject: RemedyInput) -> "Experiment | None":
    """One of two normalisations by the same figures undone, in training and validation."""
    import torch

    from recipe_steps.inspect.picture_values import twice

    x = _tensors(subject.data.train)
    found = twice(x)
    if found is None:
        return None
    mean, deviation = (torch.tensor(part).to(x).reshape(-1, 1, 1) for part in found[1])

    def once(part: object) -> "Pair":
        return _tensors(part) * deviation + mean, _tensors(part, "y")

    data = subject.data
    return replace(subject.experiment, train=once(data.train), val=once(data.val))


def _scale_targets(subject: RemedyInput) -> "Experiment":
    return _with_data(subject, with_scaled_targets(subject.data))


def _split_anew(subject: RemedyInput) -> "Experiment":
    """Training and validation data pooled and split at random with equal class shares."""
    import torch

    data = subject.data
    x = torch.cat([_tensors(data.train), _tensors(data.val)])
    y = torch.cat([_tensors(data.train, "y"), _tensors(data.val, "y")])
    return replace(subject.experiment, train=(x, y), val=len(data.val) / len(x))


def _one_preprocessing(subject: RemedyInput) -> "Experiment":
    """Validation inputs with that undone which a trained model knows them by; else brought to level
    and spread of the training inputs.
    """
    data, found = subject.data, subject.evidence
    what = found.text("val_undone") or found.text("columns_undone") or "level and spread"
    x = _tensors(data.val)
    undo = dict(undoings(_tensors(data.train), x))[what]
    return replace(subject.experiment, val=(undo(real(x)), _tensors(data.val, "y")))


def _imputed(subject: RemedyInput) -> "Experiment":
    """Inputs that are not finite become their feature's mean in the training data; items with
    such targets are dropped.
    """
    import torch

    from recipe.plugin import Data, TensorData

    x = real(_tensors(subject.data.train))
    axes = shared_axes(x)
    known = torch.isfinite(x)
    count = known.sum(axes, keepdim=True).clamp(min=1)
    mean = (x.where(known, 0.0).sum(axes, keepdim=True) / count)[0]

    def mended(part: Data) -> Data:
        if not isinstance(part, TensorData):
            return part
        y = _tensors(part, "y")
        sound = torch.isfinite(y.float()).reshape(len(part), -1).all(1)
        kept = real(_tensors(part)[sound])
        return replace(part, x=kept.where(torch.isfinite(kept), mean), y=y[sound])

    data = subject.data
    return _with_data(subject, replace(data, train=mended(data.train), val=mended(data.val)))


def _without_overlap(subject: RemedyInput) -> "Experiment | None":
    """Every input once; what is left of both parts is split anew at random."""
    import torch

    from recipe.plugin import row_hashes

    data = subject.data
    x = torch.cat([_tensors(data.train), _tensors(data.val)])
    y = torch.cat([_tensors(data.train, "y"), _tensors(data.val, "y")])
    first: dict[int, int] = {}
    for index, row in enumerate(row_hashes(x)):
        first.setdefault(row, index)
    rows = torch.tensor(sorted(first.values()), device=x.device)
    share = len(data.val) / len(x)
    if not 0 < round(share * len(rows)) < len(rows):
        return None
    return replace(subject.experiment, train=(x[rows], y[rows]), val=share)


def _numbered_from_zero(subject: RemedyInput) -> "Experiment | None":
    """Labels by their rank among those that there are; what loss and score ignore stays."""
    import torch

    if subject.evidence.text("label_values") is None:
        return None
    task = subject.experiment.resolved_task
    targets = [_tensors(part, "y") for part in (subject.data.train, subject.data.val)]
    counted = [task.counted(y) for y in targets]
    values = torch.unique(torch.cat([y[kept] for y, kept in zip(targets, counted, strict=True)]))
    train, val = (
        torch.where(kept, torch.searchsorted(values, y).clamp(max=len(values) - 1).to(y), y)
        for y, kept in zip(targets, counted, strict=True)
    )
    data = subject.data
    return replace(
        subject.experiment, train=(_tensors(data.train), train), val=(_tensors(data.val), val)
    )


def _same_type(outputs: "Tensor", targets: "Tensor") -> "Pair":
    return outputs, targets.to(outputs.dtype)


def _same_shape(outputs: "Tensor", targets: "Tensor") -> "Pair":
    return outputs, targets.reshape(outputs.shape)


def _same(outputs: "Tensor", targets: "Tensor") -> "Pair":
    return _same_type(*_same_shape(outputs, targets))


def _as_they_are(outputs: "Tensor", targets: "Tensor") -> "Pair":
    return outputs, targets


def _fitting_loss(subject: RemedyInput) -> "Experiment | None":
    """The mean of the loss, on targets in the shape and type of the outputs as far as it takes;
    else the loss of the task. None where that refuses the outputs too.
    """
    from torch import Tensor

    from recipe.plugin import build_model
    from recipe_steps.inspect.loss_call import called

    experiment = subject.experiment
    own, usual = experiment.loss_function, experiment.resolved_task.loss
    losses = [_averaged(own, fit) for fit in (_as_they_are, _same_type, _same_shape, _same)]
    x, y = next(subject.data.train.batches(experiment.batch_size))
    outputs = build_model(experiment, 0, subject.device).eval()(x)
    if not isinstance(y, Tensor):
        return None
    fits = (loss for loss in (*losses, usual) if called(loss, outputs, y).fine)
    loss = next(fits, None)
    if loss is None:
        return None
    return replace(experiment, loss=None if loss is usual else loss)


def _averaged(loss: "LossFunction", fit: "Callable[[Tensor, Tensor], Pair]") -> "LossFunction":
    def averaged(outputs: "Tensor", targets: "Tensor") -> "Tensor":
        return loss(*fit(outputs, targets)).mean()

    if hasattr(loss, "ignore_index"):
        averaged.ignore_index = loss.ignore_index  # type: ignore[attr-defined]
    return averaged


def _matching_outputs(subject: RemedyInput) -> "Experiment | None":
    """Outputs in the shape of the targets, or as many as there are classes, or targets as the
    loss takes them.
    """
    from recipe.plugin import Mapped, with_outputs

    make, evidence = subject.experiment.model, subject.evidence
    if evidence.text("loss_refusal") or (evidence.number("loss_numbers") or 1) > 1:
        return _fitting_loss(subject)
    classes, outputs = evidence.number("classes"), evidence.number("outputs")
    if evidence.text("target_kind") == "class index" and classes and outputs:
        return replace(
            subject.experiment,
            model=lambda **given: with_outputs(make(**given), int(outputs), int(classes)),
        )
    y = _tensors(subject.data.train, "y")
    shape, own = y.shape[1:], subject.experiment.loss

    def in_shape(outputs: "Tensor") -> "Tensor":
        return outputs.reshape(len(outputs), *shape)

    def flat(outputs: "Tensor", targets: "Tensor") -> "Tensor":
        return own(outputs.flatten(), targets.flatten())  # type: ignore[operator, misc]

    return replace(
        subject.experiment,
        model=lambda **given: Mapped(make(**given), in_shape),
        # It may squeeze one of them itself.
        loss=flat if own is not None and y.numel() == len(y) else own,
    )


def unfrozen(experiment: "Experiment") -> "Experiment":
    """With every parameter trainable."""
    make = experiment.model
    return replace(
        experiment, model=lambda **given: make(**given).requires_grad_(requires_grad=True)
    )


def _unfrozen(subject: RemedyInput) -> "Experiment":
    return unfrozen(subject.experiment)


def _shuffled(subject: RemedyInput) -> "Experiment":
    return replace(subject.experiment, shuffle=True)


number_from_zero = Remedy(
    "number the labels from 0", _numbered_from_zero, edits=("labels-from-zero",)
)
unfreeze = Remedy("train the frozen weights too", _unfrozen, edits=("unfreeze",))
shuffle = Remedy("shuffle the training data", _shuffled, edits=("shuffle",))
standardise_inputs = Remedy("standardise the inputs", _standardise, edits=("standard-inputs",))
standardise_targets = Remedy(
    "standardise the targets", _scale_targets, as_declared=True, edits=("standard-targets",)
)
split_anew = Remedy("split anew, stratified", _split_anew, corrects_score=True)
normalise_once = Remedy("leave one of two normalisations out", _normalised_once, as_declared=True)
one_preprocessing = Remedy("treat validation inputs as the training inputs", _one_preprocessing)
impute = Remedy("put the feature's mean in place of missing values", _imputed)
without_overlap = Remedy(
    "keep every input once, and split anew", _without_overlap, corrects_score=True
)
matching_outputs = Remedy("match outputs, targets and loss", _matching_outputs)
