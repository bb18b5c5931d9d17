"""Findings in the order a reader needs: causes with their consequences, notes, ignored ones."""

from dataclasses import dataclass

from recipe.results import Finding, RunResult


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


def ignored(result: RunResult) -> tuple[Located, ...]:
    """What the user does not want counted; each carries the reason."""
    return tuple(found for found in _located(result) if found.finding.ignored is not None)


def advice(result: RunResult) -> tuple[Finding, ...]:
    """Causes that say what to do, in order; those whose remedy did not help stand last."""
    found = {each.finding.advice: each.finding for each in reversed(causes(result))}
    useful = [finding for finding in reversed(found.values()) if finding.advice.strip()]
    return tuple(sorted(useful, key=_did_not_help))


def gain_of(finding: Finding) -> str:
    """What retraining with the remedy brought, in brackets."""
    remedy = finding.remedy
    if remedy is None or remedy.verified is None:
        return " (applied, not proved)" if remedy and remedy.applied else ""
    if not remedy.verified:
        return " (tried, did not help)"

    def shown(score: float | None) -> str:
        return "none" if score is None else f"{score:.4g}"

    return f" (proved: {remedy.metric} {shown(remedy.before)} -> {shown(remedy.after)})"


def _did_not_help(finding: Finding) -> bool:
    return finding.remedy is not None and finding.remedy.verified is False


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
