"""A verdict before a step has measured everything."""

from recipe.core.evidence import Evidence
from recipe.plugin.context import Context
from recipe.plugin.rules import judge


def fails_already(ctx: Context, evidence: Evidence) -> bool:
    """Whether what a step has measured so far stops the run for certain, so that what takes longer
    need not be measured: an exact mark of a mistake that fails the step. Where the run goes on
    after failures, all is measured.
    """
    if ctx.settings.keep_going:
        return False
    exact = {rule.name for rule in ctx.rules if rule.exact}
    found = judge(ctx.rules, evidence, ctx.settings.ignore)
    return any(f.rule in exact and f.severity == "fail" and f.counts for f in found)
