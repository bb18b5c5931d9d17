"""Proves advice: trains the experiment as it is and repaired, from the same seed, and compares.

Remedies are applied greedily, in the order of the diagnosis: one that helps stays, and the next
one is tried on top of it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from recipe.core.evidence import Evidence
from recipe.core.findings import Finding, RemedyOutcome
from recipe.core.results import StepResult, latest
from recipe.core.score_noise import fluctuation
from recipe.core.trials import Trial
from recipe.data.datasets import Splits
from recipe.data.splitting import load_splits
from recipe.engine.proof_training import Retraining
from recipe.engine.score_gain import (
    ERROR,
    LOSS,
    Result,
    gain,
    noise,
    outcome_of,
    results_of,
    score_of,
)
from recipe.experiment import Experiment
from recipe.notebook.journal import Journal
from recipe.plugin.context import Context
from recipe.plugin.remedy import Remedy, RemedyInput, change_of
from recipe.plugin.rules import Rule
from recipe.tasks.by_loss import ByLoss
from recipe.training.plan import iterations_per_epoch
from recipe.training.preparation import prepare

TRAININGS, ITERATIONS = 3.0, 5000
"""What proving may cost without a budget of its own: full trainings, or where these are short,
iterations."""
CERTAIN = 2.0
"""Standard errors of a score by which a remedy has to help before a warning that it decides is
upheld."""
DOUBTFUL, LARGE = 0.5, 0.1
"""Confidence below which a warning is upheld by its remedy only, and the share of what the score is
then that the remedy has to bring: a choice that costs a little is no fault."""


@dataclass
class Verifier:
    """Tries the remedies of one run's diagnosis."""

    ctx: Context
    journal: Journal
    rules: Mapping[str, Rule]
    chain: tuple[str, ...] = ()
    """Remedies that helped so far."""
    before: dict[bool, Result] = field(default_factory=dict)
    """Without the next remedy: as declared, and shortened."""
    wanders: float = 0.0
    """Of the score before the last remedy that was tried."""

    def __post_init__(self) -> None:
        self.experiment, self.data = self.ctx.experiment, self.ctx.data
        self.started, self.seconds = self.ctx.meter.epochs, self.ctx.meter.seconds
        self.retraining = Retraining(self.ctx, self.journal)

    def verify(
        self,
        steps: Sequence[StepResult],
        causes: Sequence[str],
        evidence: Mapping[str, Evidence] | None = None,
    ) -> tuple[StepResult, ...]:
        """The steps, the findings of `causes` with what their remedies brought.

        Args:
            steps: of the run.
            causes: names of rules, most probable first.
            evidence: by step, where the findings are about another measurement than the steps'.

        """
        found: dict[str, tuple[Finding, StepResult]] = {}
        for step in latest(steps):
            for f in step.findings:
                found.setdefault(f.rule, (f, step))  # of two steps that say it, the first
        outcomes: dict[str, RemedyOutcome] = {}
        warnings = [f for f, _ in found.values() if f.severity == "warn"]
        idle = {f.rule for f in warnings if f.confidence < DOUBTFUL}
        todo = self._todo([found[name] for name in causes])
        for number, (finding, step, remedy) in enumerate(todo):
            if self.spent:
                break
            self.ctx.progress(number, len(todo), f"proving the remedy of {finding.rule}")
            outcome = self._try(remedy, finding, (evidence or {}).get(step.name, step.evidence))
            if outcome is not None:
                outcomes[finding.rule] = outcome
                self.ctx.say(_sentence(finding.rule, outcome))
                if self._refutes(outcome, finding, remedy):
                    idle.add(finding.rule)
                else:
                    idle.discard(finding.rule)
        return tuple(
            replace(step, findings=tuple(_with(f, outcomes, idle) for f in step.findings))
            for step in steps
        )

    def _todo(
        self, found: Sequence[tuple[Finding, StepResult]]
    ) -> list[tuple[Finding, StepResult, Remedy]]:
        """Of these findings those whose remedy can be tried, and was not yet."""
        if self.ctx.settings.verify_budget == "off":
            return []
        return [
            (f, step, remedy) for f, step in found if (remedy := self.rules[f.rule].remedy)
            and f.remedy is not None and f.remedy.verified is None and not f.remedy.applied
        ]  # fmt: skip

    def _refutes(self, outcome: RemedyOutcome, finding: Finding, remedy: Remedy) -> bool:
        """Whether a warning that its remedy decides is none, since that brought too little."""
        doubtful = finding.confidence < DOUBTFUL
        decides = finding.severity == "warn" and (remedy.decides or doubtful)
        return decides and not self._certain(outcome, LARGE if doubtful else 0.0)

    def adopt_first(
        self,
        steps: Sequence[StepResult],
        causes: Sequence[str],
        evidence: Mapping[str, Evidence],
    ) -> str | None:
        """Go on with the first cause repaired; None where nothing is repaired, or proofs are off.

        A remedy that brought nothing is taken all the same where it mends what stopped the run:
        another fault may have kept it from helping. Arguments as of `verify`.

        Returns:
            The rule whose remedy it is.

        """
        if self.ctx.settings.verify_budget == "off":
            return None
        found = {f.rule: (f, step) for step in latest(steps) for f in step.findings}
        for name in causes:
            remedy, (finding, step) = self.rules[name].remedy, found[name]
            if remedy is None:
                continue
            if finding.remedy is not None and finding.remedy.verified:
                return name
            stops = finding.severity == "fail" or any(
                f.because == name and f.severity == "fail" for f, _ in found.values()
            )
            if stops and self.adopt(remedy, finding, evidence.get(step.name, step.evidence)):
                return name
        return None

    def adopt(self, remedy: Remedy, finding: Finding, evidence: Evidence) -> bool:
        """Go on with the remedy, whatever it brings; False where it cannot be applied."""
        subject = RemedyInput(self.experiment, self.data, evidence, self.ctx.device, finding)
        try:
            mended = remedy.apply(subject)
            if mended is None:
                return False
            self.data = self._data_of(mended)
        except Exception:  # noqa: BLE001 - a remedy that does not fit this experiment
            return False
        self.experiment, self.chain, self.before = mended, (*self.chain, remedy.name), {}
        return True

    @property
    def spent(self) -> bool:
        """Whether the budget of proofs, or of the run, is used up."""
        epochs, seconds = self.ctx.meter.epochs - self.started, self.ctx.meter.seconds
        budget = self.ctx.settings.verify_budget
        if budget is None or isinstance(budget, str):
            per_epoch = iterations_per_epoch(self.ctx.data.train, self.ctx.experiment.batch_size)
            trainings = TRAININGS * (self.ctx.experiment.epochs or 1)
            return epochs >= max(trainings, ITERATIONS / per_epoch)
        spent = epochs if budget.unit == "epochs" else seconds - self.seconds
        return spent >= budget.amount

    def _try(self, remedy: Remedy, finding: Finding, evidence: Evidence) -> RemedyOutcome | None:
        experiment = self._of_run() if remedy.of_run else self.experiment
        subject = RemedyInput(experiment, self.data, evidence, self.ctx.device, finding)
        declared = remedy.as_declared
        try:
            mended = remedy.apply(subject)
            if mended is None:
                return None
            before = self._before(experiment, mended, declared=declared)
            data = self._data_of(mended)
            after = self.retraining.best(
                mended, data, (*self.chain, remedy.name), declared=declared
            )
        except Exception:  # noqa: BLE001 - a remedy that does not fit this experiment
            return None
        self.wanders = before.wanders
        helped = gain(before, after) > self._noise(before, after)
        if remedy.corrects_score:
            helped = after.score is not None
        outcome = outcome_of(remedy, mended, before, after, helped=helped)
        if helped:
            self.experiment, self.data, self.chain = mended, data, (*self.chain, remedy.name)
            self.before = {declared: after}
        return outcome

    def _of_run(self) -> Experiment:
        """At the setting of the run whose curves were read, where no rate is declared."""
        trial = self.ctx.best_whole
        if self.experiment.lr is not None or trial is None:
            return self.experiment
        return self.experiment.with_params(trial.params)

    def _before(self, experiment: Experiment, mended: Experiment, *, declared: bool) -> Result:
        """What the experiment so far reaches, by the score of the mended one."""
        by_loss = mended.metric is None and isinstance(mended.resolved_task, ByLoss)
        other_loss = by_loss and mended.loss is not experiment.loss
        if other_loss or mended.metric_name != experiment.metric_name:
            metric = mended.metric or score_of(mended.resolved_task)
            score = replace(experiment, metric=metric)
            return self.retraining.best(score, self.data, self.chain, declared=declared)
        if experiment is not self.experiment:
            return self._unmended(experiment, self.ctx.best_whole, declared=declared)
        known = self.before.get(declared) or self._unmended(
            experiment, self.ctx.baseline_trial, declared=declared
        )
        self.before[declared] = known
        return known

    def _unmended(self, experiment: Experiment, trial: Trial | None, *, declared: bool) -> Result:
        """As the run trained it, where it did; by the same loss as what is repaired."""
        known = trial is not None and (trial.val_score is not None or trial.val_loss is None)
        if declared and not self.chain and trial is not None and known:
            wanders = fluctuation(trial.curves.get("val_score", ()))
            return Result(trial.val_score, trial.val_loss, wanders)
        return self.retraining.best(experiment, self.data, self.chain, declared=declared)

    def _data_of(self, mended: Experiment) -> Splits:
        same = mended.train is self.experiment.train and mended.val is self.experiment.val
        if same:
            return self.data
        return prepare(mended, load_splits(mended, self.ctx.device, self.ctx.seed))[1]

    def _certain(self, outcome: RemedyOutcome, share: float = 0.0) -> bool:
        """Whether the remedy brought so much that the warning stands, and at least this share of
        the score afterwards: one item more of twenty is no proof that something was wrong.
        """
        before, after = results_of(outcome, self.wanders)
        relative = outcome.metric in (LOSS, ERROR)  # their gain is a share already
        scale = 1.0 if relative else abs(outcome.after or 0.0)
        least = max(CERTAIN * self._noise(before, after), share * scale)
        return gain(before, after) > least

    def _noise(self, before: Result, after: Result) -> float:
        return noise(before, after, self.ctx.experiment, len(self.ctx.data.val))


def _sentence(rule: str, outcome: RemedyOutcome) -> str:
    how = "verified" if outcome.verified else "did not help"
    return f"{rule}: {outcome.name}: {change_of(outcome)}, {how}."


def _with(
    finding: Finding, outcomes: Mapping[str, RemedyOutcome], idle: Collection[str]
) -> Finding:
    severity = "note" if finding.rule in idle else finding.severity
    remedy = outcomes.get(finding.rule, finding.remedy)
    return replace(finding, severity=severity, remedy=remedy)
