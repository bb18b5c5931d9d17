"""Proves advice: trains the experiment as it is and repaired, from the same seed, and compares.
In which order, and what follows from it, `engine.court` decides.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

from recipe.core.clock import TimeUp, is_up
from recipe.core.errors import UNUSABLE
from recipe.core.evidence import Evidence
from recipe.core.findings import Finding
from recipe.core.leads import ERRORS, Lead
from recipe.core.results import StepResult, latest
from recipe.core.score_noise import fluctuation
from recipe.core.trials import Trial
from recipe.data.datasets import Splits, TensorData
from recipe.data.splitting import load_splits
from recipe.engine.court import Attempt, Case, decide, untried
from recipe.engine.explaining_notes import all_that_explains, in_order
from recipe.engine.proof_training import Retraining
from recipe.engine.score_gain import Result, gain, noise, outcome_of, score_of
from recipe.experiment import Experiment
from recipe.notebook.journal import Journal
from recipe.plugin.context import Context
from recipe.plugin.remedy import Remedy, RemedyInput
from recipe.plugin.rules import Rule
from recipe.tasks.by_loss import ByLoss
from recipe.training.plan import iterations_per_epoch
from recipe.training.preparation import prepare

TRAININGS, ITERATIONS = 5.0, 5000
"""What proving may cost without a budget of its own: full trainings, or where these are short,
iterations."""
PROMISING = 1.0
"""Standard errors of a gain from which a second seed is worth its cost."""
WORTH = 0.01
"""Of a score between 0 and 1, or of the size of another one: a point of a hundred is the least for
which anybody would change a training."""
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
    late: bool = False
    """Whether the time of the run did not suffice for a proof."""

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
            evidence: by rule, where a finding is about another measurement than its step's.

        """
        found: dict[str, tuple[Finding, StepResult]] = {}
        for step in latest(steps):
            for f in step.findings:
                found.setdefault(f.rule, (f, step))  # of two steps that say it, the first
        every = [f for f, _ in found.values()]
        notes = [f.rule for f in every if f.severity == "note" and f.ignored is None and f.remedy]
        names = in_order(self.rules, causes, notes)
        cases = self._cases([found[name] for name in names], every, evidence or {})
        verdict = decide(self, cases)
        if self.late:
            open_ones = untried(verdict, cases)
            for rule in open_ones:
                self.ctx.meter.leave_out(f"the proof of {rule}")
            noted = [found[rule][0] for rule in open_ones]
            verdict.promoted |= all_that_explains(self.rules, causes, noted)
        doubtful = {f.rule for f in every if f.severity == "warn" and f.confidence < DOUBTFUL}
        verdict.acquitted |= doubtful - verdict.upheld
        return tuple(
            replace(step, findings=tuple(map(verdict.of, step.findings))) for step in steps
        )

    def _cases(
        self,
        found: Sequence[tuple[Finding, StepResult]],
        every: Sequence[Finding],
        evidence: Mapping[str, Evidence],
    ) -> list[Case]:
        """Of these findings those whose remedy can be tried, and was not yet."""
        if self.ctx.settings.verify_budget == "off":
            return []
        failed = {f.rule for f in every if f.counts and f.severity == "fail"}
        cases = []
        for f, step in found:
            rule, untried = self.rules[f.rule], f.remedy is not None and f.remedy.verified is None
            if rule.remedy is None or f.remedy is None or not untried or f.remedy.applied:
                continue
            needed = bool((rule.explains - {f.rule}) & failed)
            measured = evidence.get(f.rule, step.evidence)
            cases.append(Case(f, rule.remedy, measured, rule.exact, needed))
        return cases

    def acquits(self, attempt: Attempt) -> bool:
        """Whether a warning that its remedy decides is none, since that brought too little; or a
        failure that is no exact mark, where the experiment learns with it.
        """
        case = attempt.case
        finding = case.finding
        doubtful = finding.confidence < DOUBTFUL
        if finding.severity == "fail":
            cause = case.exact or case.explains_failure
            return attempt.excluded and not cause and self.learns(attempt.before)
        decides = finding.severity == "warn" and (case.remedy.decides or doubtful or not case.exact)
        large = not doubtful or self._large(attempt.before, attempt.after)
        return decides and not (attempt.certain and large)

    def learns(self, reached: Result) -> bool:
        """Whether a score is beyond that of the best constant answer."""
        chance = self.chance
        if reached.score is None or chance is None:
            return reached.score is not None and self.ctx.experiment.metric is not None
        alone = replace(reached, parts=())  # beside itself it differs by nothing
        return reached.score > chance + ERRORS * self._noise(alone, alone)

    @cached_property
    def chance(self) -> float | None:
        """The score of the best constant answer on the validation items; None where the score is
        the user's own, or nobody knows.
        """
        if self.ctx.experiment.metric is not None:
            return None
        try:
            sides = [self.ctx.val_targets]  # which may be of one class, where the split is wrong
            if isinstance(self.ctx.data.train, TensorData):
                sides.append(self.ctx.data.train.y)
            return min(self.ctx.task.chance_score(targets) for targets in sides)
        except UNUSABLE:
            return None

    def adopt(self, remedy: Remedy, finding: Finding, evidence: Evidence) -> bool:
        """Go on with the remedy, whatever it brings; False where it cannot be applied."""
        try:
            mended = remedy.apply(self._subject(self.experiment, finding, evidence))
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
        self.late = self.late or is_up()
        if self.late:
            return True
        epochs, seconds = self.ctx.meter.epochs - self.started, self.ctx.meter.seconds
        budget = self.ctx.settings.verify_budget
        if budget is None or isinstance(budget, str):
            per_epoch = iterations_per_epoch(self.ctx.data.train, self.ctx.experiment.batch_size)
            trainings = TRAININGS * (self.ctx.experiment.epochs or 1)
            return epochs >= max(trainings, ITERATIONS / per_epoch)
        spent = epochs if budget.unit == "epochs" else seconds - self.seconds
        return spent >= budget.amount

    def attempt(self, case: Case) -> Attempt | None:
        """Train with and without a remedy, on top of those that were taken: the best of several
        ways to mend it; None where none can be applied.
        """
        best: Attempt | None = None
        for remedy in (case.remedy, *case.remedy.alternatives):
            if best is not None and self.spent:
                break
            tried = self._one(replace(case, remedy=remedy))
            if tried is not None and (best is None or tried.effect > best.effect):
                best = tried
        return best

    def _one(self, case: Case) -> Attempt | None:
        remedy, declared = case.remedy, case.remedy.as_declared
        experiment = self._of_run() if remedy.of_run else self.experiment
        try:
            mended = remedy.apply(self._subject(experiment, case.finding, case.evidence))
            if mended is None:
                return None
            before = self._before(experiment, mended, declared=declared)
            data = self._data_of(mended)
            after = self.retraining.best(
                mended, data, (*self.chain, remedy.name), declared=declared
            )
        except TimeUp:
            self.late = True
            return None
        except Exception:  # noqa: BLE001 - a remedy that does not fit this experiment
            return None
        lead, certain, excluded = self._judged(before, after)
        seeds = 1
        promising = lead.gain > PROMISING * (lead.error or 0.0)
        close = not certain or case.finding.severity == "note"
        if promising and close and not self.spent:  # once more, as it may be luck
            with suppress(Exception, TimeUp):  # one seed decides then
                again = [
                    self.retraining.best(spec, each, chain, declared=declared, again=True)
                    for spec, each, chain in (
                        (_scored_as(mended, experiment), self.data, self.chain),
                        (mended, data, (*self.chain, remedy.name)),
                    )
                ]
                lead, certain, excluded = self._judged(before, after, again)
                seeds += 1
        helped = after.score is not None if remedy.corrects_score else lead.better
        outcome = outcome_of(remedy, mended, before, after, lead, helped=helped, seeds=seeds)
        effect = self._effect(before, after, either_way=remedy.corrects_score)
        return Attempt(case, outcome, mended, data, before, after, effect, certain, excluded)

    def _judged(
        self, before: Result, after: Result, again: Sequence[Result] = ()
    ) -> tuple[Lead, bool, bool]:
        """What a remedy brought; whether that is certain and worth a warning; whether such a gain
        is excluded: over one seed, or on average over two, whose errors are independent.
        """
        brought, error = gain(before, after), self._noise(before, after)
        if again:
            brought = (brought + gain(*again)) / 2
            error = math.hypot(error, self._noise(*again)) / 2
        lead = Lead(brought, error, len(self.ctx.data.val))
        score = before.score if after.score is None else after.score
        worth = 0.0 if score is None else WORTH * max(1.0, abs(score))
        excluded = brought <= 0 or lead.high < worth
        return lead, lead.better and brought > worth, excluded

    def take(self, attempt: Attempt) -> None:
        """Go on with a remedy: the next ones are tried on top of it."""
        self.experiment, self.data = attempt.experiment, attempt.data
        self.chain = (*self.chain, attempt.case.remedy.name)
        self.before = {attempt.case.remedy.as_declared: attempt.after}

    def without(self, cases: Sequence[Case], left_out: Case) -> Attempt | None:
        """What the remedy of `left_out` brings on top of all others of the chain `cases`."""
        alone = Verifier(self.ctx, self.journal, self.rules)
        for case in cases:
            if case is not left_out and not alone.adopt(case.remedy, case.finding, case.evidence):
                return None
        return alone.attempt(left_out)

    def progress(self, done: int, total: int, rule: str) -> None:
        """Tell the user whose remedy is tried."""
        self.ctx.progress(done, total, f"proving the remedy of {rule}")

    def say(self, text: str) -> None:
        """Tell the user what came of it."""
        self.ctx.say(text)

    @property
    def cost(self) -> str:
        """What one more trial would take."""
        epochs = self.ctx.experiment.epochs or 1
        pace = self.ctx.pace
        if pace is None:
            return f"a trial takes about {2 * epochs} epochs of training"
        return f"a trial takes about {max(1.0, 2 * epochs * pace):.0f} s"

    def _subject(self, experiment: Experiment, finding: Finding, evidence: Evidence) -> RemedyInput:
        return RemedyInput(experiment, self.data, evidence, self.ctx.device, finding)

    def _effect(self, before: Result, after: Result, *, either_way: bool) -> tuple[float, float]:
        """The gain, as remedies are ranked by it: what is worse than chance is as bad as chance,
        and a score that was measured wrongly is as wrong as it was off. Of equal ones, the plain
        gain.
        """
        plain = gain(before, after)
        if after.score is None or before.score is None:
            return plain, plain
        floor = -math.inf if self.chance is None else self.chance
        difference = max(after.score, floor) - max(before.score, floor)
        return abs(difference) if either_way else difference, plain

    def _of_run(self) -> Experiment:
        """At the setting of the run whose curves were read, where no rate is declared."""
        trial = self.ctx.best_whole
        if self.experiment.lr is not None or trial is None:
            return self.experiment
        return self.experiment.with_params(trial.params)

    def _before(self, experiment: Experiment, mended: Experiment, *, declared: bool) -> Result:
        """What the experiment so far reaches, by the score of the mended one."""
        alike = _scored_as(mended, experiment)
        if alike is not experiment:
            return self.retraining.best(alike, self.data, self.chain, declared=declared)
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
            parts, task = self.retraining.parts_of(trial), type(experiment.resolved_task).__name__
            return Result(trial.val_score, trial.val_loss, wanders, parts, task)
        return self.retraining.best(experiment, self.data, self.chain, declared=declared)

    def _data_of(self, mended: Experiment) -> Splits:
        same = mended.train is self.experiment.train and mended.val is self.experiment.val
        if same:
            return self.data
        return prepare(mended, load_splits(mended, self.ctx.device, self.ctx.seed))[1]

    def _large(self, before: Result, after: Result) -> bool:
        """Whether a remedy brought a large share of the score afterwards."""
        relative = before.score is None and after.score is None  # that gain is a share already
        scale = 1.0 if relative else abs(after.score or 0.0)
        return gain(before, after) > LARGE * scale

    def _noise(self, before: Result, after: Result) -> float:
        return noise(before, after, self.ctx.experiment, len(self.ctx.data.val))


def _scored_as(mended: Experiment, experiment: Experiment) -> Experiment:
    """The experiment by the score of the mended one; itself where the two have the same."""
    by_loss = mended.metric is None and isinstance(mended.resolved_task, ByLoss)
    other_loss = by_loss and mended.loss is not experiment.loss
    if other_loss or mended.metric_name != experiment.metric_name:
        return replace(experiment, metric=mended.metric or score_of(mended.resolved_task))
    return experiment
