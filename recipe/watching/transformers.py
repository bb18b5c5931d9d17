"""`recipe.TrainerWatch`: a callback for the Trainer of transformers."""

from typing import Any

from torch import Tensor
from transformers import TrainerCallback

from recipe.frameworks.loss_finding import loss_of
from recipe.watching import hooks
from recipe.watching.told import told_metrics
from recipe.watching.watch import Watch


class TrainerWatch(TrainerCallback):  # type: ignore[misc]
    """Watches a `transformers.Trainer`: `Trainer(..., callbacks=[recipe.TrainerWatch()])`."""

    def __init__(self, *, score: str | None = None, **given: Any) -> None:
        """Take what a watch takes.

        Args:
            score: name of the metric that is the score; by default `metric_for_best_model`, or
                what looks like one.
            given: arguments of `recipe.watch`.

        """
        self.score, self.given = score, given
        self.watch: Watch | None = None
        self._losses: list[Tensor] = []
        """Of the batches that are accumulated."""
        self._handles: list[Any] = []
        self._shares = False
        """Whether these losses are shares of the whole batch, and not means."""
        self._logged = False

    def on_train_begin(self, args: Any, _s: Any, _c: Any, **given: Any) -> None:
        """Begin."""
        model = given["model"]
        kept = {"epochs": max(1, round(args.num_train_epochs)), **self.given}
        self.watch = Watch(model, given.get("optimizer"), told=True, **kept)
        best = getattr(args, "metric_for_best_model", None)
        if self.score is None and best and "loss" not in best:
            self.score = best if best.startswith("eval_") else f"eval_{best}"
        if not self.watch.closed:
            root = self.watch.model
            before = hooks.Hook(self._called, self.watch.failed)
            after = hooks.Hook(self._returned, self.watch.failed)
            self._handles = [
                root.register_forward_pre_hook(before, with_kwargs=True),
                root.register_forward_hook(after),
            ]

    def _called(self, module: Any, args: Any, kwargs: Any) -> None:
        if module.training and self.watch is not None:
            self._shares = kwargs.get("num_items_in_batch") is not None
            self.watch.begin(*args, **kwargs)

    def _returned(self, module: Any, _args: Any, outputs: Any) -> None:
        if not module.training or self.watch is None:
            return
        self.watch.forward_done()
        loss = None if isinstance(outputs, Tensor) else loss_of(outputs)
        if loss is not None:
            self._losses.append(loss.detach())

    def on_pre_optimizer_step(self, *_: Any, **_given: Any) -> None:
        """The gradients are there."""
        if self.watch is not None:
            self.watch.before_update()

    def on_step_end(self, *_: Any, **_given: Any) -> None:
        """An update was made."""
        losses, self._losses = self._losses, []
        if self.watch is not None and losses:
            total = sum(losses[1:], losses[0])
            self.watch.step(total if self._shares else total / len(losses))

    def on_log(self, _a: Any, _s: Any, _c: Any, logs: Any = None, **_given: Any) -> None:
        """Where the model computes no loss, that which is logged is taken."""
        watch = self.watch
        if watch is None or watch.closed or "loss" not in (logs or {}):
            return
        self._logged = self._logged or not watch.listener.record.iterations
        if self._logged:
            watch.step(float(logs["loss"]))

    def on_evaluate(self, _a: Any, _s: Any, _c: Any, metrics: Any = None, **_given: Any) -> None:
        """An evaluation has metrics."""
        if self.watch is not None and self._handles:
            self.watch.val(**told_metrics(metrics or {}, self.score))

    def on_train_end(self, *_: Any, **_given: Any) -> None:
        """Write the run folder."""
        for handle in self._handles:
            handle.remove()
        self._handles = []
        if self.watch is not None:
            self.watch.close()
