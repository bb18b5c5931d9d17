"""`recipe.KerasWatch`: a callback for Keras 3 on the torch backend."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import keras
import torch
from torch import Tensor

from recipe.core.errors import UsageError
from recipe.watching.told import told_metrics
from recipe.watching.watch import Watch


class KerasWatch(keras.callbacks.Callback):  # type: ignore[misc]
    """Watches `model.fit(..., callbacks=[recipe.KerasWatch()])`."""

    def __init__(self, *, score: str | None = None, **given: Any) -> None:
        """Take what a watch takes.

        Args:
            score: name of the metric that is the score, such as val_accuracy; by default it is
                found.
            given: arguments of `recipe.watch`.

        Raises:
            UsageError: Keras runs on another backend.

        """
        super().__init__()
        if keras.backend.backend() != "torch":
            raise UsageError(
                f"recipe.KerasWatch needs Keras on the torch backend, and it runs on "
                f"{keras.backend.backend()}: set KERAS_BACKEND=torch before Keras is imported."
            )
        self.score, self.given = score, given
        self.watch: Watch | None = None
        self._total = 0.0
        self._batches = 0
        self._step: Callable[[Any], Any] | None = None
        """The model's own, while it is listened to what it is given."""

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002 - its interface
        """Begin."""
        model: Any = self.model
        self.watch = Watch(model, None, told=True, **{
            "epochs": (self.params or {}).get("epochs"), **self.given,
        })  # fmt: skip
        if self.watch.closed:
            return
        listener = self.watch.listener
        listener.compiled |= bool(getattr(model, "jit_compile", False))
        if not listener.compiled:
            listener.kept.whole, listener.kept.copied = _loss, _copied
            self._step = model.train_step
            model.train_step = self._seen

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Its mean loss begins anew."""
        self._total, self._batches = 0.0, 0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        """A batch begins; the gradients of the one before are still there."""
        if self.watch is not None:
            self.watch.begin()
            self.watch.before_update()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """A batch was trained: Keras tells the mean loss of the epoch so far."""
        watch = self.watch
        if watch is None or not logs or "loss" not in logs:
            return
        watch.forward_done()
        watch.after_update(self._lr())
        self._batches += 1
        mean = float(logs["loss"])
        total = mean * self._batches
        loss, self._total = total - self._total, total
        watch.step(loss)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """An epoch has metrics; those without a prefix are of the training."""
        if self.watch is not None:
            told = {n if n.startswith("val_") else f"train_{n}": v for n, v in (logs or {}).items()}
            self.watch.val(**told_metrics(told, self.score))

    def _seen(self, data: Any) -> Any:
        """Keep a batch, which no callback is told, and train on it."""
        if self.watch is not None and not self.watch.closed:
            self.watch.listener.kept.called((data,), {})
        return self._step(data) if self._step is not None else None

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
        """Write the run folder."""
        if self._step is not None:
            del self.model.train_step
            self._step = None
        if self.watch is not None:
            self.watch.close()

    def _lr(self) -> float | None:
        rate = getattr(getattr(self.model, "optimizer", None), "learning_rate", None)
        return None if rate is None else float(rate)


def _loss(model: Any, data: Any) -> Any:
    """Of a batch, as the model's own training step computes it."""
    x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
    outputs = model(x, training=True)
    return model.compute_loss(x=x, y=y, y_pred=outputs, sample_weight=weights, training=True)


@torch.no_grad()
def _copied(model: Any, state: Mapping[str, Tensor] | None) -> Any:
    """A copy of a Keras model has other names: variables are paired by their order."""
    copy = deepcopy(model)
    if state is not None:
        names = {id(value): name for name, value in model.named_parameters()}
        for given, made in zip(model.variables, copy.variables, strict=True):
            name = names.get(id(given.value))
            if name is not None:
                made.value.copy_(state[name])
    return copy
