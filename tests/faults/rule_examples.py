"""Writes the examples of evidence that `recipe explain` shows, one file per step.

    python tests/faults/rule_examples.py [--only RULE ...]

The example of a rule comes from the first of these that makes it fire as it usually does:

1. runs of the corpus: of the faults whose cause the rule names,
2. trainings whose cause is known (curves_by_cause.jsonl),
3. the cases of the rule's unit tests (tests/steps), for what no fault here brings about.

Of the evidence only what the rule read is kept, rounded to four significant digits, and of that
only what its words need: without any scalar or curve that stays the finding would be another one.
A rule of two steps has its example in the first one in which it fires.
"""

import argparse
import importlib
import inspect
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from recipe.core.evidence import Evidence
from recipe.core.files import write_text
from recipe.core.findings import Finding, Severity
from recipe.plugin.registry import load
from recipe.plugin.rules import Rule
from recipe.plugin.step import Step, examples_of

TESTS = Path(__file__).parents[1]
STEP_TESTS = TESTS / "steps"
DIGITS = 4
BASES = ("digits-mlp", "cancer-table", "diabetes-table", "cifar-cnn")
"""The quick ones first."""
MOST_RUNS = 4
"""Per rule."""
SOFTER: Mapping[Severity, int] = {"fail": 0, "warn": 1, "note": 2}


class Read(dict[str, Any]):
    """A part of the evidence that remembers what was looked up."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        """Of the same values."""
        super().__init__(values)
        self.names: dict[str, None] = {}

    def get(self, name: str, default: Any = None) -> Any:
        """Remember and give."""
        self.names[name] = None
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        """Remember and give."""
        return self.get(name)

    def __contains__(self, name: object) -> bool:
        """Remember and tell."""
        self.names[str(name)] = None
        return super().__contains__(name)

    def kept(self) -> dict[str, Any]:
        """What was looked up and is there, in the order of reading."""
        return {n: v for n in self.names if (v := dict.get(self, n)) is not None}


def read_by(rule: Rule, evidence: Evidence) -> Evidence:
    """The part of the evidence that the rule looks at."""
    watched = Evidence(evidence.scalars, evidence.curves)
    scalars, curves = Read(evidence.scalars), Read(evidence.curves)
    object.__setattr__(watched, "scalars", scalars)
    object.__setattr__(watched, "curves", curves)
    rule(watched)
    return Evidence(scalars.kept(), curves.kept())


def rounded(value: Any) -> Any:
    """Four digits are enough to read."""
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def without(evidence: Evidence, name: str) -> Evidence:
    """The evidence as if this scalar or curve had not been measured."""
    return Evidence(
        {n: v for n, v in evidence.scalars.items() if n != name},
        {n: v for n, v in evidence.curves.items() if n != name},
    )


def shortened(rule: Rule, evidence: Evidence) -> Evidence:
    """The least evidence on which the rule says what it says of this one, rounded."""
    read = read_by(rule, evidence)
    least = Evidence(
        {n: rounded(v) for n, v in read.scalars.items()},
        {n: tuple(map(rounded, v)) for n, v in read.curves.items() if v},
    )
    said = rule(least)
    for name in (*least.curves, *reversed(least.scalars)):
        if rule(less := without(least, name)) == said:
            least = less
    return least


def of_corpus(rule: Rule) -> Iterator[tuple[str, Evidence]]:
    """Name of the step and evidence, of runs with the faults that this rule should name."""
    from catalogue import FAULTS
    from score import experiment_of

    named = [f for f in FAULTS if rule.name in f.causes]
    jobs = [(f.name, base) for base in BASES for f in named if applies(f, base)]
    for fault, base in jobs[:MOST_RUNS]:
        experiment, _ = experiment_of("fault", fault, base, 0)
        yield from measured(fault, base, experiment)


def applies(fault: Any, base_name: str) -> bool:
    """Whether the base can have this fault."""
    from bases import BASES as KNOWN

    return any(base.name == base_name and fault.applies(base) for base in KNOWN)


RUNS: dict[tuple[str, str], list[tuple[str, Evidence]]] = {}


def measured(fault: str, base: str, experiment: Any) -> list[tuple[str, Evidence]]:
    """What the steps measured in a run, which is made once."""
    if (fault, base) not in RUNS:
        import torch
        from score import BUDGET

        import recipe

        torch.set_num_threads(1)
        with tempfile.TemporaryDirectory() as out:
            result = recipe.run(experiment, out=out, seed=0, device="cpu", fresh=True, exact=True,
                                budget=BUDGET, verify_budget="off")  # fmt: skip
        RUNS[fault, base] = [(step.name, step.evidence) for step in result.steps]
    return RUNS[fault, base]


def of_known_cause(rule: Rule) -> Iterator[tuple[str, Evidence]]:
    """Evidence of step 6, of trainings that have this cause first."""
    from curves_by_cause import kept

    for row in kept():
        if next(iter(row["causes"]), None) == rule.name:
            curves = {f"baseline_{name}": tuple(v) for name, v in row["curves"].items()}
            yield "learning_curves", Evidence(row["scalars"], curves)


def of_unit_tests(rule: Rule) -> Iterator[tuple[str, Evidence]]:
    """Evidence of the cases in which the rule's tests let it fire, for any of its steps."""
    for folder in (STEP_TESTS, TESTS / "helpers"):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    for path in sorted(STEP_TESTS.glob("test_*.py")):
        if "rule_cases" not in path.read_text("utf-8"):
            continue
        for group in vars(importlib.import_module(path.stem)).values():
            for case in group if isinstance(group, list) else ():
                if getattr(case, "rule", None) is rule and case.severity is not None:
                    curves = {n: tuple(v) for n, v in case.curves.items()}
                    yield "", Evidence(case.scalars, curves)


def example(rule: Rule, steps: list[Step]) -> tuple[Step, Evidence, str]:
    """Where the example of a rule belongs, the example, and where it comes from."""
    softest: tuple[int, Step, Evidence, str] | None = None
    for source in (of_corpus, of_known_cause, of_unit_tests):
        for name, evidence in source(rule):
            step = next((s for s in steps if name in ("", s.name)), None)
            found: Finding | None = rule(evidence)
            if step is None or found is None:
                continue
            softer = SOFTER[found.severity] - SOFTER[rule.severity]
            if softer == 0:
                return step, shortened(rule, evidence), source.__name__
            if softer > 0 and (softest is None or softer < softest[0]):
                softest = softer, step, evidence, source.__name__
    if softest is None:
        raise LookupError(f"No run and no test makes {rule.name} fire.")
    _, step, evidence, where = softest
    return step, shortened(rule, evidence), f"{where}, softer than usual"


def file_of(step: Step) -> Path:
    """Where the step reads its examples."""
    return Path(inspect.getfile(type(step))).with_name("examples.json")


def written(examples: Mapping[str, Evidence]) -> str:
    """JSON with a line per rule."""
    lines = [
        f"{json.dumps(name)}: "
        + json.dumps({"scalars": dict(e.scalars), "curves": dict(e.curves)}, allow_nan=False)
        for name, e in examples.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    """Find the examples, and write the files anew."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", default=[], metavar="RULE")
    given = parser.parse_args()
    steps = [plugin.step for plugin in load()]
    found: dict[str, dict[str, Evidence]] = {}
    for step in steps:
        known = dict(examples_of(step)) if file_of(step).exists() else {}
        found[step.name] = {r.name: known[r.name] for r in step.rules if r.name in known}
    for rule in dict.fromkeys(rule for step in steps for rule in step.rules):
        if given.only and rule.name not in given.only:
            continue
        judges = [step for step in steps if rule in step.rules]
        where, evidence, source = example(rule, judges)
        for step in judges:
            found[step.name].pop(rule.name, None)
        found[where.name][rule.name] = evidence
        print(f"{where.name} {rule.name}: {source}", flush=True)
    for step in steps:
        in_order = {
            r.name: found[step.name][r.name] for r in step.rules if r.name in found[step.name]
        }
        write_text(file_of(step), written(in_order))


if __name__ == "__main__":
    main()
