"""The one result type that terminal, JSON and report read (standard library only).

Every class is frozen and JSON-able: `to_json` gives plain dicts and lists, `from_json` reads
them back. A non-finite number never enters: it becomes None here, so no comparison in a rule
can let a NaN pass as "not above the limit".
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from recipe.core.budget import LeftOut
from recipe.core.chosen_model import Chosen, chosen_from_json
from recipe.core.column_facts import ColumnFacts, column_from_json
from recipe.core.evidence import Evidence, Figure, Scalar, figure_from_json, keep_finite
from recipe.core.findings import Finding, Status, finding_from_json
from recipe.core.json_fields import each, one_of, record
from recipe.core.trials import Best, Trial, best_from_json, trial_from_json

SCHEMA = 1
Verdict = Literal["pass", "warn", "fail"]


@dataclass(frozen=True)
class StepResult:
    """What a step measured and what the rules made of it."""

    name: str
    title: str
    round: int
    status: Status
    reason: str | None = None
    seconds: float = 0.0
    evidence: Evidence = field(default_factory=Evidence)
    findings: tuple[Finding, ...] = ()
    figures: tuple[Figure, ...] = ()
    hypothesis: str | None = None
    """What this round tests and why, when a `goto` asked for it."""
    why: str = ""
    """The step's reasoning; empty where the plugin gives none."""
    rules: tuple[str, ...] = ()
    """The rules it judges by, also those that found nothing."""
    says: str = ""
    """What it measured, in a few words; empty where the plugin gives none."""


@dataclass(frozen=True)
class Cost:
    """What the run cost; `trainings` counts epochs in units of one full training."""

    trials: int = 0
    epochs: int = 0
    seconds: float = 0.0
    trainings: float = 0.0
    proofs: float = 0.0
    """Of the seconds, those that went into trying repairs."""


@dataclass(frozen=True)
class Against:
    """Whether the validation score held against that of a stored run."""

    run: str
    """The stored run, as the user names it."""
    passed: bool
    message: str
    """Both scores and the noise, or why they cannot be compared."""
    metric: str | None = None
    before: float | None = None
    """In the stored run."""
    after: float | None = None
    """In this one."""
    noise: float | None = None
    """By how much it may fall by chance."""

    def __post_init__(self) -> None:
        keep_finite(self, "before", "after", "noise")


OPEN = ", as far as there was time"
"""Behind the verdict of a run whose budget left out whole steps."""
NO_WINNER = "No best setting: no trial ended with a score."


@dataclass(frozen=True)
class RunResult:
    """Everything a run found; result.json holds exactly this."""

    name: str
    diagnosis: tuple[str, ...] = ()
    steps: tuple[StepResult, ...] = ()
    trials: tuple[Trial, ...] = ()
    metric: str = "score"
    baseline: Best | None = None
    best: Best | None = None
    cost: Cost = field(default_factory=Cost)
    environment: Mapping[str, Scalar] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    interrupted: bool = False
    against: Against | None = None
    chosen: Chosen | None = None
    """The model to use, where a step chose one."""
    columns: tuple[ColumnFacts, ...] = ()
    """Of a table: what its columns are and how each is used."""
    left_out: tuple[LeftOut, ...] = ()
    """What was not done for want of budget, in the order in which it was given up."""
    folder: Path | None = None
    """Where the run folder lies; not part of result.json."""

    @property
    def verdict(self) -> Verdict:
        """`fail` when a step failed, crashed or nothing ran, where no trial has a score, or where
        the score fell below that of a stored run; `warn` when a finding warns.
        """
        statuses = {step.status for step in self.latest_steps}
        if self.interrupted or statuses & {"fail", "error"} or not statuses & {"pass", "warn"}:
            return "fail"
        if self.without_winner or (self.against and not self.against.passed):
            return "fail"
        return "warn" if "warn" in statuses else "pass"

    @property
    def without_winner(self) -> bool:
        """Whether trials failed or diverged, and none has a score. Where a budget merely ended them
        before they had one, nothing is known, and nothing is wrong.
        """
        ended = any(trial.status != "stopped" for trial in self.trials)
        return ended and self.best is None

    @property
    def only_declared(self) -> bool:
        """Whether the declared setting was trained, and nothing else."""
        return bool(self.trials) and all(trial.number == 0 for trial in self.trials)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings that count, causes before consequences, in the order of `diagnosis`."""
        found = [f for step in self.latest_steps for f in step.findings if f.counts]
        order = {rule: position for position, rule in enumerate(self.diagnosis)}
        return tuple(sorted(found, key=lambda f: order.get(f.rule, len(order))))

    @property
    def unfinished(self) -> bool:
        """Whether the budget ended before whole steps were done: what these look for is open."""
        names = {step.name for step in self.steps}
        return any(said.what in names for said in self.left_out)

    @property
    def open_end(self) -> str:
        """What stands behind a verdict in words; empty where all was looked at, or it failed."""
        return OPEN if self.unfinished and self.verdict != "fail" else ""

    @property
    def repaired(self) -> tuple[str, ...]:
        """The rules whose remedies the run applied: the declared experiment has their faults."""
        return tuple(f.rule for f in self.findings if f.remedy is not None and f.remedy.applied)

    @property
    def latest_steps(self) -> tuple[StepResult, ...]:
        """Each step in its last round: earlier rounds are history, not verdict."""
        return latest(self.steps)

    def step(self, name: str) -> StepResult:
        """The last round of the step `name`; KeyError when it is not part of the run."""
        for step in reversed(self.steps):
            if step.name == name:
                return step
        raise KeyError(name)

    def to_json(self) -> dict[str, Any]:
        """The content of result.json."""
        data = asdict(self)
        del data["folder"]
        head = {"schema": SCHEMA, "name": self.name, "verdict": self.verdict}
        return head | {key: value for key, value in data.items() if key != "name"}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], folder: Path | None = None) -> "RunResult":
        """Read back what `to_json` wrote, by this version or by an earlier one: what was not
        written then has its default.

        Raises:
            ValueError: the schema is not the one this version writes, or a value is none there is.
            TypeError: it holds something else than a result.

        """
        if not isinstance(data, Mapping):
            raise TypeError(f"it holds a {type(data).__name__}")
        if data.get("schema") != SCHEMA:
            schema = data.get("schema")
            newer = isinstance(schema, int) and schema > SCHEMA
            by = "; a newer version of recipe wrote it: update yours to read it" if newer else ""
            raise ValueError(f"its schema is {schema!r}, expected {SCHEMA}{by}")
        known = {key: data[key] for key in data if key not in {"schema", "verdict"}}
        readers = {
            "diagnosis": tuple,
            "steps": each(step_from_json),
            "trials": each(trial_from_json),
            "baseline": best_from_json,
            "best": best_from_json,
            "cost": lambda cost: record(Cost, cost),
            "against": lambda against: record(Against, against) if against else None,
            "chosen": chosen_from_json,
            "columns": each(column_from_json),
            "left_out": each(lambda said: record(LeftOut, said)),
        }
        return replace(record(cls, known, readers), folder=folder)

    def _repr_markdown_(self) -> str:
        """The report with its plots in it, as notebooks show it."""
        report = self.folder / "report.md" if self.folder else None
        if report is None or not report.exists():
            return f"**{self.name}: {self.verdict}**"
        return _PICTURE.sub(lambda found: _within(report.parent, found), report.read_text("utf-8"))


_PICTURE = re.compile(r"\]\(((?:plots/)?[\w.-]+\.png)\)")


def _within(folder: Path, found: re.Match[str]) -> str:
    """The link to a picture as the picture itself: no notebook can follow a path."""
    try:
        picture = (folder / found[1]).read_bytes()
    except OSError:
        return found[0]
    return f"](data:image/png;base64,{b64encode(picture).decode()})"


def latest(steps: Sequence[StepResult]) -> tuple[StepResult, ...]:
    """The last round of each step, in the order of their first appearance."""
    return tuple({step.name: step for step in steps}.values())


def step_from_json(data: Mapping[str, Any]) -> StepResult:
    """Read back one step of result.json or of the journal."""
    readers = {
        "status": one_of(Status),
        "evidence": lambda evidence: record(Evidence, evidence),
        "findings": each(finding_from_json),
        "figures": each(figure_from_json),
        "rules": tuple,
    }
    return record(StepResult, data, readers)
