"""What a face shows of a run on its way: the losses of the running step and the best trial."""

from dataclasses import dataclass, field

from recipe.core.events import Progress
from recipe.core.trials import Trial


@dataclass
class Course:
    """Taken in event by event."""

    losses: dict[str, list[float]] = field(default_factory=dict)
    """By what was being trained."""
    best: Trial | None = None

    def advance(self, event: Progress, *, anew: bool) -> None:
        """Take in how far a step is; `anew`: it counts from the beginning again."""
        if anew:
            self.losses = {}
        if event.loss is not None:
            self.losses.setdefault(event.what, []).append(event.loss)

    def ended(self, trial: Trial) -> None:
        """Take in a trial."""
        if trial.val_score is None or trial.repeats is not None:
            return
        if self.best is None or trial.val_score > (self.best.val_score or 0.0):
            self.best = trial

    @property
    def lowest(self) -> list[float]:
        """The losses of the training whose last one is the lowest; empty without any."""
        return min(self.losses.values(), key=lambda each: each[-1], default=[])

    @property
    def rate_of_best(self) -> str:
        """The learning rate of the best trial, to go on with behind its score; or empty."""
        lr = None if self.best is None else self.best.params.get("lr")
        return f" at lr {lr:.3g}" if isinstance(lr, float) else ""
