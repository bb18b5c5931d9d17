"""The notebook as data: a CSV table, or a study that Optuna and its dashboard open."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from recipe.core.errors import UsageError
from recipe.core.results import RunResult
from recipe.core.trials import Trial

COLUMNS = ("step", "round", "number", "status", "epochs", "planned_epochs", "seconds", "val_score",
           "val_loss", "best_epoch", "seed", "reason", "repeats", "set_aside", "key")  # fmt: skip
"""Of every trial, beside its parameters."""


def as_csv(result: RunResult) -> str:
    """A line per trial, in the order of the run; parameters as columns `param.NAME`.

    `epochs` counts the part of an unfinished one too; a value that was not measured is empty.
    """
    names = _parameters(result.trials)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS[:3], *(f"param.{name}" for name in names), *COLUMNS[3:]])
    for trial in result.trials:
        values = {**vars(trial), "epochs": trial.trained}
        row = [_text(values[name]) for name in COLUMNS]
        writer.writerow([*row[:3], *(_text(trial.params.get(n)) for n in names), *row[3:]])
    return text.getvalue()


def _parameters(trials: Sequence[Trial]) -> list[str]:
    return list(dict.fromkeys(name for trial in trials for name in trial.params))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def to_optuna(result: RunResult, storage: str) -> str:
    """Write the trials as a study named like the run folder. Those that repeat another from a fresh
    seed are left out: of several seeds the luckiest would be the best trial.

    A trial that was stopped early is pruned, one that diverged or failed has failed; scores of
    its epochs are intermediate values. Score, losses and costs stand in its user attributes.

    Args:
        result: of a run.
        storage: such as sqlite:///runs.db.

    Returns:
        The name of the study.

    Raises:
        UsageError: the storage cannot be opened, or has a study of this name already.

    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    name = result.folder.resolve().name if result.folder else result.name
    known = [trial for trial in result.trials if trial.repeats is None]
    ranges = {n: _distribution(n, known) for n in _parameters(known)}
    trials = [_frozen(trial, ranges) for trial in known]
    try:
        study = optuna.create_study(storage=storage, study_name=name, direction="maximize")
    except optuna.exceptions.DuplicatedStudyError as error:
        raise UsageError(
            f"{storage!r} holds a study {name!r} already: name another file, or delete that study."
        ) from error
    except Exception as error:
        raise UsageError(
            f"{storage!r} cannot be opened as a storage of Optuna ({_first_line(error)}): "
            "write it like sqlite:///runs.db."
        ) from error
    study.set_user_attr("metric", f"val_{result.metric}")
    study.set_user_attr("verdict", result.verdict)
    study.set_user_attr("diagnosis", list(result.diagnosis))
    study.add_trials(trials)
    return name


def study_of(trials: Sequence[Trial]) -> Any:
    """A study in memory whose trials are all complete, by their scores."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ranges = {n: _distribution(n, trials) for n in _parameters(trials)}
    study = optuna.create_study(direction="maximize")
    for trial in trials:
        params = {name: _plain(value, ranges[name]) for name, value in trial.params.items()}
        study.add_trial(
            optuna.trial.create_trial(
                params=params,
                distributions={name: ranges[name] for name in params},
                value=trial.val_score,
            )
        )
    return study


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _distribution(name: str, trials: Sequence[Trial]) -> Any:
    """Of all values that a parameter took: a range of numbers, or a choice."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    values: list[Any] = [t.params[name] for t in trials if name in t.params]
    if any(isinstance(value, bool | str | None) for value in values):
        return CategoricalDistribution(list(dict.fromkeys(values)))
    low, high = min(values), max(values)
    if all(isinstance(value, int) for value in values):
        return IntDistribution(low, high)
    return FloatDistribution(float(low), float(high), log=low > 0 and high >= 10 * low)


def _frozen(trial: Trial, ranges: Mapping[str, Any]) -> Any:
    from optuna.trial import TrialState, create_trial

    states = {"finished": TrialState.COMPLETE, "stopped": TrialState.PRUNED}
    state = states.get(trial.status, TrialState.FAIL)
    if trial.val_score is None and state is TrialState.COMPLETE:
        state = TrialState.FAIL
    scores = enumerate(trial.curves.get("val_score", ()))
    kept = (
        "step",
        "round",
        "number",
        "status",
        "val_score",
        "val_loss",
        "seconds",
        "reason",
        "set_aside",
        "key",
    )
    frozen = create_trial(
        state=state,
        value=trial.val_score if state is TrialState.COMPLETE else None,
        params={name: _plain(value, ranges[name]) for name, value in trial.params.items()},
        distributions={name: ranges[name] for name in trial.params},
        user_attrs={name: getattr(trial, name) for name in kept} | {"epochs": trial.trained},
        intermediate_values={k: score for k, score in scores if score is not None},
    )
    if frozen.datetime_complete:  # when it ran is not recorded, how long it took is
        frozen.datetime_start = frozen.datetime_complete - timedelta(seconds=trial.seconds)
    return frozen


def _plain(value: Any, distribution: Any) -> Any:
    from optuna.distributions import FloatDistribution

    return float(value) if isinstance(distribution, FloatDistribution) else value
