"""Experiment: what the user declares, checked when it is made and never modified."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor, nn
from torch.utils.data import DataLoader, SequentialSampler

from recipe.border.optimizer_calls import with_own_decay
from recipe.core import names
from recipe.core.errors import UsageError
from recipe.core.evidence import Scalar
from recipe.core.names import checked_names, name_of, unknown
from recipe.core.number_checks import EXPERIMENT, check_numbers
from recipe.core.option_definitions import PARALLEL
from recipe.ranges import Axis, check
from recipe.tasks import TASKS, Task
from recipe.tasks.metrics import NamedMetric, canonical, shown

OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop")
SCHEDULES = ("constant", "step", "cosine", "linear", "inverse_sqrt")
SEARCHABLE = ("lr", "weight_decay", "momentum", "beta2", "epsilon", "batch_size", "epochs",
              "schedule", "warmup", "clip_norm", "optimizer", "freeze", "begin_from")  # fmt: skip
"""Fields that a search may vary; every other name goes to the model factory."""

DEFAULT_EPOCHS = 20
DEFAULT_WEIGHT_DECAY = 1e-4
DEFAULT_SCHEDULE = "cosine"

MODEL_LOSS = "model"
"""Says that the model computes its loss itself when it is given the targets."""
USUAL_BATCH = 128

LossFunction = Callable[[Any, Any], Tensor]
Metric = Callable[[Any, Any], float]
Update = Callable[[nn.Module, Any, tuple[Any, Any]], Tensor | float]


@names.shows_arguments
@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A model, its data and, if there is one, the setting trained with today.

    Only `model` and `train` are required. When `lr` is given, the declared setting is the
    baseline: it is trained as trial zero, and everything found is reported as a gain over it.

    Attributes:
        model: returns a fresh model at every call; its keyword arguments can be searched.
        train: a Dataset, a pair of arrays, a DataLoader, a stream, or a callable that returns one.
            An item is a pair (x, y); or a longer tuple, whose last part is the target; or a dict
            with a key `labels`, `label`, `target`, `targets` or `y`, whose other keys the model's
            `forward` takes by name. Each part is a tensor or a tree of tensors.
        val: the same, or the fraction of `train` to hold out (default 0.2).
        test: the same; touched by no step before the very end.
        task: classification, binary, multilabel, regression, segmentation, binary_segmentation,
            token_classification, language_model, sequence_to_sequence, forecasting, embedding, or
            a Task.
        loss: callable(outputs, targets) -> scalar; default: the task's. The score leaves out
            labels of its `ignore_index`, where it has one, and always -100. "model" where the
            model computes its loss itself when it is given the targets.
        metric: a name, as torchmetrics has it (`f1_macro`, `auroc`, `map`, `mae`, ...), or
            callable(outputs, targets) -> higher is better; default: the task's.
        optimizer: sgd (Nesterov 0.9), adam, adamw, rmsprop, a class of torch.optim, or
            callable(params, lr, weight_decay), called by these names where it has them; LBFGS and
            its like are told how to evaluate the loss of a batch.
        augment: random transform of a training batch x; validation never sees it.
        momentum: of a named optimizer, in [0, 1): Nesterov for sgd (default 0.9), the first beta
            of adam and adamw (0.9), plain for rmsprop (0).
        beta2: the second beta of adam and adamw (0.999).
        epsilon: what adam, adamw and rmsprop add to the size they divide by (1e-8).
        space: what to search by name, beside lr and weight_decay: lists of values, or ranges
            (`recipe.uniform`, `log_uniform`, `integers`), some of them on a condition (`when`);
            with `recipe.scientific(values)` all else is tuned anew for each of the values.
        warmup: share of training in which the rate rises linearly, in [0, 1).
        schedule: a name or a callable(progress in [0, 1]) -> factor of lr.
        update: an own update step, callable(model, optimizer, (x, y)) -> loss; it does
            zero_grad, backward and step itself.
        batch_size: items of a batch; default: that of a DataLoader given as `train`, else 128.
            "auto" takes the largest that fits, or that beyond which throughput no longer rises.
        accumulate: parts in which a batch goes through the model; more where memory runs out.
        parallel: trains each trial on several GPUs together: `ddp`, the whole model on each, or
            `fsdp`, a part of every layer. On a processor in two processes.
        processes: how many of them; default: one for each GPU.
        target: the key of the target, where items are dicts.
        classes: names of the classes, in the order of their numbers; by default, where labels are
            words, these in the order of the alphabet.
        batch: callable(item) -> (inputs, targets), where items part in another way.
        collate: callable(list of items) -> batch; by default items of one shape are stacked, and
            sequences padded to the longest of the batch.
        outputs: where the outputs are in what the model returns: a key, an attribute, or a
            callable. By default they are found, and said.
        epoch_items: items that an epoch of a stream has.
        by_length: whether sequences of like length are batched together, where that saves more than
            a fifth of the room that padding takes.
        head: for transfer learning, the name of the module that gives the outputs and begins anew,
            such as "fc" or "classifier.2".
        weights: what the rest of the model begins with: a file (.safetensors, or of torch.save,
            read without running what it holds), or a name that the factory is given as `weights`.
        freeze: how many of the model's lowest blocks are frozen: no gradient, evaluation mode.

    Raises:
        UsageError: an unknown name or an impossible value, in one sentence.

    """

    model: Callable[..., nn.Module]
    train: Any
    val: Any = None
    test: Any = None
    task: str | Task = "classification"
    loss: LossFunction | str | None = None
    metric: str | Metric | None = None
    optimizer: str | Callable[..., Any] = "sgd"
    batch_size: int = None  # type: ignore[assignment]  # a number as soon as it is made
    fits_batch: bool = False  # set by batch_size="auto": the size is yet to be found
    lr: float | None = None
    weight_decay: float | None = None
    momentum: float | None = None
    beta2: float | None = None
    epsilon: float | None = None
    epochs: int | None = None
    schedule: str | Callable[[float], float] | None = None
    augment: Callable[[Tensor], Tensor] | None = None
    space: Mapping[str, Axis] = field(default_factory=dict)
    warmup: float = 0.0
    shuffle: bool = True
    clip_norm: float | None = None
    update: Update | None = None
    accumulate: int = 1
    parallel: Literal["ddp", "fsdp"] | None = None
    processes: int | None = None
    head: str | None = None
    weights: str | Path | None = None
    freeze: int = 0
    target: str | None = None
    classes: tuple[str, ...] = ()
    batch: Callable[[Any], tuple[Any, Any]] | None = None
    collate: Callable[[list[Any]], Any] | None = None
    outputs: str | int | Callable[[Any], Any] | None = None
    epoch_items: int | None = None
    by_length: bool = False
    name: str | None = None
    inputs: Any = field(default=None, compare=False)
    """Of data by name: how files become inputs, what outputs mean (see `InputsRecord`)."""
    columns: tuple[Any, ...] = field(default=(), compare=False)  # `ColumnFacts` of a table
    notes: tuple[str, ...] = field(default=(), compare=False)
    """What was read from the object of another framework, in sentences that a run begins with."""
    model_args: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments for the factory, set by the search."""
    begin_from: str | None = None
    """Set by the search: `scratch` for a training without the pretrained weights, or the name of
    weights in `starts` that are put into the model."""
    starts: Path | None = field(default=None, compare=False)
    """Folder of these, of the run."""
    blocks: tuple[tuple[str, ...], ...] = ()
    """What `freeze` counts, the lowest first, as names of modules; found when the run begins."""

    if not TYPE_CHECKING:  # editors are shown the arguments that there are

        def __new__(cls, *_: Any, **given: Any) -> Any:
            """Answer an unknown argument with the nearest known one."""
            names.check_arguments(cls, given, ("model", "train"))
            return super().__new__(cls)

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]:
        """What `__new__` is given by copy and pickle."""
        return (), {"model": self.model, "train": self.train}

    def __post_init__(self) -> None:
        object.__setattr__(self, "batch_size", self._batch_size(self.batch_size))
        object.__setattr__(self, "classes", checked_names("Experiment(classes=...)", self.classes))
        if _in_order(self.train):
            object.__setattr__(self, "shuffle", False)
        if isinstance(self.model, nn.Module):
            raise UsageError(
                "Experiment(model=...) got a module, which every trial would share: "
                "pass a function that returns a fresh one, such as model=lambda: MyNet()."
            )
        if not callable(self.model):
            raise UsageError(
                f"Experiment(model=...) got {self.model!r}: pass a function that returns a "
                "fresh torch.nn.Module."
            )
        self._check_name("task", TASKS, Task)
        self._check_name("optimizer", OPTIMIZERS)
        for name, known in (("schedule", SCHEDULES), ("parallel", PARALLEL)):
            if getattr(self, name) is not None:
                self._check_name(name, known, None if name == "schedule" else str)
        check_numbers(self, EXPERIMENT)
        for name in ("momentum", "beta2", "epsilon"):
            value = getattr(self, name)
            if value is not None and not isinstance(self.optimizer, str):
                raise UsageError(
                    f"Experiment({name}={value!r}) beside an optimizer function: "
                    f"set the {name} in that function."
                )
        self._check_callables()
        self._check_metric()
        self._check_transfer()
        if self.inputs is not None and not hasattr(self.inputs, "reader"):
            raise UsageError(
                f"Experiment(inputs={self.inputs!r}): data by name set this; leave it out."
            )
        if not isinstance(self.space, Mapping):
            raise UsageError(
                f"Experiment(space={self.space!r}): pass a dict of names and lists of values."
            )
        check(self.space)

    def _batch_size(self, declared: int | str | None) -> Any:
        """What was declared, or that of a DataLoader given as `train`, or the usual one."""
        object.__setattr__(self, "fits_batch", self.fits_batch or declared == "auto")
        declared = None if declared == "auto" else declared
        if declared is None and isinstance(self.train, DataLoader):
            own = getattr(self.train.batch_sampler, "batch_size", None)
            declared = self.train.batch_size or own
        return USUAL_BATCH if declared is None else declared

    def _check_callables(self) -> None:
        for name in ("loss", "metric", "augment", "update", "batch", "collate", "outputs"):
            value = getattr(self, name)
            if value is None or callable(value):
                continue
            named = isinstance(value, str | int) and not isinstance(value, bool)
            if (name, value) == ("loss", MODEL_LOSS) or (name == "outputs" and named):
                continue
            if name == "metric" and isinstance(value, str):
                continue
            kinds = {"loss": "a callable or 'model'", "outputs": "a name or a callable"}
            wanted = kinds.get(name, "a callable or None")
            raise UsageError(f"Experiment({name}={value!r}): pass {wanted}.")
        if self.target is not None and not isinstance(self.target, str):
            raise UsageError(
                f"Experiment(target={self.target!r}): pass the key of the target in an item."
            )

    def _check_name(self, name: str, known: Any, kind: type | None = None) -> None:
        value = getattr(self, name)
        if isinstance(value, str):
            if value not in known:
                raise UsageError(unknown(name, value, known))
        elif not (isinstance(value, kind) if kind else callable(value)):
            wanted = f"a {kind.__name__}" if kind else "a callable"
            raise UsageError(
                f"Experiment({name}={value!r}): pass one of {', '.join(known)}, or {wanted}."
            )

    def _check_metric(self) -> None:
        """A name has to be one for this task; that of the task's own score says nothing new."""
        if isinstance(self.metric, str) and canonical(self.metric) == self.resolved_task.metric:
            object.__setattr__(self, "metric", None)
        _ = self.metric_function

    def _check_transfer(self) -> None:
        if self.head is not None and not (isinstance(self.head, str) and self.head):
            raise UsageError(
                f"Experiment(head={self.head!r}): pass the name of a module, such as 'fc'."
            )
        named = isinstance(self.weights, str | Path) and str(self.weights)
        if self.weights is not None and not named:
            raise UsageError(
                f"Experiment(weights={self.weights!r}): pass the path of a file, or a name that "
                "the factory knows."
            )

    @property
    def resolved_task(self) -> Task:
        """The task object, its score fitted to the declared loss."""
        task = TASKS[self.task] if isinstance(self.task, str) else self.task
        loss = None if isinstance(self.loss, str) else self.loss
        return task.adapted(loss).leaving_out(getattr(loss, "leaves_out", ()))

    @property
    def loss_function(self) -> LossFunction:
        """The declared loss or the task's; of a model with a loss of its own that was not made
        ready for a run, the task's.
        """
        declared = None if isinstance(self.loss, str) else self.loss
        return declared or self.resolved_task.loss

    @property
    def metric_function(self) -> Metric | None:
        """The declared metric, also where it was declared by name; None for the task's score."""
        if isinstance(self.metric, str):
            return NamedMetric(canonical(self.metric), self.resolved_task.plain)
        return self.metric

    @property
    def metric_name(self) -> str:
        """What the score is called in tables and plots."""
        if self.metric is None:
            return self.resolved_task.metric
        if isinstance(self.metric, str):
            return shown(canonical(self.metric))
        return name_of(self.metric)

    @property
    def has_baseline(self) -> bool:
        """Whether a setting to train as trial zero was declared."""
        return self.lr is not None

    def resolved(self, epochs: int | None = None) -> "Experiment":
        """A copy with the defaults filled in; `epochs` overrides the declared number. A weight
        decay that the optimizer's function sets itself is the declared one.
        """
        optimizer, decay, told = self.optimizer, self.weight_decay, tuple[str, ...]()
        if not isinstance(optimizer, str) and self.update is None:
            optimizer, decay, told = with_own_decay(optimizer, self.lr, decay)
        return replace(
            self,
            epochs=epochs or self.epochs or DEFAULT_EPOCHS,
            optimizer=optimizer,
            weight_decay=DEFAULT_WEIGHT_DECAY if decay is None else decay,
            schedule=self.schedule or DEFAULT_SCHEDULE,
            notes=(*self.notes, *told),
        )

    def with_params(self, params: Mapping[str, Any]) -> "Experiment":
        """A copy with hyperparameters set: its own fields by name, the rest for the factory."""
        own = {name: value for name, value in params.items() if name in SEARCHABLE}
        args = {name: value for name, value in params.items() if name not in SEARCHABLE}
        return replace(self, **own, model_args={**self.model_args, **args})

    @property
    def params(self) -> dict[str, Scalar]:
        """The hyperparameters of this experiment as the notebook shows them."""
        schedule, optimizer = self.schedule, self.optimizer
        return {
            "lr": self.lr,
            "weight_decay": self.weight_decay,
            "optimizer": optimizer if isinstance(optimizer, str) else name_of(optimizer),
            "schedule": schedule if schedule is None or isinstance(schedule, str)
            else name_of(schedule),
            "warmup": self.warmup,
            "batch_size": self.batch_size,
            "epochs": self.epochs,
            **{name: value for name in ("momentum", "beta2", "epsilon")
               if (value := getattr(self, name)) is not None},
            **({"freeze": self.freeze} if self.freeze else {}),
            **({} if self.begin_from is None else {"begin_from": self.begin_from}),
            **self.model_args,
        }  # fmt: skip


def _in_order(train: Any) -> bool:
    """Whether it is a DataLoader that does not shuffle; a sampler of whole batches may."""
    plain = isinstance(train, DataLoader) and train.batch_size is not None
    return plain and isinstance(train.sampler, SequentialSampler)
