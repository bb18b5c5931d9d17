"""`--against`: this run's validation score beside that of a stored run, and whether it fell."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recipe.core.errors import UsageError
from recipe.core.leads import ERRORS, Lead
from recipe.core.results import Against, RunResult
from recipe.core.score_noise import fluctuation
from recipe.core.settings import Settings
from recipe.core.trials import Best
from recipe.engine.engine import Engine
from recipe.engine.score_gain import Result, noise
from recipe.experiment import Experiment
from recipe.notebook.run_folder import RESULT, load
from recipe.plugin.step import Step, is_short
from recipe.report.score_words import answers
from recipe.report.wording import humanise, show

STEP = "against"
"""In the notebook: what was trained for the comparison alone."""


@dataclass(frozen=True)
class Earlier:
    """The stored run that this one is compared with."""

    result: RunResult
    name: str
    """As the user names it."""

    def check(self, experiment: Experiment, steps: Sequence[Step], settings: Settings) -> None:
        """Before anything is trained or written: whether there can be two scores to compare.

        Args:
            experiment: resolved.
            steps: all of them, in order.
            settings: of the run.

        Raises:
            UsageError: the stored score is of another kind, or this run is going to have none.

        """
        if experiment.metric_name != self.result.metric:
            raise UsageError(f"--against: {self._other_metric(experiment.metric_name)}")
        names = [step.name for step in steps]
        end = names.index(settings.until) + 1 if settings.until else len(names)
        selected = [
            step
            for step in steps[:end]
            if step.name not in settings.skip and step.name in (settings.only or names)
        ]
        if all(is_short(step) for step in selected) and not experiment.has_baseline:
            raise UsageError(
                "--against: these steps train nothing that has a score, and the experiment declares"
                " no setting to train: give it lr=, or use `recipe run`."
            )

    def compare(self, result: RunResult, experiment: Experiment, items: int) -> Against:
        """Whether the score of a finished run held.

        The best settings are compared, or the declared ones where one of the two runs trained
        nothing else. By chance a score may fall by the 95 % interval of the difference, as if on
        different items; one of the user's own by twice what it wandered from epoch to epoch.

        Args:
            result: of the finished run.
            experiment: that was trained, resolved.
            items: answers that its score is the mean of; that of the stored run is taken to be the
                mean of as many where it does not say.

        """
        earlier = self.result
        if result.metric != earlier.metric:
            said = self._other_metric(result.metric)
            return Against(self.name, False, f"{said[0].upper()}{said[1:]}")
        only = result.only_declared or earlier.only_declared
        declared = bool(only and result.baseline and earlier.baseline)
        sides = (earlier.baseline, result.baseline) if declared else (earlier.best, result.best)
        before, after = map(_score, sides)
        if before is None or after is None:
            said = self._no_score(result, missing=after is None)
            return Against(self.name, False, said, result.metric, before, after)
        errors = (
            _error(earlier, before, experiment, int(answers(earlier) or items)),
            _error(result, after, experiment, items),
        )
        lead = Lead(after - before, math.hypot(*errors), items)
        luck = ERRORS * math.hypot(*errors)
        said = (
            f"The {'declared' if declared else 'best'} setting has {humanise(result.metric)} "
            f"{show(after)}, that of {self.name} {show(before)}: it is {lead}."
        )
        return Against(self.name, lead.verdict != "worse", said, result.metric, before, after, luck)

    def _no_score(self, result: RunResult, *, missing: bool) -> str:
        if not missing:
            return f"{self.name} has no score, so it cannot be compared with this run."
        if result.verdict == "fail":
            return f"This run failed before it had a score to compare with that of {self.name}."
        return f"This run has no score, so it cannot be compared with {self.name}."

    def _other_metric(self, metric: str) -> str:
        return (
            f"the score is {humanise(metric)} here and {humanise(self.result.metric)} in "
            f"{self.name}, so the two cannot be compared: name a run with the same metric."
        )


def stored(place: Path) -> Earlier:
    """The run in a file, or in a run folder.

    Raises:
        UsageError: there is none, it cannot be read, or it has no score.

    """
    path = place / RESULT if place.is_dir() else place
    if not path.exists():
        raise UsageError(
            f"--against: there is no {str(path)!r}: name a run folder or its {RESULT}."
        )
    try:
        found = load(path)
    except ValueError as error:
        raise UsageError(
            f"--against: {str(path)!r} cannot be read as a result ({error}): name the {RESULT} of "
            "a finished run."
        ) from error
    if _score(found.best) is None and _score(found.baseline) is None:
        raise UsageError(
            f"--against: {str(path)!r} has no score: name a run of `recipe run`, or one of `recipe "
            "check --against`, which trains the declared setting."
        )
    return Earlier(found, str(place))


def train_declared(engine: Engine) -> None:
    """The declared setting, where the steps passed and trained nothing that has a score."""
    ctx = engine.ctx
    if engine.failed_at is None and not ctx.trials and ctx.experiment.has_baseline:
        ctx.say("Training the declared setting once, to compare its score.")
        ctx.step, ctx.round = STEP, 1
        ctx.train_baseline()


def _score(best: Best | None) -> float | None:
    return best.val_score if best else None


def _error(result: RunResult, score: float, experiment: Experiment, items: int) -> float:
    """One standard error of a score over so many items, or how much it wandered."""
    curves = (t.curves.get("val_score", ()) for t in result.trials if t.val_score == score)
    reached = Result(score, None, fluctuation(next(curves, ())))
    return noise(reached, reached, experiment, items)
