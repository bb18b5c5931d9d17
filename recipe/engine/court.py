"""Orders faults by what their repairs bring, and acquits warnings that cost nothing.

Each remedy is trained alone; the one that brings most is taken, the others are trained on top of
it, and so on (forward selection). Where none helps alone, one may keep another from helping: the
first that is sure to be a fault is taken all the same, and when the chain has ended it is left out
once, which tells what it brings on top of the others (the step back).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from recipe.core.evidence import Evidence
from recipe.core.findings import Finding, RemedyOutcome
from recipe.data.datasets import Splits
from recipe.engine.score_gain import Result
from recipe.experiment import Experiment
from recipe.plugin.remedy import Remedy, change_of, judged


@dataclass(frozen=True)
class Case:
    """A finding whose remedy is tried."""

    finding: Finding
    remedy: Remedy
    evidence: Evidence
    """That it was found on."""
    exact: bool
    """Whether it stands whatever the remedy brings."""
    explains_failure: bool = False
    """Whether a failure follows from it: then it is a cause, whatever a training comes to."""

    @property
    def rule(self) -> str:
        """Of the finding."""
        return self.finding.rule

    @property
    def stands(self) -> bool:
        """Whether something is wrong, even where the remedy alone brings nothing."""
        return self.exact or self.finding.severity == "fail"


@dataclass(frozen=True)
class Attempt:
    """What came of a remedy on top of those before it."""

    case: Case
    outcome: RemedyOutcome
    experiment: Experiment
    data: Splits
    before: Result
    after: Result
    effect: tuple[float, float]
    """What it brought, as remedies are ranked by it."""
    certain: bool
    """Whether it brought so much that no luck explains it."""
    excluded: bool = False
    """Whether it brought nothing, or a gain that is worth anything would have shown."""

    @property
    def helped(self) -> bool:
        """Whether it brought more than the noise."""
        return bool(self.outcome.verified)


class Trials(Protocol):
    """Trains with and without remedies."""

    @property
    def spent(self) -> bool:
        """Whether the budget of proofs is used up."""
        ...

    @property
    def cost(self) -> str:
        """What one more trial would take."""
        ...

    def attempt(self, case: Case) -> Attempt | None:
        """On top of what was taken; None where the remedy cannot be applied."""
        ...

    def take(self, attempt: Attempt) -> None:
        """Go on with a remedy."""
        ...

    def without(self, cases: Sequence[Case], left_out: Case) -> Attempt | None:
        """What one of a chain brings on top of all others of it."""
        ...

    def learns(self, reached: Result) -> bool:
        """Whether a score is beyond that of the best constant answer."""
        ...

    def acquits(self, attempt: Attempt) -> bool:
        """Whether a finding is none, since its remedy brought too little."""
        ...

    def progress(self, done: int, total: int, rule: str) -> None:
        """Tell the user whose remedy is tried."""
        ...

    def say(self, text: str) -> None:
        """Tell the user what came of it."""
        ...


@dataclass
class Verdict:
    """What was decided, by rule."""

    outcomes: dict[str, RemedyOutcome] = field(default_factory=dict)
    acquitted: set[str] = field(default_factory=set)
    """Findings that become notes."""
    upheld: set[str] = field(default_factory=set)
    """Warnings that were tried and stand."""
    promoted: set[str] = field(default_factory=set)
    """Notes whose repairs bring so much that they are warnings."""

    def of(self, finding: Finding) -> Finding:
        """A finding with the severity and the outcome that were decided."""
        severity = finding.severity
        if finding.rule in self.promoted:
            severity = "warn"
        elif finding.rule in self.acquitted:
            severity = "note"
        remedy = self.outcomes.get(finding.rule, finding.remedy)
        return replace(finding, severity=severity, remedy=remedy)


def decide(trials: Trials, cases: Sequence[Case]) -> Verdict:
    """Try the remedies of these cases, most probable first, as long as the budget of proofs lasts.

    Args:
        trials: trains; its chain holds what was taken when this ends.
        cases: each with a remedy.

    """
    verdict, left = Verdict(), list(cases)
    chain: list[Case] = []
    masked: list[Attempt] = []
    while left and not trials.spent:
        tried = _round(trials, verdict, left, chain)
        helped = [a for a in tried if a.helped]
        best = max(helped, key=lambda a: a.effect) if helped else _sure(tried)
        if best is None:
            break
        chain.append(best.case)
        trials.take(best)
        if best.helped:
            # What is no better than a guess afterwards is not what keeps it from learning.
            place = len(chain) if trials.learns(best.after) else None
            rung = None if place is None else (best.outcome.before, best.outcome.after)
            verdict.outcomes[best.case.rule] = replace(best.outcome, place=place, rung=rung)
        else:
            masked.append(best)
        left = [a.case for a in tried if a is not best and (a.case.stands or a.helped)
                and a.case.rule not in verdict.acquitted]  # fmt: skip
    if any(outcome.place for outcome in verdict.outcomes.values()):
        _step_back(trials, verdict, chain, masked)
    _tell_untried(trials, verdict, cases)
    return verdict


def untried(verdict: Verdict, cases: Sequence[Case]) -> list[str]:
    """The rules whose remedies were not tried."""
    known = verdict.outcomes
    return [c.rule for c in cases if c.rule not in known or known[c.rule].undecided]


def _round(
    trials: Trials, verdict: Verdict, left: Sequence[Case], chain: Sequence[Case]
) -> list[Attempt]:
    """Each of the cases that are left, on top of the chain."""
    tried = []
    for number, case in enumerate(left):
        if trials.spent:
            break
        trials.progress(number, len(left), case.rule)
        attempt = trials.attempt(case)
        if attempt is None:
            continue
        tried.append(attempt)
        known = verdict.outcomes.get(case.rule)
        if known is None:
            verdict.outcomes[case.rule] = attempt.outcome
            trials.say(_sentence(case.rule, attempt.outcome))
            acquitted = trials.acquits(attempt)
            (verdict.acquitted if acquitted else verdict.upheld).add(case.rule)
            if case.finding.severity == "note" and attempt.certain:
                verdict.promoted.add(case.rule)
        elif attempt.helped and not known.verified:  # it was kept from helping
            verdict.outcomes[case.rule] = attempt.outcome
            trials.say(_sentence(case.rule, attempt.outcome, on_top=True))
        elif known.verified and not attempt.helped and not case.exact:
            verdict.outcomes[case.rule] = replace(known, superseded_by=chain[-1].rule)
    return tried


def _sure(tried: Sequence[Attempt]) -> Attempt | None:
    """Of remedies that bring nothing, the first whose fault may keep others from helping; None
    where there is no other.
    """
    standing = [a for a in tried if a.case.stands]
    return standing[0] if len(standing) > 1 else None


def _step_back(
    trials: Trials, verdict: Verdict, chain: Sequence[Case], masked: Sequence[Attempt]
) -> None:
    """What remedies bring on top of the others that brought nothing when they were taken."""
    for attempt in masked:
        if trials.spent:
            return
        again = trials.without(chain, attempt.case)
        if again is not None and again.helped:
            rule = attempt.case.rule
            place = chain.index(attempt.case) + 1
            rung = attempt.outcome.before, attempt.outcome.after
            verdict.outcomes[rule] = replace(again.outcome, place=place, rung=rung)
            trials.say(_sentence(rule, again.outcome, on_top=True))


def _tell_untried(trials: Trials, verdict: Verdict, cases: Sequence[Case]) -> None:
    """Warnings that are no exact marks and were not tried are suspicions: the user is told what a
    decision would take.
    """
    if not trials.spent:
        return
    for case in cases:
        if case.rule in verdict.outcomes or case.exact or case.finding.severity != "warn":
            continue
        why = f"The budget of proofs was spent; {trials.cost}."
        verdict.outcomes[case.rule] = RemedyOutcome(case.remedy.name, undecided=why)
        verdict.acquitted.add(case.rule)


def _sentence(rule: str, outcome: RemedyOutcome, *, on_top: bool = False) -> str:
    where = ", with the others repaired" if on_top else ""
    return f"{rule}: {outcome.name}: {change_of(outcome)}, {judged(outcome)}{where}."
