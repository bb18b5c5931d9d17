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

    Causes whose repairs help stand first, in the order of the chain of repairs: the one that brings
    most by itself leads. Behind them stand those that nobody could try, before those whose repairs
    brought nothing: it may be them that keep these from helping. Else the order is by severity,
    exact marks before others, then by step (an early fault has late consequences), then by
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


def _rank(finding: Finding, *, exact: bool) -> tuple[int, int, int]:
    """By what its repair brought; see `diagnose`."""
    remedy = finding.remedy
    if remedy is not None and remedy.place is not None:
        return 0, remedy.place, 0
    in_vain = remedy is not None and remedy.verified is False
    stops = finding.severity == "fail"
    return (1 if stops else 2), (0 if exact else 1), int(in_vain)
