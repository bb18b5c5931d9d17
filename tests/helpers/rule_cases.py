"""What the tables of rule cases share; imports no torch."""

import math
from typing import NamedTuple

from recipe.plugin.rules import Rule
from recipe.testing import judge_scalars

NAN = math.nan


class Case(NamedTuple):
    """A rule, its evidence, and the severity it should find (None: silent)."""

    rule: Rule
    scalars: dict
    severity: str | None
    curves: dict = {}  # noqa: RUF012 - never changed
    says: str = ""

    def __str__(self):
        return f"{self.rule.name}-{self.severity}"


def case(rule, severity, says="", run="best", **given):
    """A case about one run: keywords with lists are its curves, the others its scalars."""
    scalars = {f"{run}_{k}": v for k, v in given.items() if not isinstance(v, list)}
    curves = {f"{run}_{k}": v for k, v in given.items() if isinstance(v, list)}
    return Case(rule, {f"{run}_status": "finished"} | scalars, severity, curves, says)


def straight(first, last, n=12):
    """A curve that runs in a straight line."""
    return [first + (last - first) * i / (n - 1) for i in range(n)]


def check(step, case):
    """Judge the case's evidence by all rules of the step and look at the one in question."""
    found = {f.rule: f for f in judge_scalars(step, case.scalars, case.curves)}
    finding = found.get(case.rule.name)
    assert (finding and finding.severity) == case.severity, finding
    if finding:
        assert case.says in finding.message
        assert finding.message.endswith(".")
        assert finding.advice
        assert finding.blocks == case.rule.blocks


def assert_complete(step, cases):
    """Every rule has a case in which it fires and at least two in which it is silent."""
    for rule in step.rules:
        said = [case.severity for case in cases if case.rule is rule]
        assert any(said), f"{rule.name} never fires"
        assert said.count(None) >= 2, f"{rule.name} has fewer than two silent cases"
