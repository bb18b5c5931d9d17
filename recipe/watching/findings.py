"""What the rules say of a watched training: each finding once, when it is certain."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from recipe.core.evidence import Evidence
from recipe.core.findings import Finding
from recipe.plugin import registry
from recipe.plugin.rules import Rule, explain_away

CERTAIN = 2
"""Times in a row that a finding has to come before it is said while training goes on."""


@dataclass
class Judge:
    """All installed rules, and what they found before."""

    plugins: tuple[registry.Plugin, ...] = field(default_factory=registry.load)
    said: set[str] = field(default_factory=set)
    in_a_row: dict[str, int] = field(default_factory=dict)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Each once."""
        return tuple(dict.fromkeys(rule for p in self.plugins for rule in p.step.rules))

    @property
    def reader(self) -> Any:
        """The step that reads curves; None where none is installed."""
        steps = (plugin.step for plugin in self.plugins)
        return next((step for step in steps if getattr(step, "reads_logs", False)), None)

    def judge(self, evidence: Evidence) -> tuple[Finding, ...]:
        """What the rules find, causes marked; those that read what was not measured are silent."""
        found = [f for rule in self.rules if (f := _asked(rule, evidence)) is not None]
        return explain_away(found, self.rules)

    def certain(self, evidence: Evidence, *, sure: bool = False) -> tuple[Finding, ...]:
        """What is found and was not said before, of rules whose findings hold however training goes
        on; `sure` where it has come to its end.
        """
        found = [f for f in self.judge(evidence) if f.counts and f.because is None]
        lasting = {rule.name for rule in self.rules if rule.lasting}
        self.in_a_row = {f.rule: self.in_a_row.get(f.rule, 0) + 1 for f in found}
        ready = [
            f for f in found
            if sure or (f.rule in lasting and self.in_a_row[f.rule] >= CERTAIN)
        ]  # fmt: skip
        return self.fresh(ready)

    def fresh(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Those that were not said before, which counts as saying them."""
        new = tuple(f for f in findings if f.rule not in self.said)
        self.said |= {f.rule for f in new}
        return new


def _asked(rule: Rule, evidence: Evidence) -> Finding | None:
    try:
        return rule(evidence)
    except Exception:  # noqa: BLE001 - a plugin's rule that wants evidence of its own step
        return None
