"""The trials of a search that can be compared with each other, and what varied among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from recipe.core.results import RunResult
from recipe.core.trials import Trial
from recipe.report.search_panels import Scale
from recipe.report.wording import humanise

if TYPE_CHECKING:
    from recipe.core.evidence import Scalar

FEWEST = 4
"""Scored trials below which a picture of a search shows nothing."""
LOG_FROM = 10.0
"""Ratio of the largest to the smallest value from which an axis is logarithmic."""
NOT_SEARCHED = ("epochs",)


@dataclass(frozen=True)
class Searched:
    """Trials of one step that were planned for the same length, and what varied among them."""

    placed: tuple[Trial, ...]
    """All of them, those that were stopped before they had a score among them."""
    scales: tuple[Scale, ...]
    metric: str

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """Those that have a score, and were not set aside as lucky."""
        return tuple(t for t in self.placed if t.val_score is not None and not t.set_aside)

    @cached_property
    def scores(self) -> tuple[float, ...]:
        """Of each trial that has one."""
        return tuple(trial.val_score or 0.0 for trial in self.trials)

    @property
    def best(self) -> int:
        """Index of the best one."""
        return max(range(len(self.scores)), key=self.scores.__getitem__)


def searched(result: RunResult) -> Searched | None:
    """The largest group of trials that can be compared; None where that is too small."""
    groups: dict[tuple[str, int], list[Trial]] = {}
    for trial in result.trials:
        if trial.number > 0 and trial.repeats is None:
            groups.setdefault((trial.step, trial.planned_epochs), []).append(trial)
    trials = max(groups.values(), key=len, default=[])
    names = dict.fromkeys(name for trial in trials for name in trial.params)
    scales = [_scale(name, trials) for name in names if name not in NOT_SEARCHED]
    varied = tuple(scale for scale in scales if len(scale.values) > 1)
    found = Searched(tuple(trials), varied, f"val {humanise(result.metric)}")
    return found if len(found.trials) >= FEWEST and varied else None


def _scale(name: str, trials: Sequence[Trial]) -> Scale:
    values = list(dict.fromkeys(t.params[name] for t in trials if name in t.params))
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    numeric = len(numbers) == len(values)
    ordered: list[Scalar] = [*sorted(numbers)] if numeric else values
    log = numeric and min(numbers) > 0 and max(numbers) >= LOG_FROM * min(numbers)
    return Scale(name, tuple(ordered), numeric, log)
