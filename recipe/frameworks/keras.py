"""An experiment of a compiled Keras 3 model on the torch backend."""

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from recipe.core.errors import UsageError
from recipe.experiment import DEFAULT_EPOCHS, Experiment
from recipe.frameworks import file_names as names
from recipe.frameworks.loss_finding import Matched
from recipe.frameworks.modules import as_dataset, steps_of
from recipe.frameworks.optimizers import OptimizerRead, read_optimizer
from recipe.frameworks.schedules import ScheduleRead, read_schedule

BATCH = 32
"""What `fit` takes where it is told nothing."""
LOSSES = {
    "sparse_categorical_crossentropy": "classification",
    "categorical_crossentropy": "classification",
    "binary_crossentropy": "binary",
    "mean_squared_error": "regression", "mse": "regression",
    "mean_absolute_error": "regression", "mae": "regression",
}  # fmt: skip
ACTIVATIONS = {"classification": "softmax", "binary": "sigmoid"}
"""What a model ends in whose loss takes probabilities."""


def from_keras(model: Any, beside: Mapping[str, Any], name: str) -> Experiment:
    """An experiment of a compiled model and of the arrays or loaders in the file of the user.

    Args:
        model: a `keras.Model`; it is not changed.
        beside: what the file holds, by name: x_train and y_train, x_val and y_val, or loaders.
        name: of the model in it.

    Raises:
        UsageError: another backend, a model that is not compiled, or no data.

    """
    keras = sys.modules["keras"]
    if keras.backend.backend() != "torch":
        raise UsageError(
            f"Keras runs on {keras.backend.backend()} here, and the recipe trains by PyTorch: set "
            "KERAS_BACKEND=torch in the environment, before Keras is imported."
        )
    if getattr(model, "optimizer", None) is None or not getattr(model, "loss", None):
        raise UsageError(
            f"{name} is not compiled: call {name}.compile(optimizer=..., loss=...) in its file."
        )
    data = names.training_data(beside, name)
    notes = [
        f"Model: every trial makes a clone of {name}, its weights drawn anew.",
        *(f"{part}: {called}." for part, (called, _) in data.items()),
    ]
    fields: dict[str, Any] = {part: value for part, (_, value) in data.items()}
    task, loss, ending = _loss(model, fields, notes)
    factory = Cloned(model, ending)
    if not factory.model.built:
        raise UsageError(
            f"{name} has no weights yet: begin it with keras.Input(shape), or call {name}.build."
        )
    fields |= _trained(model, factory(), fields, beside, notes)
    return Experiment(
        model=factory, task=task, loss=loss, name=model.name, notes=tuple(notes), **fields
    )


class Cloned:
    """Makes clones of a Keras model, which have fresh weights."""

    def __init__(self, model: Any, ending: str | None) -> None:
        """`ending`: the activation that is left to the loss; None for none."""
        self.model, self.ending = model, ending
        self.__name__ = self.__qualname__ = f"{type(model).__name__} {model.name} {ending}"

    def __call__(self) -> nn.Module:
        """A fresh model."""
        keras = sys.modules["keras"]
        # Keras draws seeds from its own generator and Python's: the recipe's decide here.
        keras.utils.set_random_seed(int(torch.randint(2**31 - 1, ()).item()))
        return KerasModule(_clone(self.model), self.ending)


def _clone(model: Any) -> Any:
    """A model with the same layers and fresh weights."""
    with _quiet():
        return sys.modules["keras"].models.clone_model(model)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keras turns numbers into arrays in a way that NumPy 2 warns of; nobody here can change it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


class KerasModule(nn.Module):
    """A Keras model as a module of torch: evaluation mode is told to its layers, and what is not
    trained stands among the buffers.
    """

    def __init__(self, model: Any, ending: str | None) -> None:
        """`ending`: an activation at its end that is left out."""
        super().__init__()
        object.__setattr__(self, "keras_model", model)
        self.ending, self.logarithm = ending, False
        if ending is not None:
            self.logarithm = not _without(model, ending)
        self._held: list[tuple[str, Any]] = []
        for number, variable in enumerate(model.variables):
            # Not by its path: Keras counts seed generators on from clone to clone.
            key = f"{number}_{variable.name}".replace(".", "_")
            if variable.trainable:
                self.register_parameter(key, variable.value)
            else:
                self.register_buffer(key, variable.value.data)
                self._held.append((key, variable))

    def forward(self, x: Any) -> Tensor:
        """Outputs, or logits where the activation at the end is left out."""
        outputs: Tensor = vars(self)["keras_model"](x, training=self.training)
        if self.logarithm:
            return outputs.clamp_min(torch.finfo(outputs.dtype).tiny).log()
        return outputs

    def _apply(self, *args: Any, **kwargs: Any) -> "KerasModule":
        """What moves or converts the tensors; Keras's own variables go along."""
        super()._apply(*args, **kwargs)  # type: ignore[no-untyped-call]
        for key, variable in self._held:
            variable.value.data = self._buffers[key]
            self._buffers[key] = variable.value.data
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "KerasModule":
        """A clone with the same weights: Keras copies by files."""
        made = KerasModule(_clone(self.keras_model), None)
        made.logarithm = self.logarithm
        if self.ending is not None and not self.logarithm:
            _without(made.keras_model, self.ending)
        made.ending = self.ending
        made.load_state_dict(self.state_dict())
        made.train(self.training)
        memo[id(self)] = made
        return made


def _without(model: Any, ending: str) -> bool:
    """Leave out the activation that a model ends in; false where its last layer has none to
    exchange.
    """
    last = model.layers[-1]
    if _activation(last) != ending or not hasattr(last, "activation"):
        return False
    last.activation = sys.modules["keras"].activations.linear
    return True


def _activation(layer: Any) -> str:
    found = getattr(layer, "activation", None)
    return getattr(found, "__name__", type(layer).__name__.lower() if found is None else "")


def _loss(
    model: Any, fields: dict[str, Any], notes: list[str]
) -> tuple[str, Callable[..., Any] | None, str | None]:
    """Task, loss where it is not the task's, and the activation that is left to the loss."""
    declared = model.loss
    config = declared.get_config() if hasattr(declared, "get_config") else {}
    name = str(declared if isinstance(declared, str) else config.get("name") or getattr(
        declared, "__name__", type(declared).__name__))  # fmt: skip
    task = LOSSES.get(name)
    if task is None:
        notes.append(f"Loss: {name} of Keras.")
        return _guessed(fields["train"]), KerasLoss(declared), None
    if name == "categorical_crossentropy":
        _labels(fields, notes)
    notes.append(f"Loss: {name}, for {task}.")
    if config.get("label_smoothing"):
        return task, KerasLoss(declared), None
    if task == "regression":
        absolute = "absolute" in name or name == "mae"
        return task, Matched(nn.functional.l1_loss) if absolute else None, None
    last = _activation(model.layers[-1])
    if config.get("from_logits"):
        return task, None, None
    if last != ACTIVATIONS[task]:
        return task, KerasLoss(declared), None
    notes.append(
        f"The {last} at the end is left to the loss, which computes it more exactly: outputs are "
        "logits."
    )
    return task, None, last


def _labels(fields: dict[str, Any], notes: list[str]) -> None:
    """Class indices for targets of one entry per class."""
    for part in ("train", "val", "test"):
        if isinstance(fields.get(part), tuple):
            x, y = fields[part]
            fields[part] = (x, torch.as_tensor(y).argmax(-1))
    notes.append("Targets with an entry per class are taken as the number of the class.")


def _guessed(train: Any) -> str:
    y = as_dataset(train)[0][1]
    return "regression" if torch.as_tensor(y).is_floating_point() else "classification"


class KerasLoss:
    """A loss of Keras, which takes targets before outputs."""

    def __init__(self, declared: Any) -> None:
        """Take a name, a function or a `keras.losses.Loss`."""
        self.function = sys.modules["keras"].losses.get(declared)
        self.__name__ = getattr(self.function, "__name__", type(self.function).__name__)

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean loss of a batch."""
        found: Tensor = self.function(targets, outputs)
        return found.mean()


def _trained(
    model: Any, fresh: nn.Module, fields: dict[str, Any], beside: Mapping[str, Any],
    notes: list[str],
) -> dict[str, Any]:  # fmt: skip
    """Optimizer, schedule, batch size and epochs."""
    size = names.named(beside, names.BATCH_SIZES, names.is_whole)
    epochs = names.named(beside, names.EPOCHS, names.is_whole)
    loader = hasattr(fields["train"], "batch_size")
    batch = None if loader else size[1] if size else BATCH
    with _quiet():
        settings = model.optimizer.get_config()
    rate = getattr(model.optimizer, "_learning_rate", None)
    steps = steps_of(fields["train"], batch)
    total = (epochs[1] if epochs else DEFAULT_EPOCHS) * steps
    if callable(rate) and hasattr(rate, "get_config"):
        with _quiet():
            rates = [float(rate(step)) for step in range(total)]
        schedule = read_schedule(rates, type(rate).__name__, by_step=True)
        notes.append(f"Schedule: {type(rate).__name__}, over {total} steps.")
    else:
        value = float(f"{float(model.optimizer.learning_rate):.6g}")  # kept in float32
        schedule = ScheduleRead("constant", value, "constant")
    read = _optimizer(type(model.optimizer).__name__, settings, schedule.lr, fresh)
    notes.append(f"Optimizer: {read.said}, lr {schedule.lr:g}, weight decay "
                 f"{read.weight_decay:g}.")  # fmt: skip
    clip = settings.get("global_clipnorm")
    if settings.get("clipnorm") or settings.get("clipvalue"):
        notes.append(
            "clipnorm and clipvalue of Keras cut every weight's gradient by itself and are not "
            "taken over; global_clipnorm is."
        )
    if any(getattr(layer, "kernel_regularizer", None) for layer in model.layers):
        notes.append("Regularizers of layers are not part of the loss here; weight decay is.")
    return {
        **({} if batch is None else {"batch_size": batch}),
        **({} if epochs is None else {"epochs": epochs[1]}),
        "optimizer": read.optimizer, "momentum": read.momentum, "lr": schedule.lr,
        "weight_decay": read.weight_decay, "schedule": schedule.schedule,
        "clip_norm": float(clip) if clip else None,
    }  # fmt: skip


def _optimizer(
    name: str, settings: Mapping[str, Any], lr: float, model: nn.Module
) -> OptimizerRead:
    """The same optimizer of torch. Keras's epsilon, 1e-7, becomes that of torch for Adam.

    Raises:
        UsageError: torch has none of the kind.

    """
    decay = float(settings.get("weight_decay") or 0.0)
    params = [p for p in model.parameters() if p.requires_grad]
    made: torch.optim.Optimizer
    if name in ("Adam", "AdamW", "LossScaleOptimizer") and "beta_1" in settings:
        betas = (float(settings["beta_1"]), float(settings["beta_2"]))
        # Keras takes the decay off the weights in both, as AdamW does.
        kind = torch.optim.AdamW if decay or name == "AdamW" else torch.optim.Adam
        made = kind(params, lr, betas=betas, weight_decay=decay,
                    amsgrad=bool(settings.get("amsgrad")))  # fmt: skip
    elif name == "SGD":
        made = torch.optim.SGD(
            params, lr, momentum=float(settings["momentum"]), weight_decay=decay,
            nesterov=bool(settings["nesterov"]) and settings["momentum"] > 0,
        )  # fmt: skip
    elif name == "RMSprop":
        made = torch.optim.RMSprop(
            params, lr, alpha=float(settings["rho"]), eps=float(settings["epsilon"]),
            momentum=float(settings["momentum"]), centered=bool(settings["centered"]),
            weight_decay=decay,
        )  # fmt: skip
    else:
        raise UsageError(
            f"The optimizer {name} of Keras has no counterpart here: compile with SGD, Adam, AdamW "
            "or RMSprop, or make an Experiment with an optimizer function."
        )
    return read_optimizer(made, model)
