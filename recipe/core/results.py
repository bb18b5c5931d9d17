"""The one result type that terminal, JSON and report read (standard library only).

Every class is frozen and JSON-able: `to_json` gives plain dicts and lists, `from_json` reads
them back. A non-finite number never enters: it becomes None here, so no comparison in a rule
can let a NaN pass as "not above the limit".
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from recipe.core.chosen import Chosen, chosen_from_json

SCHEMA = 1

Severity = Literal["fail", "warn", "note"]
Status = Literal["pass", "warn", "fail", "skip", "error"]
Verdict = Literal["pass", "warn", "fail"]
TrialStatus = Literal["finished", "stopped", "diverged", "failed"]
Scalar = float | int | bool | str | None
Curve = tuple[float | None, ...]


def finite(value: float | None) -> float | None:
    """`value`, or None when it is NaN or infinite."""
    if value is None or not math.isfinite(value):
        return None
    return float(value)


def curve(values: Iterable[float | None]) -> Curve:
    """A curve with its non-finite points as None."""
    return tuple(finite(value) for value in values)


def _keep_finite(record: Any, *names: str) -> None:
    for name in names:
        object.__setattr__(record, name, finite(getattr(record, name)))


def _scalar(value: Scalar) -> Scalar:
    if isinstance(value, float):
        return finite(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"Evidence holds numbers, booleans and strings; got {type(value).__name__}.")


@dataclass(frozen=True)
class Evidence:
    """What a step measured, without a verdict: named scalars and named curves."""

    scalars: Mapping[str, Scalar] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)

    def __post_init__(self) -> None:
        scalars = {name: _scalar(value) for name, value in self.scalars.items()}
        curves = {name: curve(values) for name, values in self.curves.items()}
        object.__setattr__(self, "scalars", scalars)
        object.__setattr__(self, "curves", curves)

    def number(self, name: str) -> float | None:
        """The scalar as a float; None when it is missing, not a number, or was not finite."""
        value = self.scalars.get(name)
        return float(value) if isinstance(value, int | float) else None

    def flag(self, name: str) -> bool:
        """True only when the scalar is present and true."""
        return self.scalars.get(name) is True

    def text(self, name: str) -> str | None:
        """The scalar when it is a string."""
        value = self.scalars.get(name)
        return value if isinstance(value, str) else None

    def curve(self, name: str) -> Curve:
        """The curve, or an empty one when it was not measured."""
        return self.curves.get(name, ())


@dataclass(frozen=True)
class RemedyOutcome:
    """A remedy and what retraining with it brought; `verified` is None while untested."""

    name: str
    verified: bool | None = None
    metric: str | None = None
    before: float | None = None
    after: float | None = None
    applied: bool = False
    """Whether the run went on with it."""

    def __post_init__(self) -> None:
        _keep_finite(self, "before", "after")


@dataclass(frozen=True)
class Finding:
    """One rule's verdict on one step's evidence."""

    rule: str
    severity: Severity
    message: str
    advice: str
    confidence: float = 1.0
    remedy: RemedyOutcome | None = None
    blocks: bool = False
    """The experiment cannot be used until this is mended."""
    because: str | None = None
    """The rule whose finding explains this one."""
    ignored: str | None = None
    """The user's reason for ignoring it."""
    behind: str | None = None
    """The rule whose fault stopped the run and hid this one: it was found with that one mended."""

    @property
    def counts(self) -> bool:
        """Whether it bears on the status: neither ignored by the user nor a mere note."""
        return self.ignored is None and self.severity != "note"


@dataclass(frozen=True)
class Figure:
    """A plot described as data: which curves of the evidence, on which axes.

    Kinds: `line` (series over x), `bars` (series over x as bars), `map` (series[0] as colour
    over x and series[1]). Reports draw it; results do not know how.
    """

    name: str
    title: str
    series: tuple[str, ...]
    kind: Literal["line", "bars", "map"] = "line"
    x: str | None = None
    x_label: str = "iteration"
    y_label: str = "loss"
    log_x: bool = False
    log_y: bool = False
    mark_x: tuple[str, ...] = ()
    """Scalars shown as vertical lines: the chosen point."""
    mark_y: tuple[str, ...] = ()
    """Scalars shown as horizontal lines: the expected value."""
    caption: str = ""
    """What it shows and how to read it, in one sentence; empty: the report says what is drawn."""


@dataclass(frozen=True)
class Trial:
    """One training run of the search, a line in the laboratory notebook."""

    key: str
    step: str
    round: int
    number: int
    params: Mapping[str, Scalar]
    seed: int
    status: TrialStatus
    epochs: int
    """Whole epochs that were trained."""
    planned_epochs: int
    seconds: float
    metric: str = "val_score"
    val_score: float | None = None
    """Score of the best epoch, the one whose weights are kept."""
    val_loss: float | None = None
    best_epoch: int | None = None
    """Zero-based epoch of the snapshot."""
    reason: str | None = None
    """Why it ended early or failed."""
    curves: Mapping[str, Curve] = field(default_factory=dict)
    part: float = 0.0
    """Share of one more epoch, of a trial that was stopped in the middle of it."""
    rung: float | None = None
    """Epochs after which it was compared with others; the curve `rung_loss` says how it stood."""
    repeats: str | None = None
    """Key of the trial whose setting this one trained from another seed; it is never the best."""
    set_aside: bool = False
    """Its score was the best, but not for certain: it is not the best of the run."""

    def __post_init__(self) -> None:
        curves = {name: curve(values) for name, values in self.curves.items()}
        object.__setattr__(self, "curves", curves)
        _keep_finite(self, "val_score", "val_loss")

    @property
    def trained(self) -> float:
        """Epochs that were trained, the part of an unfinished one included."""
        return self.epochs + self.part


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
class Best:
    """The chosen trial, or the baseline: parameters and the score of the kept epoch."""

    params: Mapping[str, Scalar]
    val_score: float | None
    val_loss: float | None = None
    epoch: int | None = None
    checkpoint: str | None = None

    def __post_init__(self) -> None:
        _keep_finite(self, "val_score", "val_loss")


@dataclass(frozen=True)
class Cost:
    """What the run cost; `trainings` counts epochs in units of one full training."""

    trials: int = 0
    epochs: int = 0
    seconds: float = 0.0
    trainings: float = 0.0


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
        _keep_finite(self, "before", "after", "noise")


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
        """Whether trials were trained, and none of them has a score."""
        return bool(self.trials) and self.best is None

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
            raise ValueError(f"its schema is {data.get('schema')!r}, expected {SCHEMA}")
        known = {key: data[key] for key in data if key not in {"schema", "verdict"}}
        readers = {
            "diagnosis": tuple,
            "steps": _each(step_from_json),
            "trials": _each(_trial_from_json),
            "baseline": _best_from_json,
            "best": _best_from_json,
            "cost": lambda cost: Cost(**cost),
            "against": lambda against: Against(**against) if against else None,
            "chosen": chosen_from_json,
        }
        return cls(**_read(known, readers), folder=folder)

    def _repr_markdown_(self) -> str:
        """The report, shown by notebooks; links to plots lead into the run folder."""
        report = self.folder / "report.md" if self.folder else None
        if report is None or not report.exists():
            return f"**{self.name}: {self.verdict}**"
        return report.read_text("utf-8").replace("](plots/", f"]({report.parent}/plots/")


def latest(steps: Sequence[StepResult]) -> tuple[StepResult, ...]:
    """The last round of each step, in the order of their first appearance."""
    return tuple({step.name: step for step in steps}.values())


def _read(data: Mapping[str, Any], readers: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """The values of a record, those that have a reader read by it."""
    return {key: readers[key](value) if key in readers else value for key, value in data.items()}


def _each(reader: Callable[[Any], Any]) -> Callable[[Iterable[Any]], tuple[Any, ...]]:
    return lambda values: tuple(reader(value) for value in values)


def _one_of(kind: Any) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if value not in get_args(kind):
            raise ValueError(f"{value!r} is none of {', '.join(get_args(kind))}")
        return value

    return check


def _trial_from_json(data: Mapping[str, Any]) -> Trial:
    return Trial(**_read(data, {"status": _one_of(TrialStatus)}))


def _best_from_json(data: Mapping[str, Any] | None) -> Best | None:
    return Best(**data) if data else None


def step_from_json(data: Mapping[str, Any]) -> StepResult:
    """Read back one step of result.json or of the journal."""
    readers = {
        "status": _one_of(Status),
        "evidence": lambda evidence: Evidence(**evidence),
        "findings": _each(finding_from_json),
        "figures": _each(figure_from_json),
        "rules": tuple,
    }
    return StepResult(**_read(data, readers))


def figure_from_json(data: Mapping[str, Any]) -> Figure:
    """Read back one figure: JSON has lists where a figure has tuples."""
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
    return Figure(**plain)


def finding_from_json(data: Mapping[str, Any]) -> Finding:
    """Read back one finding."""
    readers = {
        "severity": _one_of(Severity),
        "remedy": lambda remedy: RemedyOutcome(**remedy) if remedy else None,
    }
    return Finding(**_read(data, readers))
