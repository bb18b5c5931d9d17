"""report.md: what a reader sees, gathered from the result and set in templates/report.md.j2."""

from collections.abc import Mapping, Sequence
from typing import Any

from recipe.core.column_facts import ColumnFacts
from recipe.core.evidence import Scalar
from recipe.core.findings import Finding
from recipe.core.plain_text import visible
from recipe.core.results import NO_WINNER, RunResult, StepResult
from recipe.core.trials import Best
from recipe.report import finding_texts, glossary, wording
from recipe.report.model_section import about_model
from recipe.report.notebook import notebook
from recipe.report.plots import Plot, figures_of
from recipe.report.quality_words import (
    BY_CLASS,
    about_quality,
    by_class,
    class_counts,
    item_counts,
    text_sample,
)
from recipe.report.reproduce import command, loading_code
from recipe.report.score_words import lead_of
from recipe.report.search_views import rounds

SIGNS = {"pass": "✓", "warn": "!", "fail": "✗", "skip": "○", "error": "✗"}
VERDICTS = {"pass": "passed", "warn": "passed with warnings", "fail": "failed"}
VALUES = "values.md"
"""Beside the report: what each step measured."""
LONGEST_MESSAGE = 120
"""Characters of a message in the checklist; a longer one stands in full below it."""


def render(result: RunResult, plots: Sequence[Plot] = ()) -> str:
    """The whole report as Markdown; `plots` are the drawn ones, linked from the run folder."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("recipe.report"),
        autoescape=False,  # noqa: S701  # Markdown, not HTML: the filters escape what it needs
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "cell": wording.cell,
        "prose": wording.prose,
        "sentence": wording.sentence,
        "code": wording.code,
        "counted": lambda noun, amount: wording.count(amount, noun),
        "consequences": consequences,
        "tried": finding_texts.tried,
    }
    body = environment.get_template("report.md.j2").render(**content(result, plots))
    return body + glossary.section(result.steps, body)


def content(result: RunResult, plots: Sequence[Plot] = ()) -> dict[str, Any]:
    """What the template shows, by name."""
    advice = finding_texts.advice(result)
    return {
        "title": f"{wording.prose(result.name)}: {said_verdict(result)}",
        "summary": " ".join(summary(result)),
        "checklist": _checklist(result.steps),
        "brought": {
            "header": finding_texts.BROUGHT,
            "rows": [finding_texts.brought(a) for a in advice],
        },
        "advice": advice,
        "notes": finding_texts.notes(result),
        "ignored": finding_texts.ignored(result),
        "folder": str(result.folder or "RUN"),
        "sections": [each for step in result.steps if (each := _section(step, plots))],
        "schedules": [plot for plot in plots if plot.about == "schedules"],
        "results": [plot for plot in plots if plot.about == "results"],
        "samples": [plot for plot in plots if plot.about == "data"],
        "items": item_counts(result),
        "class_counts": class_counts(result),
        "by_class": by_class(result),
        "text_sample": tuple(map(_in_fence, text_sample(result))),
        "by_class_header": BY_CLASS,
        "values": VALUES if any(step.evidence.scalars for step in result.steps) else "",
        "repairs": [plot for plot in plots if plot.about == "repairs"],
        "search": [plot for plot in plots if plot.about == "search"],
        "rounds": rounds(result),
        "notebook": notebook(result),
        "applied": finding_texts.applied(result),
        "command": command(result.settings),
        "has_target": bool(result.settings.get("target") or result.settings.get("data")),
        "watched": bool(result.settings.get("watched")),
        "loading": loading_code(result)
        if result.best and not result.settings.get("watched")
        else None,
        "cost": _cost(result),
        "environment": _table(result.environment),
        "columns": _columns(result.columns),
    }


def summary(result: RunResult) -> list[str]:
    """Sentences in plain words: verdict, leading cause, best setting, gain, cost."""
    against = [wording.sentence(result.against.message)] if result.against else []
    return [
        *_verdict(result),
        *about_quality(result),
        *about_model(result),
        *_diagnosis(result),
        *_applied(result),
        *about_best(result),
        *against,
        *about_cost(result),
        *_left_out(result),
    ]


def _verdict(result: RunResult) -> list[str]:
    sentences = [f"The recipe {said_verdict(result)}."]
    if result.interrupted:
        sentences.append("It was interrupted; everything finished until then is kept below.")
    sentences += [
        f"The step “{wording.prose(step.title)}” crashed"
        + (f": {wording.sentence(step.reason)}" if step.reason else ".")
        for step in result.latest_steps
        if step.status == "error"
    ]
    if not any(step.status != "skip" for step in result.steps):
        sentences.append("No step ran.")
    return sentences


def _diagnosis(result: RunResult) -> list[str]:
    causes = finding_texts.causes(result)
    if not causes:
        ran = any(step.status in {"pass", "warn"} for step in result.steps)
        if result.verdict == "fail" or not ran:
            return []
        hints = [note for note in finding_texts.notes(result) if note.finding.advice.strip()]
        more = f" {wording.count(len(hints), 'note')} below may still be of use." if hints else ""
        return [f"No fault was found.{more}"]
    first, others = causes[0].finding, len(causes) - 1
    rest = [f"{wording.count(others, 'more cause')} below."] if others else []
    led = f"The main cause is {wording.code(first.rule)}: {wording.sentence(first.message)}"
    return [led, *_proof(first), *rest]


def _proof(found: Finding) -> list[str]:
    remedy = found.remedy
    if remedy is None or not remedy.verified:
        return []
    change = "" if remedy.after is None else f": {finding_texts.change(remedy)}"
    return [f"Its remedy is proved by retraining{change}."]


def _applied(result: RunResult) -> list[str]:
    rules = [wording.code(rule) for rule in finding_texts.applied(result)]
    return [f"The run went on with {' and '.join(rules)} repaired."] if rules else []


def about_best(result: RunResult) -> list[str]:
    """The best setting, its score, and what it gains over the declared one."""
    best = result.best
    if best is None:
        return [NO_WINNER] if result.without_winner else []
    metric = wording.prose(f"validation {wording.humanise(result.metric)}")
    params = ", ".join(f"{wording.humanise(k)} {wording.show(v)}" for k, v in best.params.items())
    epoch = "" if best.epoch is None else f", reached in epoch {best.epoch + 1}"
    score = (
        f"a {metric} of **{wording.show(best.val_score)}**{epoch}"
        if best.val_score is not None
        else f"no known {metric}"
    )
    setting = f"({wording.prose(params) or 'as declared'}) has {score}."
    if result.only_declared:
        return [f"The declared setting {setting}"]
    return [f"The best setting {setting}", *_gain(result, best, result.baseline)]


def _gain(result: RunResult, best: Best, baseline: Best | None) -> list[str]:
    if baseline is None:
        return []
    if baseline.val_score is None or best.val_score is None:
        return ["The baseline has no score to compare with."] if best.val_score is not None else []
    before = wording.show(baseline.val_score)
    if baseline.val_score == best.val_score:
        return [f"The baseline scores the same ({before})."]
    lead = lead_of(result, baseline.val_score, result, best.val_score)
    return [f"Beside the baseline ({before}) it is {lead}."]


def about_cost(result: RunResult) -> list[str]:
    """What the run cost."""
    cost = result.cost
    seconds = wording.duration(cost.seconds)
    if not cost.trials:
        return [f"The run took {seconds}."] if cost.seconds else []
    trainings = f", as much work as {wording.show(float(cost.trainings))} full trainings"
    work = f"{wording.count(cost.trials, 'trial')} with {wording.count(cost.epochs, 'epoch')}"
    return [f"The run took {seconds}: {work}{trainings if cost.trainings else ''}."]


def _left_out(result: RunResult) -> list[str]:
    said = finding_texts.left_out(result)
    return [f"The budget did not allow for: {wording.prose(said)}."] if said else []


def _checklist(steps: Sequence[StepResult]) -> dict[str, Any]:
    """The table of steps, and the messages that are too long for it."""
    rounds = any(step.round > 1 for step in steps)
    rows, whole = [], []
    for step in steps:
        message = key_message(step)
        short = wording.shortened(message, LONGEST_MESSAGE)
        if short != wording.shortened(message, len(message)):
            whole.append((_title(step), message))
        status = f"{SIGNS[step.status]} {step.status}"
        time = wording.MISSING if step.status == "skip" else wording.duration(step.seconds)
        rows.append((status, step.title, *([str(step.round)] if rounds else []), short, time))
    header = ("status", "step", *(["round"] if rounds else []), "what it says", "time")
    return {"header": header, "rows": rows, "whole": whole}


def _title(step: StepResult) -> str:
    return step.title if step.round == 1 else f"{step.title} (round {step.round})"


def said_verdict(result: RunResult) -> str:
    """The verdict in words."""
    return f"{VERDICTS[result.verdict]}{result.open_end}"


def key_message(step: StepResult) -> str:
    """Why the step has its status: its reason, or its gravest finding."""
    if step.reason:
        return step.reason
    counted = sorted((f for f in step.findings if f.counts), key=lambda f: f.severity != "fail")
    # A consequence says less than its cause, however grave it is.
    counted.sort(key=lambda f: f.because is not None)
    if counted and counted[0].repaired:
        return f"{counted[0].rule} is repaired here; your own code still has it"
    if counted:
        more = f" (and {len(counted) - 1} more)" if counted[1:] else ""
        return f"{counted[0].message}{more}"
    notes = [f.message for f in step.findings if f.severity == "note" and f.ignored is None]
    return notes[0] if notes else step.says or ("as expected" if step.status == "pass" else "")


def _in_fence(text: str) -> str:
    """Text as it may stand in a block of code, line by line."""
    return "\n".join(f"    {visible(line)}" for line in text.splitlines())


def consequences(found: Sequence[Finding]) -> str:
    """The findings that a cause explains, in one line."""
    said = ((wording.code(f.rule), wording.prose(f.message).rstrip(".")) for f in found)
    return "; ".join(f"{rule} ({message})" for rule, message in said)


def _section(step: StepResult, plots: Sequence[Plot]) -> dict[str, Any] | None:
    """What a step measured; None when that is nothing, as for one that was skipped."""
    drawn = [
        plot for plot in plots
        if (plot.step, plot.round) == (step.name, step.round) and plot.about == "step"
    ]  # fmt: skip
    if not (drawn or step.hypothesis):
        return None
    more = figures_of(step) - len(drawn)
    return {"title": _title(step), "hypothesis": step.hypothesis, "plots": drawn, "more": more}


def render_values(result: RunResult) -> str:
    """Everything that steps measured, as a page of its own: `values.md`."""
    lines = [f"# {wording.prose(result.name)}: what each step measured", ""]
    for step in result.steps:
        rows = _table(step.evidence.scalars)
        if not rows:
            continue
        lines += [f"## {wording.prose(_title(step))}", "", "| measured | value |", "|---|---|"]
        lines += [f"| {wording.cell(name)} | {wording.cell(value)} |" for name, value in rows]
        lines.append("")
    return "\n".join(lines)


def _table(values: Mapping[str, Scalar]) -> list[tuple[str, str]]:
    return [(wording.humanise(name), wording.show(value)) for name, value in values.items()]


def _columns(columns: Sequence[ColumnFacts]) -> list[tuple[str, ...]]:
    """The table of columns: those that are used, those that are left out, each in its order."""
    ranked = sorted(columns, key=lambda column: ("target", "input", "left out").index(column.use))
    rows: list[tuple[str, ...]] = []
    for column in ranked:
        examples = ", ".join(map(repr, column.examples))
        more = ", ..." if column.odd > len(column.examples) else ""
        odd = f"{column.odd} ({examples}{more})" if column.odd else ""
        rows.append((column.name, column.kind, column.use, column.how,
                     str(column.missing or ""), odd))  # fmt: skip
    return rows


def _cost(result: RunResult) -> list[tuple[str, str]]:
    cost = result.cost
    return [
        ("trials", str(cost.trials)),
        ("epochs", str(cost.epochs)),
        ("time", wording.duration(cost.seconds)),
        *([("of it for trying repairs", wording.duration(cost.proofs))] if cost.proofs else []),
        ("full trainings", wording.show(cost.trainings)),
    ]
