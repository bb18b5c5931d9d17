"""Lines that every terminal face prints."""

import shlex
from collections.abc import Sequence

from recipe.core.findings import Finding
from recipe.core.option_definitions import OPTIONS
from recipe.core.plain_text import visible
from recipe.core.results import NO_WINNER, RunResult, StepResult
from recipe.core.trials import Trial
from recipe.report import wording as report_words
from recipe.report.finding_texts import gain_of, helpful_notes, left_out
from recipe.report.model_section import model_lines
from recipe.ui.target_choice import CHECKS

SIGNS = {"pass": "ok", "warn": "!", "fail": "x", "skip": "-", "error": "x"}


SAID = {
    "pass": "pass", "warn": "pass with warnings", "fail": "fail", "skip": "skipped",
    "error": "error",
}  # fmt: skip


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    return report_words.duration(seconds, places=0)


def step_line(result: StepResult, *, reused: bool) -> str:
    """One line about a finished step."""
    round_ = f" (round {result.round})" if result.round > 1 else ""
    head = f"{SIGNS[result.status]:>2} {result.title}{round_}: {SAID[result.status]}"
    if result.status == "skip":
        return f"{head} ({result.reason})"
    if result.status == "error":
        return f"{head}: {result.reason}"
    says = f": {result.says}" if result.says else ""
    return f"{head}, {'known from an earlier run' if reused else duration(result.seconds)}{says}"


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Findings, advice behind each."""
    lines = []
    for f in findings:
        if f.repaired:
            lines.append(f"   repaired: {f.rule} (your own code still has it)")
            continue
        ignored = f" (ignored: {f.ignored})" if f.ignored else ""
        behind = f" (found once {f.behind} was repaired)" if f.behind else ""
        lines.append(f"   {f.severity}: {f.rule}{ignored}{behind}: {f.message}")
        if f.counts:
            lines.append(f"   -> {f.advice}")
    return lines


def trial_line(trial: Trial) -> str:
    """One line about a finished trial."""
    names = ("lr", "weight_decay")
    params = ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in trial.params.items()
        if name in names or name not in {option.name for option in OPTIONS} | {"warmup"}
    )
    label = "baseline" if trial.number == 0 else f"trial {trial.number}"
    score = "no score" if trial.val_score is None else f"{trial.metric} {trial.val_score:.4f}"
    epochs = report_words.count(trial.epochs, "epoch")
    if trial.part:
        epochs = f"{round(trial.trained, 2):g} of {trial.planned_epochs} epochs"
    ended = "" if trial.status == "finished" else f", {trial.status}"
    return f"   {label}: {params}: {score} ({epochs}{ended})"


def verdict_lines(result: RunResult) -> list[str]:
    """The verdict in one screen: what was found, the best setting, the cost."""
    lines = [f"Verdict: {result.verdict}{result.open_end}"]
    if result.interrupted:
        lines = ["Interrupted: everything that was finished is kept; 'recipe resume' continues."]
    if result.diagnosis:
        lines.append(f"Causes, the likeliest first: {', '.join(result.diagnosis)}")
        lines += advice_lines(result)
    lines += [f"Note: {f.rule}: {f.advice}{gain_of(f)}" for f in helpful_notes(result)]
    best, base = result.best, result.baseline
    if best is not None and best.val_score is not None:
        searched = {name for trial in result.trials for name in trial.params}
        names = {"lr", "weight_decay", "schedule", "epochs", *searched}
        params = ", ".join(f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}"
                           for k, v in best.params.items() if k in names)  # fmt: skip
        line = f"Best: {result.metric} {best.val_score:.4f} at {params}"
        if base is not None and base.val_score is not None:
            line += f" (baseline {base.val_score:.4f})"
        lines.append(line)
    lines += model_lines(result)
    if result.without_winner:
        lines.append(NO_WINNER)
    if result.against is not None:
        lines.append(f"Compared: {result.against.message}")
    if result.left_out:
        lines.append(f"Left out for lack of time: {left_out(result)}")
    cost = result.cost
    trials, spent = report_words.count(cost.trials, "trial"), duration(cost.seconds)
    lines.append(f"Cost: {trials}, as much training as {cost.trainings:.1f} full runs, {spent}")
    return lines


MOST_ADVICE = 4
"""Causes whose advice fits a screen; the report has all."""


def advice_lines(result: RunResult) -> list[str]:
    """What to do about each cause, and what doing it brought."""
    causes = [f for f in result.findings if f.because is None]
    lines = []
    for number, f in enumerate(causes[:MOST_ADVICE], 1):
        behind = f" (found once {f.behind} was repaired)" if f.behind else ""
        lines.append(f"  {number}. {f.rule}{behind}: {f.advice}{gain_of(f)}")
    more = len(causes) - MOST_ADVICE
    return [*lines, f"  ... and {more} more in the report"] if more > 0 else lines


PASSING = "recipe-passing-"
"""How folders begin that are deleted when the command ends: nobody is sent to them."""


def place_lines(result: RunResult) -> list[str]:
    """Where the report lies, on lines that nobody may break: they are copied."""
    if result.folder is None or result.folder.parent.name.startswith(PASSING):
        return []
    files = ["report.md", *(["report.html"] if result.settings.get("html") else [])]
    where = [f"Report: {result.folder / name}" for name in files]
    following = next_command(result)
    return [*where, f"Next:   {following}"] if following else where


def next_command(result: RunResult) -> str:
    """The command that is the most use after this run; empty where none is."""
    settings, target = result.settings, result.settings.get("target")
    if result.interrupted or target is None or settings.get("data") is not None:
        return ""
    named = visible(shlex.join([str(target)]))
    if result.verdict == "fail":
        proved = any(f.remedy is not None and f.remedy.verified for f in result.findings)
        if proved and not settings.get("fix"):
            return f"recipe fix {named}  (repairs what was found, and writes a patch)"
        return f"recipe explain {result.diagnosis[0]}" if result.diagnosis else ""
    if settings.get("until") == CHECKS:
        return f"recipe run {named}  (searches for better settings, and trains the model)"
    if result.chosen is not None:
        return f"recipe predict {visible(shlex.join([str(result.folder)]))} val"
    return ""
