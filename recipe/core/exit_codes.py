"""What the command ends with: a contract with scripts and CI."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recipe.core.results import RunResult

FAILED, USAGE, BUG, INTERRUPTED = 1, 2, 3, 130
"""A gate failed, wrong usage or an experiment that cannot be used, a bug of ours, interrupted."""


def exit_code(result: "RunResult", *, strict: bool = False, gate: bool = False) -> int:
    """0 passed, 1 a gate failed, 2 an experiment that cannot be used, 130 interrupted.

    Args:
        result: of the run.
        strict: whether a warning fails it, and a step that there was no time for.
        gate: whether the run decides if code is fit to be merged: a fault that it repaired is
            still there.

    """
    if result.interrupted:
        return INTERRUPTED
    if any(f.blocks and f.severity == "fail" for f in result.findings):
        return USAGE
    if gate and result.repaired:
        return FAILED
    passed = result.verdict == "pass" or (result.verdict == "warn" and not strict)
    passed = passed and not (strict and result.unfinished)
    return 0 if passed else FAILED
