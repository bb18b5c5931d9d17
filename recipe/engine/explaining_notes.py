"""Notes that tell what the causes of a diagnosis may come from."""

from collections.abc import Mapping, Sequence

from recipe.core.findings import Finding
from recipe.plugin.rules import Rule

SURE = 0.9
"""Confidence of a note that is a fact about model or data."""


def in_order(rules: Mapping[str, Rule], causes: Sequence[str], notes: Sequence[str]) -> list[str]:
    """Whose remedies are tried first: what may be a consequence of something that is only noted
    comes after that.

    Args:
        rules: by name.
        causes: most probable first.
        notes: that have a remedy.

    """
    explaining = [note for note in notes if rules[note].explains & set(causes)]
    told = frozenset[str]().union(*(rules[note].explains for note in explaining))
    first = [rule for rule in causes if rule not in told]
    return list(dict.fromkeys((*first, *explaining, *causes, *notes)))


def all_that_explains(
    rules: Mapping[str, Rule], causes: Sequence[str], untried: Sequence[Finding]
) -> set[str]:
    """The note that tells why there are all these causes, where there was no time to try it: they
    are what such a fault looks like, and nothing else was found that they could come from.

    Args:
        rules: by name.
        causes: all of them.
        untried: findings whose remedies were not tried.

    """
    notes = [
        f for f in untried
        if f.severity == "note" and f.confidence >= SURE
        and causes and set(causes) <= rules[f.rule].explains
    ]  # fmt: skip
    return {max(notes, key=lambda f: f.confidence).rule} if notes else set()
