"""The laboratory notebook: one row per trial, one column per parameter that varies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recipe.core.results import RunResult
from recipe.core.trials import Trial
from recipe.report.wording import MISSING, duration, humanise, show

_ABSENT = object()
"""Differs from every value, None among them."""


@dataclass(frozen=True)
class Notebook:
    """A table of trials, and the parameters that all of them share."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shared: tuple[tuple[str, str], ...]


def notebook(result: RunResult) -> Notebook:
    """Every trial in the order of the run; the best one is named so."""
    varies = varying(result.trials)
    best = best_trial(result)
    header = (
        *("trial", "step", "round"),
        *(humanise(name) for name in varies),
        *("status", "epochs", "best epoch", f"val {humanise(result.metric)}", "val loss"),
        *("time", "reason"),
    )
    numbers = {trial.key: trial.number for trial in result.trials}
    rows = tuple(_row(trial, varies, trial is best, numbers) for trial in result.trials)
    first = result.trials[0].params if result.trials else {}
    shared = tuple((humanise(k), show(v)) for k, v in first.items() if k not in (*varies, "epochs"))
    return Notebook(header, rows, shared)


def varying(trials: Sequence[Trial]) -> tuple[str, ...]:
    """Names of the parameters whose value is not the same in all trials."""
    names = dict.fromkeys(name for trial in trials for name in trial.params)
    if all(trial.params.get("epochs") in (None, trial.planned_epochs) for trial in trials):
        names.pop("epochs", None)  # said where the trained ones are
    return tuple(n for n in names if len({repr(t.params.get(n, _ABSENT)) for t in trials}) > 1)


def best_trial(result: RunResult) -> Trial | None:
    """The trial that `result.best` came from; None when there is none."""
    best = result.best
    if best is None:
        return None
    # A trial lists what it varied; the best setting also lists the defaults.
    chosen = [t for t in result.trials if t.repeats is None and not t.set_aside]
    same = [t for t in chosen if t.params.items() <= best.params.items()]
    scored = [t for t in same if t.val_score == best.val_score]
    exact = [t for t in scored if (t.val_loss, t.best_epoch) == (best.val_loss, best.epoch)]
    return next(iter(exact or scored), None)


def _row(
    trial: Trial, varies: Sequence[str], best: bool, numbers: Mapping[str, int]
) -> tuple[str, ...]:
    epoch = MISSING if trial.best_epoch is None else str(trial.best_epoch + 1)
    return (
        f"{trial.number} (best)" if best else str(trial.number),
        humanise(trial.step),
        str(trial.round),
        *(_parameter(trial, name) for name in varies),
        trial.status,
        f"{round(trial.trained, 2):g} of {trial.planned_epochs}",
        epoch,
        show(trial.val_score),
        show(trial.val_loss),
        duration(trial.seconds),
        _remark(trial, numbers),
    )


def _remark(trial: Trial, numbers: Mapping[str, int]) -> str:
    repeats = numbers.get(trial.repeats or "")
    again = "another trial" if repeats is None else f"trial {repeats}"
    remarks = (
        trial.reason,
        f"{again} from another seed" if trial.repeats else None,
        "set aside: its lead is not certain" if trial.set_aside else None,
    )
    return "; ".join(remark for remark in remarks if remark)


def _parameter(trial: Trial, name: str) -> str:
    return show(trial.params[name]) if name in trial.params else ""
