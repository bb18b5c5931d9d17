"""What a program can do about a model that forgets its layers, its gradients or its mode."""

from dataclasses import replace
from typing import TYPE_CHECKING

from recipe.plugin import Remedy, RemedyInput

if TYPE_CHECKING:
    from recipe.plugin import Experiment


FEW = 8
"""Items that show what a model calls."""


def _registered(subject: RemedyInput) -> "Experiment":
    from recipe.plugin import registered

    return replace(subject.experiment, model=registered(subject.experiment.model))


def _gradients_kept(subject: RemedyInput) -> "Experiment":
    from recipe.plugin import gradients_kept

    return replace(subject.experiment, model=gradients_kept(subject.experiment.model))


def _dropout_by_mode(subject: RemedyInput) -> "Experiment":
    from recipe.plugin import dropout_by_mode

    return replace(subject.experiment, model=dropout_by_mode(subject.experiment.model))


def _tokens_numbered(subject: RemedyInput) -> "Experiment":
    from recipe.plugin import tokens_numbered

    return replace(subject.experiment, model=tokens_numbered(subject.experiment.model))


def _own_layers(subject: RemedyInput) -> "Experiment":
    from recipe.plugin import layers_apart

    return replace(subject.experiment, model=layers_apart(subject.experiment.model))


def _own_norms(subject: RemedyInput) -> "Experiment | None":
    import json

    from recipe.plugin import norms_apart

    times = subject.evidence.text("norms_shared")
    if times is None:
        return None
    make = subject.experiment.model
    return replace(subject.experiment, model=norms_apart(make, json.loads(times)))


def _plain_gradients(subject: RemedyInput) -> "Experiment | None":
    from recipe.plugin import TensorData, build_model, own_functions, with_plain_functions

    experiment, train = subject.experiment, subject.data.train
    if not isinstance(train, TensorData):
        return None
    x = train.copied(0, FEW)[0]
    model = build_model(experiment, 0, x.device).eval()
    found = experiment.resolved_task.looked_at(model(x))
    classes = own_functions(found) if hasattr(found, "grad_fn") else []
    if not classes:
        return None
    return replace(experiment, model=with_plain_functions(experiment.model, classes))


def _transposed(subject: RemedyInput) -> "Experiment | None":
    from recipe.plugin import transposed_instead
    from recipe_steps.inspect.turned_axes import read

    texts = [subject.evidence.text(f"turned_{way}") for way in ("from", "to")]
    if texts[0] is None or texts[1] is None:
        return None
    pair = read(texts[0]), read(texts[1])
    return replace(subject.experiment, model=transposed_instead(subject.experiment.model, [pair]))


def _read_channels_last(subject: RemedyInput) -> "Experiment":
    from recipe.plugin import ReadChannelsLast

    make = subject.experiment.model
    return replace(subject.experiment, model=lambda **given: ReadChannelsLast(make(**given)))


register = Remedy("register what is in lists and dicts", _registered, edits=("register-modules",))
keep_gradients = Remedy("detach nothing in forward", _gradients_kept, edits=("keep-gradients",))
switch_off_dropout = Remedy(
    "switch functional dropout off in evaluation mode", _dropout_by_mode, edits=("dropout-by-mode",)
)
number_tokens = Remedy(
    "add codes of their places to the embeddings of tokens", _tokens_numbered, promotes=True
)
own_layers = Remedy("make a layer of its own for each place", _own_layers, promotes=True)
plain_gradient = Remedy(
    "leave the gradient of the function to PyTorch", _plain_gradients, promotes=True
)
own_norms = Remedy("give each place a batch norm of its own", _own_norms, promotes=True)
transpose = Remedy("transpose in place of the view", _transposed, promotes=True)
read_channels_last = Remedy(
    "read the pictures as height x width x channel", _read_channels_last, promotes=True
)
