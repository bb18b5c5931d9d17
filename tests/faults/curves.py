"""Scores of the rules about learning curves on curves whose kind is known.

    python tests/faults/curves.py [FILE]

The labelled curves come from "Keeping deep learning models in check: a history-based approach to
mitigate overfitting" (2024): training and validation loss of small networks on the Proben1 data
sets, 44 overfit and 375 not.
"""

import gzip
import json
import sys
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recipe.core.evidence import Evidence
from recipe.core.findings import Finding
from recipe.logs.reading import as_evidence
from recipe.plugin.rules import judge
from recipe_steps.learning_curves import LearningCurves
from recipe_steps.learning_curves.overfitting import (
    LOST,
    LOST_OF_LOSS,
    generalisation_rise,
    overfitting,
)

LABELLED = "curves/overfit_labelled_simulated.jsonl.gz"
BY_CAUSE = Path(__file__).with_name("curves_by_cause.jsonl")
RISE = 0.3
"""Of validation loss over its minimum, from which a curve counts as overfit for certain."""
GRID = [0.005 * i for i in range(1, 61)]


@dataclass(frozen=True)
class Score:
    """How well a yes-or-no rule agrees with labels."""

    curves: int
    missed: int
    alarms: int
    macro_f1: float


def labelled(path: Path) -> list[dict[str, Any]]:
    """The curves of the file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def half(curve: Mapping[str, Any]) -> int:
    """0 or 1, by the name: the same in every run."""
    return zlib.crc32(curve["name"].encode()) % 2


def is_overfit(curve: Mapping[str, Any]) -> bool:
    """The label."""
    return bool(curve["label"] == "overfit")


def found(curve: Mapping[str, Any]) -> bool:
    """Whether the rule, as `recipe diagnose` applies it, says so."""
    return overfitting(as_evidence({k: curve[k] for k in ("train_loss", "val_loss")})) is not None


def score(pairs: Iterable[tuple[bool, bool]]) -> Score:
    """Of pairs (label, said)."""
    pairs = list(pairs)
    missed = sum(label and not said for label, said in pairs)
    alarms = sum(said and not label for label, said in pairs)
    both = sum(label and said for label, said in pairs)
    neither = len(pairs) - both - missed - alarms
    wrong = missed + alarms
    f1 = [2 * right / (2 * right + wrong) if right + wrong else 1.0 for right in (both, neither)]
    return Score(len(pairs), missed, alarms, sum(f1) / 2)


def overfit_scores(path: Path) -> dict[str, Score]:
    """The rule's score on each half and on the whole."""
    curves = labelled(path)
    pairs = [(half(c), is_overfit(c), found(c)) for c in curves]
    return {
        "fitted half": score(p[1:] for p in pairs if p[0] == 0),
        "other half": score(p[1:] for p in pairs if p[0] == 1),
        "whole": score(p[1:] for p in pairs),
    }


def figures(curve: Mapping[str, Any]) -> tuple[float, float]:
    """What the rule compares with its thresholds: shares of the gain, and of the loss, lost."""
    rose = generalisation_rise(curve["train_loss"], curve["val_loss"])
    if rose is None:
        return 0.0, 0.0
    return rose.share_of(curve["val_loss"][0] - rose.least), rose.height / abs(rose.least)


def fitted(curves: Iterable[Mapping[str, Any]]) -> tuple[float, float]:
    """The middle of the thresholds that agree best with these labels."""
    known = [(*figures(curve), is_overfit(curve)) for curve in curves]
    scores = {
        (a, b): score((label, lost > a and part > b) for lost, part, label in known).macro_f1
        for a in GRID for b in GRID
    }  # fmt: skip
    best = [pair for pair, value in scores.items() if value == max(scores.values())]
    a, b = zip(*best, strict=True)
    return sorted(a)[len(a) // 2], sorted(b)[len(b) // 2]


def crossed(path: Path) -> dict[str, Any]:
    """Thresholds fitted on one half, scored on the other, both ways."""
    curves = labelled(path)
    told = {}
    for number in (0, 1):
        limits = fitted(c for c in curves if half(c) == number)
        rest = [c for c in curves if half(c) != number]
        pairs = [(is_overfit(c), all(f > x for f, x in zip(figures(c), limits, strict=True)))
                 for c in rest]  # fmt: skip
        told[f"fitted on half {number}"] = (limits, score(pairs))
    return told


@dataclass(frozen=True)
class Cause:
    """What the rules said of a curve whose causes are known. Of a log, where nothing proves what a
    shape suggests, a note tells too, and raises no alarm.
    """

    name: str
    causes: tuple[str, ...]
    allowed: tuple[str, ...]
    """Causes, and what is true but too slight to be missed."""
    said: tuple[str, ...]
    alarms: tuple[str, ...]
    """Of what was said, that which counts."""

    @property
    def right(self) -> bool:
        """One of the causes was said first."""
        return bool(self.said) and self.said[0] in self.causes

    @property
    def wrong(self) -> tuple[str, ...]:
        """What was said without being a cause: each of these is a false alarm."""
        return tuple(rule for rule in self.alarms if rule not in self.allowed)


def by_cause(path: Path = BY_CAUSE, *, alone: bool = False) -> list[Cause]:
    """The curves of curves_by_cause.py and what the rules say of them.

    Args:
        path: the file.
        alone: as of a log, without what a run of the recipe knows beside the curves.

    """
    found = []
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        if alone:
            evidence = as_evidence(row["curves"])
        else:
            curves = {f"baseline_{name}": tuple(v) for name, v in row["curves"].items()}
            evidence = Evidence(row["scalars"], curves)
        findings = judge(LearningCurves.rules, evidence)
        said = [f for f in findings if (f.counts or alone) and f.because is None]
        said.sort(key=lambda f: (f.severity != "fail", not f.counts, -f.confidence))
        told, counting = (tuple(f.rule for f in part) for part in (said, filter(_counts, said)))
        causes = {k: v for k, v in row["causes"].items() if k != "overfitting" or v > RISE}
        allowed = tuple(row["causes"])
        found.append(Cause(row["name"], tuple(causes), allowed, told, counting))
    return found


def _counts(finding: Finding) -> bool:
    return finding.counts


def cause_table() -> str:
    """How often the first word was right, and how often a curve got a word that was not."""
    head = "| curves of known cause | with a cause | right first | nothing said |"
    lines = [f"{head} without a cause | false alarms |", "|---|---|---|---|---|---|"]
    for name, alone in (("in a run, with branches", False), ("as logs", True)):
        told = by_cause(alone=alone)
        ill, fine = [c for c in told if c.causes], [c for c in told if not c.causes]
        lines.append(
            f"| {name} | {len(ill)} | {sum(c.right for c in ill)} | "
            f"{sum(not c.said for c in ill)} | {len(fine)} | {sum(bool(c.wrong) for c in fine)} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the tables."""
    from bases import DATA

    path = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA / LABELLED
    print(f"| thresholds {LOST:g} and {LOST_OF_LOSS:g} on | curves | missed | alarms | macro F1 |")
    print("|---|---|---|---|---|")
    for name, s in overfit_scores(path).items():
        print(f"| {name} | {s.curves} | {s.missed} | {s.alarms} | {s.macro_f1:.4f} |")
    for name, (limits, s) in crossed(path).items():
        shown = " and ".join(f"{x:g}" for x in limits)
        print(f"| {name}: {shown}, scored on the other | {s.curves} | {s.missed} | {s.alarms} | "
              f"{s.macro_f1:.4f} |")  # fmt: skip
    print(f"\n{cause_table()}\n\n| curve | causes | in a run | as a log |\n|---|---|---|---|")
    for run, log in zip(by_cause(), by_cause(alone=True), strict=True):
        if run.wrong or log.wrong or bool(run.causes) != run.right:
            cells = (run.name, *(", ".join(c) for c in (run.causes, run.said, log.said)))
            print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
