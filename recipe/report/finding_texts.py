"""Findings in the order a reader needs: causes with their consequences, notes, ignored ones."""

from dataclasses import dataclass

from recipe.core.findings import Finding, RemedyOutcome
from recipe.core.results import RunResult
from recipe.plugin.remedy import change_of, judged
from recipe.report.wording import MISSING, code, humanise, sentence, show


@dataclass(frozen=True)
class Located:
    """A finding, the title of the step that made it, and what it explains."""

    finding: Finding
    step: str
    consequences: tuple[Finding, ...] = ()


def causes(result: RunResult) -> tuple[Located, ...]:
    """What counts and is explained by nothing else here, in the order of the diagnosis."""
    counted = [found for found in _located(result) if found.finding.counts]
    because = {found.finding.rule: found.finding.because for found in counted}
    order = {rule: position for position, rule in enumerate(result.diagnosis)}
    roots = [found for found in counted if _root(found.finding.rule, because) == found.finding.rule]
    roots.sort(key=lambda found: order.get(found.finding.rule, len(order)))
    effects: dict[str, list[Finding]] = {}
    for found in counted:
        rule = found.finding.rule
        if (root := _root(rule, because)) != rule:
            effects.setdefault(root, []).append(found.finding)
    return tuple(
        Located(found.finding, found.step, tuple(effects.pop(found.finding.rule, ())))
        for found in roots
    )


def notes(result: RunResult) -> tuple[Located, ...]:
    """Remarks that bear on no status."""
    return tuple(
        found
        for found in _located(result)
        if found.finding.severity == "note" and found.finding.ignored is None
    )


def helpful_notes(result: RunResult) -> tuple[Finding, ...]:
    """Remarks whose remedy was better when it was tried, though by little."""
    return tuple(
        found.finding for found in notes(result)
        if found.finding.remedy is not None and found.finding.remedy.verified
    )  # fmt: skip


def ignored(result: RunResult) -> tuple[Located, ...]:
    """What the user does not want counted; each carries the reason."""
    return tuple(found for found in _located(result) if found.finding.ignored is not None)


def advice(result: RunResult) -> tuple[Located, ...]:
    """Causes in order; those whose remedy was tried and is not better stand last."""
    return tuple(sorted(causes(result), key=_not_better))


def gain_of(finding: Finding) -> str:
    """What retraining with the remedy brought, as a sentence that follows another one."""
    remedy = finding.remedy
    if remedy is None or remedy.verified is None:
        return " Applied, not proved." if remedy and remedy.applied else ""
    word = "Proved" if remedy.verified else "Tried"
    return f" {word}: {change_of(remedy)}, {judged(remedy)}."


def tried(finding: Finding) -> str:
    """Of a note, what came of its remedy, or what a trial would take; empty where there is none."""
    remedy = finding.remedy
    if remedy is None:
        return ""
    if remedy.undecided:
        return f" Not tried: {sentence(remedy.undecided)}"
    if remedy.verified is None:
        return ""
    return f" Tried ({remedy.name}): {change(remedy)}, {judged(remedy)}."


def _not_better(found: Located) -> bool:
    return found.finding.remedy is not None and found.finding.remedy.verified is False


BROUGHT = ("cause", "remedy", "before → after", "retrained with it", "applied")
"""What the columns of `brought` hold."""
UNTESTED = "not tested"


def brought(found: Located) -> tuple[str, ...]:
    """A cause beside its remedy, and what retraining with that brought."""
    rule, remedy = code(found.finding.rule), found.finding.remedy
    if remedy is None:
        return rule, "none that a program can apply", MISSING, UNTESTED, "no"
    applied = "yes" if remedy.applied else "no"
    proved = UNTESTED if remedy.verified is None else judged(remedy)
    if remedy.superseded_by:
        proved = f"nothing more once {code(remedy.superseded_by)} is repaired"
    return rule, remedy.name, change(remedy), proved, applied


def change(remedy: RemedyOutcome) -> str:
    """What retraining measured before and after."""
    if remedy.before is None and remedy.after is None:
        return MISSING
    metric = humanise(remedy.metric or "score")
    return f"{metric} {show(remedy.before)} → {show(remedy.after)}"


def applied(result: RunResult) -> dict[str, str]:
    """Remedies that the run went on with, by the rule they are of."""
    return {
        f.rule: f.remedy.name
        for step in result.steps
        for f in step.findings
        if f.remedy is not None and f.remedy.applied
    }


def left_out(result: RunResult) -> str:
    """What was not done for want of budget, with the reason behind what shares it; empty where all
    was done.
    """
    titles = {step.name: step.title for step in result.steps}
    by_reason: dict[str, list[str]] = {}
    for said in result.left_out:
        name, colon, what = said.what.partition(": ")
        named = f"{titles.get(name, name)}{colon}{what}"
        by_reason.setdefault(said.why, []).append(named)
    return "; ".join(f"{', '.join(whats)} ({why})" for why, whats in by_reason.items())


def _located(result: RunResult) -> list[Located]:
    return [Located(f, step.title) for step in result.latest_steps for f in step.findings]


def _root(rule: str, because: dict[str, str | None]) -> str:
    """The first cause of `rule` among the findings shown; itself when rules blame each other."""
    seen = [rule]
    while (cause := because.get(seen[-1])) is not None and cause in because:
        if cause in seen:
            return min(seen[seen.index(cause) :])
        seen.append(cause)
    return seen[-1]
