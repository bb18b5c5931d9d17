"""`recipe.KerasWatch`: a callback for Keras 3 on the torch backend."""

from collections.abc import Mapping
from typing import Any

import keras

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

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002 - its interface
        """Begin."""
        model: Any = self.model
        self.watch = Watch(model, None, told=True, **{
            "epochs": (self.params or {}).get("epochs"), **self.given,
        })  # fmt: skip
        if not self.watch.closed:
            self.watch.listener.compiled |= bool(getattr(model, "jit_compile", False))

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

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
        """Write the run folder."""
        if self.watch is not None:
            self.watch.close()

    def _lr(self) -> float | None:
        rate = getattr(getattr(self.model, "optimizer", None), "learning_rate", None)
        return None if rate is None else float(rate)
