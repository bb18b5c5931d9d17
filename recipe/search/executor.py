"""What trains some trials of a grid, and what it needs of whoever asks for it."""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch

from recipe.data.datasets import Splits
from recipe.experiment import Experiment
from recipe.search.open_trial import OpenTrial
from recipe.training.execution_mode import ExecutionMode
from recipe.training.fit import Fit

OnProgress = Callable[[OpenTrial], None]


class Trainer(Protocol):
    """Who asks for the trials: what they train on, and who is told how far they are."""

    @property
    def data(self) -> Splits:
        """Where trials train and validate."""

    @property
    def seed(self) -> int:
        """Of their initial weights and of the order of their data."""

    @property
    def device(self) -> torch.device:
        """Where they train."""

    @property
    def mode(self) -> ExecutionMode:
        """How trainings run on this machine."""

    @property
    def seconds_left(self) -> float | None:
        """In a budget of time; None without one."""

    @property
    def say(self) -> Callable[[str], None]:
        """Told what the user should know."""

    def fit(self, experiment: Experiment, compared_after: Sequence[int] = ()) -> Fit:
        """A fresh training of its own."""


class Executor(Protocol):
    """Some trials of a grid, and the means to train them."""

    def advance(self, until: float, on_progress: OnProgress) -> None:
        """Train all of them to `until` epochs, or to their end if that is earlier."""

    def close(self) -> None:
        """Give back what it holds."""
