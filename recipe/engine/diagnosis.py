"""From findings to one ordered diagnosis: causes first, consequences left out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from recipe.core.findings import Finding
from recipe.core.results import StepResult, latest
from recipe.plugin.rules import Rule, explain_away


def diagnose(
    steps: Sequence[StepResult], rules: Iterable[Rule]
) -> tuple[tuple[StepResult, ...], tuple[str, ...]]:
    """Fold consequences across steps and order the causes.

    The last round of each step counts. A finding explained by one of another step is marked, as is
    one that the repair of another left nothing to bring; those that another one hid are nobody's
    consequence, since they were found with that one repaired.

    Causes whose repairs make it learn stand first, in the order of the chain of repairs: the one
    that brings most by itself leads. Then exact marks that nobody could try, before those whose
    repairs brought nothing: it may be them that keep these from helping. Symptoms stand last. Else
    the order is by severity, then by step (an early fault has late consequences), then by
    confidence.

    Returns:
        The steps with their findings marked, and the names of the causes, most probable first.

    """
    rules = tuple(rules)
    current = latest(steps)
    merged = explain_away([f for s in current for f in s.findings if not f.behind], rules)
    because = {f.rule: f.because for f in merged}
    marked = tuple(
        replace(step, findings=tuple(_marked(f, because) for f in step.findings))
        if step in current
        else step
        for step in steps
    )
    exact = {rule.name for rule in rules if rule.exact}
    causes = [
        (*_rank(f, exact=f.rule in exact), position, -f.confidence, f.rule)
        for position, step in enumerate(latest(marked))
        for f in step.findings
        if f.counts and f.because is None
    ]
    return marked, tuple(dict.fromkeys(rule for *_, rule in sorted(causes)))


def _marked(finding: Finding, because: Mapping[str, str | None]) -> Finding:
    """With the rule whose finding explains it."""
    superseded = finding.remedy.superseded_by if finding.remedy else None
    if superseded or not finding.behind:
        return replace(finding, because=superseded or because[finding.rule])
    return finding


def _rank(finding: Finding, *, exact: bool) -> tuple[int, int]:
    """By what its repair brought; see `diagnose`."""
    remedy = finding.remedy
    if remedy is not None and remedy.place is not None:
        return 0, remedy.place
    untried = remedy is None or remedy.verified is None
    fails = finding.severity == "fail"
    order = (
        (exact and fails and untried) or (fails and remedy is not None and untried),
        exact and untried,
        exact and fails,
        fails and untried,
        exact,
        fails,
        untried,
    )
    return 1 + next((place for place, true in enumerate(order) if true), len(order)), 0
