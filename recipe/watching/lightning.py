"""`recipe.LightningWatch`: a callback for Lightning's Trainer."""

from typing import Any

try:
    from lightning.pytorch import Callback
except ImportError:
    from pytorch_lightning import Callback

from recipe.watching.told import told_metrics
from recipe.watching.watch import Watch


class LightningWatch(Callback):  # type: ignore[misc]
    """Watches the training of a LightningModule: `Trainer(callbacks=[recipe.LightningWatch()])`."""

    def __init__(self, *, score: str | None = None, **given: Any) -> None:
        """Take what a watch takes.

        Args:
            score: name of the logged metric that is the score; by default it is found.
            given: arguments of `recipe.watch`.

        """
        self.score, self.given = score, given
        self.watch: Watch | None = None
        self._told = False

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin."""
        optimizers = trainer.optimizers
        epochs = trainer.max_epochs if (trainer.max_epochs or 0) > 0 else None
        given = {"epochs": epochs, **self.given}
        only = optimizers[0] if len(optimizers) == 1 else None
        self.watch = Watch(pl_module, only, told=True, **given)
        if not self.watch.closed:
            self.watch.listener.kept.whole = _training_step

    def on_train_batch_start(self, _t: Any, _m: Any, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
        """A batch begins."""
        if self.watch is not None:
            self.watch.begin(batch)

    def on_before_backward(self, _t: Any, _m: Any, _loss: Any) -> None:
        """Its forward pass is over."""
        if self.watch is not None:
            self.watch.forward_done()

    def on_before_optimizer_step(self, _t: Any, _m: Any, _optimizer: Any) -> None:
        """Its gradients are there."""
        if self.watch is not None:
            self.watch.before_update()

    def on_train_batch_end(
        self, trainer: Any, _m: Any, outputs: Any, batch: Any, batch_idx: int  # noqa: ARG002
    ) -> None:  # fmt: skip
        """It is over."""
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        if self.watch is not None and loss is not None:
            self.watch.step(loss * trainer.accumulate_grad_batches)

    def on_validation_end(self, trainer: Any, _m: Any) -> None:
        """A validation has metrics."""
        if self.watch is not None and not trainer.sanity_checking:
            self._told = True
            self.watch.val(**told_metrics(trainer.callback_metrics, self.score))

    def on_train_epoch_end(self, trainer: Any, _m: Any) -> None:
        """An epoch without a validation is a point too."""
        if self.watch is not None and not self._told:
            self.watch.val(**told_metrics(trainer.callback_metrics, self.score))
        self._told = False

    def on_train_end(self, _t: Any, _m: Any) -> None:
        """Write the run folder."""
        if self.watch is not None:
            self.watch.close()

    def on_exception(self, _t: Any, _m: Any, _e: BaseException) -> None:
        """Write what there is."""
        if self.watch is not None:
            self.watch.close(interrupted=True)


def _training_step(module: Any, batch: Any) -> Any:
    """The loss of a batch, by a copy of the module."""
    return module.training_step(batch, 0)
