"""The run folder of a watched training: journal, result, report and plots, as of any run."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from recipe.core.evidence import Evidence, Scalar
from recipe.core.findings import Finding, status_of
from recipe.core.keys_and_seeds import key
from recipe.core.results import Cost, RunResult, StepResult
from recipe.core.trials import Best, Trial
from recipe.engine.diagnosis import diagnose
from recipe.engine.run_writing import environment
from recipe.notebook import run_folder
from recipe.notebook.journal import Journal
from recipe.plugin.step import summary_of, why_of
from recipe.watching.findings import Judge
from recipe.watching.record import Record

POINT, FOUND = "point", "found"
"""Kinds of lines in the journal: a validation, and a finding with its place."""


@dataclass
class Notebook:
    """The folder while the training goes on."""

    out: Path
    name: str
    journal: Journal = field(init=False)
    waiting: list[tuple[str, str, Any]] = field(default_factory=list)
    """Lines that are not written yet."""

    def __post_init__(self) -> None:
        self.journal = Journal(run_folder.create(self.out.absolute(), self.name))
        self.journal.put(run_folder.RUN, "identity", {"watch": self.name})

    @property
    def folder(self) -> Path:
        """Where it lies, wherever the working directory is moved to."""
        return self.journal.path.parent

    def note(self, kind: str, name: str, value: Any) -> None:
        """Keep a line for the journal."""
        self.waiting.append((kind, name, value))

    def write(self) -> None:
        """Write the lines that wait."""
        for kind, name, value in self.waiting:
            self.journal.put(kind, name, value)
        self.waiting.clear()


@dataclass(frozen=True)
class Ended:
    """A training that came to its end."""

    record: Record
    evidence: Evidence
    findings: tuple[Finding, ...]
    params: Mapping[str, Scalar]
    checks: Sequence[StepResult]
    metric: str
    seconds: float
    device: torch.device
    interrupted: bool


def write(notebook: Notebook, judge: Judge, ended: Ended) -> RunResult:
    """Everything that a run leaves; the result."""
    from dataclasses import replace

    from recipe.report.write import write_report

    notebook.write()
    result = replace(
        _result(notebook.name, judge, ended), folder=notebook.out / notebook.folder.name
    )
    journal = notebook.journal
    for step in result.steps:
        journal.put("step", key("watch", step.name), {"result": asdict(step)})
    for trial in result.trials:
        journal.put("trial", trial.key, dict(vars(trial)))
    run_folder.write_result(result, notebook.folder)
    write_report(result, notebook.folder)
    if not ended.interrupted:
        journal.put(run_folder.FINISHED, "run", result.verdict)
    journal.close()
    return result


def _result(name: str, judge: Judge, ended: Ended) -> RunResult:
    record, reader = ended.record, judge.reader
    steps = list(ended.checks)
    if reader is not None:
        steps.append(StepResult(
            reader.name, reader.title, 1, status_of(ended.findings), seconds=ended.seconds,
            evidence=ended.evidence, findings=ended.findings,
            figures=tuple(getattr(reader, "figures", ())), why=why_of(reader),
            rules=tuple(rule.name for rule in reader.rules),
            says=summary_of(reader, ended.evidence),
        ))  # fmt: skip
    marked, diagnosis = diagnose(steps, judge.rules)
    trial = _trial(ended, reader.name if reader is not None else "watch")
    epochs = trial.epochs
    scored = trial.val_score is not None or trial.val_loss is not None
    best = Best(trial.params, trial.val_score, trial.val_loss, trial.best_epoch)
    return RunResult(
        name=name, diagnosis=diagnosis, steps=marked, trials=(trial,), metric=ended.metric,
        best=best if scored or not record.diverged else None,
        cost=Cost(trials=1, epochs=epochs, seconds=ended.seconds, trainings=1.0),
        environment={**environment(ended.device), "way": "a loop of your own, watched",
                     "system": platform.system()},
        settings={"watched": True}, interrupted=ended.interrupted,
    )  # fmt: skip


def _trial(ended: Ended, step: str) -> Trial:
    curves = ended.record.curves
    scores, losses = curves.get("val_score", []), curves.get("val_loss", [])
    best = _best(scores, losses)
    whole: dict[str, tuple[float | None, ...]] = {n: tuple(v) for n, v in sorted(curves.items())}
    whole["batch_loss"] = ended.evidence.curve("best_batch_loss")
    return Trial(
        key=key("watch", ended.params, len(ended.record.losses)), step=step, round=1, number=0,
        params=ended.params, seed=0,
        status="diverged" if ended.record.diverged else "finished",
        epochs=ended.record.points, planned_epochs=max(1, ended.record.points),
        seconds=ended.seconds, metric=ended.metric,
        val_score=scores[best] if best is not None and best < len(scores) else None,
        val_loss=losses[best] if best is not None and best < len(losses) else None,
        best_epoch=best, curves=whole,
    )  # fmt: skip


def _best(scores: Sequence[float], losses: Sequence[float]) -> int | None:
    """The point with the highest score, or else the lowest loss."""
    if scores:
        return max(range(len(scores)), key=lambda i: (scores[i] == scores[i], scores[i]))
    if losses:
        return min(range(len(losses)), key=lambda i: (losses[i] != losses[i], losses[i]))
    return None
