"""The rules that are installed: each once, with the steps that judge by it and an example."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recipe.core.evidence import Evidence
from recipe.core.findings import Finding
from recipe.plugin.registry import Plugin
from recipe.plugin.rules import Rule
from recipe.plugin.step import Step, examples_of


@dataclass(frozen=True)
class Example:
    """Evidence on which a rule fires, and what the rule says of it."""

    evidence: Evidence
    finding: Finding


@dataclass(frozen=True)
class Entry:
    """A rule and the steps that judge by it, in their order."""

    rule: Rule
    steps: tuple[Step, ...]

    @property
    def step_names(self) -> tuple[str, ...]:
        """Of all steps that judge by it."""
        return tuple(step.name for step in self.steps)

    def example(self) -> Example | None:
        """The example of the first step that gives one, judged now; None where no step does."""
        for step in self.steps:
            evidence = examples_of(step).get(self.rule.name)
            found = self.rule(evidence) if evidence is not None else None
            if evidence is not None and found is not None:
                return Example(evidence, found)
        return None

    def speaks_of(self, words: Iterable[str]) -> bool:
        """Whether words in its name or documentation begin with each of these, in any case."""
        rule = self.rule
        text = f"{rule.name} {rule.what} {rule.why} {rule.fix}".lower()
        return all(re.search(rf"(?<![a-z0-9]){re.escape(word.lower())}", text) for word in words)


def entries(plugins: Iterable[Plugin]) -> tuple[Entry, ...]:
    """Every rule once, in the order of the steps; rules that only share a name stay apart."""
    found: dict[Rule, list[Step]] = {}
    for plugin in plugins:
        for rule in plugin.step.rules:
            found.setdefault(rule, []).append(plugin.step)
    return tuple(Entry(rule, tuple(steps)) for rule, steps in found.items())


def of_step(known: Sequence[Entry], step: Step) -> tuple[Entry, ...]:
    """The entries that are listed under this step: those that no earlier step judges by."""
    return tuple(entry for entry in known if entry.steps[0] is step)
