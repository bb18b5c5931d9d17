"""From findings to one ordered diagnosis: causes first, consequences left out."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from recipe.core.results import StepResult, latest
from recipe.plugin.rules import Rule, explain_away


def diagnose(
    steps: Sequence[StepResult], rules: Iterable[Rule]
) -> tuple[tuple[StepResult, ...], tuple[str, ...]]:
    """Fold consequences across steps and order the causes.

    The last round of each step counts. A finding explained by one of another step is marked;
    causes are ordered by severity, then by their step (an early fault has late consequences),
    then by confidence; those that another one hid stand behind all others, and are nobody's
    consequence, since they were found with that one repaired.

    Returns:
        The steps with their findings marked, and the names of the causes, most probable first.

    """
    rules = tuple(rules)
    current = latest(steps)
    merged = explain_away([f for s in current for f in s.findings if not f.behind], rules)
    because = {f.rule: f.because for f in merged}
    marked = tuple(
        replace(
            step,
            findings=tuple(
                f if f.behind else replace(f, because=because[f.rule]) for f in step.findings
            ),
        )
        if step in current
        else step
        for step in steps
    )
    causes = [
        (f.behind is not None, f.severity != "fail", position, -f.confidence, f.rule)
        for position, step in enumerate(latest(marked))
        for f in step.findings
        if f.counts and f.because is None
    ]
    return marked, tuple(dict.fromkeys(rule for *_, rule in sorted(causes)))
