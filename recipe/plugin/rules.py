"""Rules: pure functions from Evidence to a Finding, documented by their docstrings.

    @rule("fail")
    def softmax_before_loss(evidence: Evidence) -> Finding | None:
        '''What: the model returns probabilities although its loss expects logits.

        Why: ...

        Fix: ...
        '''

The function's name in kebab case is the rule's name: scripts select by it.
"""

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from recipe.core.evidence import Evidence
from recipe.core.findings import Finding, RemedyOutcome, Severity
from recipe.plugin.remedy import Remedy

Judge = Callable[[Evidence], Finding | None]
PARTS = ("What", "Why", "Fix")


@dataclass(frozen=True)
class Rule:
    """A named judgement on the evidence of one step."""

    name: str
    severity: Severity
    """The usual one; evidence decides."""
    judge: Judge
    what: str
    why: str
    fix: str
    blocks: bool = False
    """The experiment cannot be used until this is fixed (exit code 2)."""
    explains: frozenset[str] = frozenset()
    """Rules whose findings are consequences of this one."""
    remedy: Remedy | None = None
    """What a program can do about it."""
    exact: bool = False
    """It is the mark of a mistake by itself, whatever its repair brings. All others are judged by
    that: what cannot be shown to cost anything is no warning."""
    lasting: bool = False
    """What it finds in a training that goes on holds however that goes on: it may be said at
    once."""

    def __call__(self, evidence: Evidence) -> Finding | None:
        """The finding, carrying this rule's name; None when there is nothing to say."""
        found = self.judge(evidence)
        if found is None:
            return None
        tried = self.remedy is not None and (found.counts or self.remedy.promotes)
        untested = RemedyOutcome(self.remedy.name) if self.remedy and tried else None
        return replace(found, rule=self.name, blocks=self.blocks, remedy=found.remedy or untested)


def finding(severity: Severity, message: str, advice: str, confidence: float = 1.0) -> Finding:
    """A finding; its rule fills in the name."""
    return Finding("", severity, message, advice, confidence)


def rule(
    severity: Severity,
    *,
    blocks: bool = False,
    explains: Iterable[str] = (),
    remedy: Remedy | None = None,
    exact: bool = False,
    lasting: bool = False,
) -> Callable[[Judge], Rule]:
    """Turn a function into a Rule.

    Raises:
        ValueError: the docstring lacks one of the parts What, Why and Fix.

    """

    def make(judge: Judge) -> Rule:
        name = getattr(judge, "__name__", "").replace("_", "-")
        what, why, fix = documentation(name, inspect.getdoc(judge) or "")
        effects = frozenset(explains)
        return Rule(name, severity, judge, what, why, fix, blocks, effects, remedy, exact, lasting)

    return make


def documentation(name: str, docstring: str) -> tuple[str, str, str]:
    """The parts What, Why and Fix of a rule's docstring, each unwrapped to paragraphs."""
    pieces = re.split(r"^(What|Why|Fix):\s*", docstring, flags=re.MULTILINE)
    parts = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    missing = [part for part in PARTS if not parts.get(part, "").strip()]
    if missing:
        raise ValueError(f"Rule {name!r}: its docstring has no part {missing[0]!r}:")
    what, why, fix = (_unwrap(parts[part]) for part in PARTS)
    return what, why, fix


def _unwrap(text: str) -> str:
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def judge(
    rules: Iterable[Rule], evidence: Evidence, ignore: dict[str, str] | None = None
) -> tuple[Finding, ...]:
    """Apply every rule; mark what the user ignores, and what another finding here explains."""
    ignore = ignore or {}
    rules = tuple(rules)
    found = [f for r in rules if (f := r(evidence)) is not None]
    found = [replace(f, ignored=ignore[f.rule]) if f.rule in ignore else f for f in found]
    return explain_away(found, rules)


def explain_away(findings: Iterable[Finding], rules: Iterable[Rule]) -> tuple[Finding, ...]:
    """Mark each finding that another one explains with the name of its cause; of those that
    explain each other, the first one stays a cause.
    """
    findings = tuple(findings)
    fired = {f.rule for f in findings if f.counts}
    causes = {effect: r.name for r in rules if r.name in fired for effect in r.explains}
    for f in findings:
        chain = [f.rule]
        while (cause := causes.get(chain[-1])) is not None and cause not in chain:
            chain.append(cause)
        if cause is not None:
            circle = chain[chain.index(cause) :]
            del causes[next(other.rule for other in findings if other.rule in circle)]
    return tuple(replace(f, because=causes.get(f.rule)) for f in findings)
