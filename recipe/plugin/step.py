"""What a step is: a plugin that measures; rules judge, the engine decides."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from recipe.core.errors import RecipeError, StepError
from recipe.core.evidence import Evidence
from recipe.plugin.rules import Rule

if TYPE_CHECKING:
    from recipe.experiment import Experiment
    from recipe.plugin.context import Context

GROUP = "recipe.steps"
"""Entry-point group in which step plugins register."""


@dataclass(frozen=True)
class Goto:
    """A request to run an earlier step, and all after it, once more with another plan."""

    step: str
    hypothesis: str
    """What the new round tests and why."""
    plan: dict[str, Any] = field(default_factory=dict)
    """JSON-able changes for the steps to come; they read it as `ctx.plan`."""


@runtime_checkable
class Step(Protocol):
    """The shape of a step plugin. Optional: `why`, `says`, `examples`, `figures`, `goto`,
    `expects`, `short`, `always`, `needs`, `reads_logs` and `applies`.

    `why` (a string) gives the reasoning: its first sentence, of 110 characters at most, is said
    before the step runs, all of it stands in the report's glossary.
    `says` (a string) sums up what was measured, names of scalars in braces: "best rate {best_lr}";
    it is left out where one of them was not measured.
    `examples` (a mapping of names of its rules to Evidence) gives for each rule the few scalars
    and curves on which it fires, to which `recipe explain` adds what the rule says of them. As a
    property it is read when it is asked for: `return read_examples(__file__)`.
    `figures` (a tuple of Figure) says how the report draws the evidence.
    `goto(evidence, findings, ctx) -> Goto | None` may ask for another round.
    `expects(ctx, left) -> float` says how many epochs it is going to train, where `left` epochs
    of the budget are left for it (None without a budget): the plan is told before anything long.
    `short = True` says that it takes no whole training: when a fault stops the run, the short
    steps look once more, at the repaired experiment, for what that fault hid.
    `always = True` says that it is worth a moment whatever the budget: it runs, if shortly, where
    the time is used up already.
    `needs` is the share of a budget of time that the steps before leave to it.
    `reads_logs = True` says that the rules can read curves alone (`recipe diagnose`).
    `applies(experiment) -> bool` says whether the step is one for this experiment: where it is not,
    the run goes without it.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[int]
    """Part of the resume key: raise it when the measurement changes."""
    requires: ClassVar[frozenset[str]]
    """Steps that come before and must not have failed."""
    rules: ClassVar[tuple[Rule, ...]]

    def measure(self, ctx: "Context") -> Evidence:
        """Measure; numbers and curves, no verdict."""
        ...


def why_of(step: Step) -> str:
    """The reasoning that a step gives, on one line; empty where it gives none."""
    return " ".join(getattr(step, "why", "").split())


def summary_of(step: Step, evidence: Evidence) -> str:
    """The step's sum of what it measured; empty where it has none, or a value is missing.

    Raises:
        StepError: its `says` is no text with names in braces.

    """
    text = getattr(step, "says", "")
    try:
        names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
        values = {name: evidence.scalars.get(name) for name in names}
        if any(value is None for value in values.values()):
            return ""
        shown = {n: f"{v:.4g}" if isinstance(v, float) else str(v) for n, v in values.items()}
        return " ".join(text.format(**shown).split())
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise StepError(
            f"Step {step.name!r} has says={text!r} ({error}): write plain text with names of "
            "scalars in braces."
        ) from error


def in_brief(why: str) -> str:
    """The first sentence of a reasoning; empty where there is none."""
    first = why.partition(". ")[0].rstrip(".")
    return f"{first}." if first else ""


def applies_to(step: Step, experiment: "Experiment") -> bool:
    """Whether the step is one for this experiment."""
    applies = getattr(step, "applies", None)
    return applies is None or bool(applies(experiment))


def is_short(step: Step) -> bool:
    """Whether it takes no whole training."""
    return bool(getattr(step, "short", False))


def is_always(step: Step) -> bool:
    """Whether it runs also where the time is used up, if only for a moment."""
    return bool(getattr(step, "always", False))


def needs_of(step: Step) -> float:
    """The share of a budget of time that earlier steps leave to it."""
    return float(getattr(step, "needs", 0.0))


class UnaffordableError(RecipeError):
    """A step does not begin: the budget does not pay for it. The message says why in a few words,
    such as "one training takes 30 s, 4 s are left".
    """


def examples_of(step: Step) -> Mapping[str, Evidence]:
    """Evidence by the name of the rule that fires on it; empty where the step gives none."""
    examples: Mapping[str, Evidence] = getattr(step, "examples", {})
    return examples


@cache
def read_examples(module: str) -> Mapping[str, Evidence]:
    """The examples in `examples.json` beside a module: {rule: {"scalars": {}, "curves": {}}}.

    Raises:
        StepError: there is no such file, or it holds something else.

    """
    path = Path(module).with_name("examples.json")
    try:
        content = json.loads(path.read_text("utf-8"))
        return {rule: Evidence(**kept) for rule, kept in content.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise StepError(
            f"The examples in {str(path)!r} cannot be read ({type(error).__name__}: {error}): fix "
            "the file, or uninstall its step."
        ) from error
