"""`recipe.FastaiWatch`: a callback for fastai's Learner."""

from typing import Any

from fastai.callback.core import Callback

from recipe.watching.told import told_metrics
from recipe.watching.watch import Watch


class FastaiWatch(Callback):  # type: ignore[misc]
    """Watches a Learner: `learn.fit_one_cycle(5, cbs=recipe.FastaiWatch())`."""

    order = 60
    """Behind the Recorder, whose values it reads, and behind mixed precision."""

    def __init__(self, *, score: str | None = None, **given: Any) -> None:
        """Take what a watch takes.

        Args:
            score: name of the metric that is the score; by default it is the first one.
            given: arguments of `recipe.watch`.

        """
        super().__init__()
        self.score, self.given = score, given
        self.watch: Watch | None = None

    def before_fit(self) -> None:
        """Begin; not in a run of the learning-rate finder, which is none."""
        finds = any(type(each).__name__ == "LRFinder" for each in self.learn.cbs)
        self.watch = None
        if not finds and not hasattr(self.learn, "inner"):
            given = {"epochs": self.learn.n_epoch, "loss": self.learn.loss_func, **self.given}
            self.watch = Watch(self.learn.model, None, told=True, **given)

    def before_batch(self) -> None:
        """A batch begins."""
        if self.watch is not None and self.training:
            self.watch.begin(*self.xb)

    def after_pred(self) -> None:
        """Its forward pass is over."""
        if self.watch is not None and self.training:
            self.watch.forward_done()

    def before_step(self) -> None:
        """Its gradients are there."""
        if self.watch is not None:
            self.watch.before_update()

    def after_step(self) -> None:
        """An update was made."""
        if self.watch is not None:
            self.watch.after_update(float(self.opt.hypers[-1]["lr"]))

    def after_batch(self) -> None:
        """It is over."""
        if self.watch is not None and self.training:
            self.watch.step(self.loss, (None, *self.yb))

    def after_epoch(self) -> None:
        """An epoch has metrics."""
        if self.watch is None or not hasattr(self.learn, "recorder"):
            return
        recorder = self.learn.recorder
        names = list(recorder.metric_names)[1:]
        values = list(recorder.values[-1]) if recorder.values else []
        told = {
            name if name in ("train_loss", "valid_loss") else f"valid_{name}": value
            for name, value in zip(names, values, strict=False)
        }
        self.watch.val(**told_metrics(told, self.score and f"valid_{self.score}"))

    def after_fit(self) -> None:
        """Write the run folder."""
        if self.watch is not None:
            self.watch.close()

    def after_cancel_fit(self) -> None:
        """The same, of a training that was stopped."""
        if self.watch is not None:
            self.watch.close(interrupted=True)
