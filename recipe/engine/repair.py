"""Goes on with a fault repaired: its remedy is proved, and the steps to come see what it made."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from recipe.core.findings import Finding, RemedyOutcome, status_of
from recipe.core.keys_and_seeds import key
from recipe.core.results import StepResult
from recipe.data.datasets import Splits
from recipe.engine.remedy_proof import Verifier
from recipe.experiment import Experiment
from recipe.notebook.journal import Journal
from recipe.plugin.context import Context
from recipe.plugin.rules import Rule
from recipe.search.order import Repair
from recipe.training.fingerprint import configuration


@dataclass(frozen=True)
class Repaired:
    """What came of a remedy."""

    result: StepResult
    """Of the step, its finding with what the remedy brought."""
    experiment: Experiment | None = None
    """To go on with; None where the remedy cannot be applied, or where the proof shows that there
    was nothing to mend."""
    data: Splits | None = None
    fingerprint: str = ""
    how: Repair | None = None
    """What another process needs to repair it likewise."""


def repair(
    ctx: Context, journal: Journal, rules: Mapping[str, Rule], result: StepResult, rule: str
) -> Repaired:
    """Prove the remedy of `rule` by retraining, as far as proofs are paid for, and apply it.

    A remedy that brought nothing is applied all the same: its fault may have kept the training
    from showing it, and the user asked for it.
    """
    verifier = Verifier(ctx, journal, rules)
    step = asdict(result)
    (result,) = verifier.verify([result], [rule])
    found = next(f for f in result.findings if f.rule == rule)
    if not found.counts:
        return Repaired(result)
    outcome = found.remedy or RemedyOutcome(rule)
    remedy = rules[rule].remedy
    asked = rule in ctx.settings.mend or found.severity == "fail" or not ctx.settings.fix
    if not (asked or outcome.verified):  # it stops nothing, and no proof says that it helps
        return Repaired(result)
    if remedy is None or not (outcome.verified or verifier.adopt(remedy, found, result.evidence)):
        ctx.say(f"{rule}: its remedy cannot be applied to this experiment.")
        return Repaired(_with(result, replace(found, remedy=replace(outcome, verified=False))))
    ctx.say(f"Going on with {rule} repaired: {remedy.name}.")
    name = key("mended", ctx.runner.fingerprint, remedy.name, configuration(verifier.experiment))
    applied = replace(found, remedy=replace(outcome, applied=True))
    how = Repair(rule, verifier.chain[-1], step)
    return Repaired(_with(result, applied), verifier.experiment, verifier.data, name, how)


def without_acquitted(
    ctx: Context, journal: Journal, rules: Mapping[str, Rule], result: StepResult
) -> StepResult:
    """A step that fails by suspicions alone, each with a remedy to try: before the run stops there
    they are tried, and where the experiment learns and none of the remedies brings anything, they
    are notes and the run goes on. What stands is proved at the end, with all else.
    """
    causes = [f for f in result.findings if f.severity == "fail" and f.counts and not f.because]
    doubts = [f.rule for f in causes if not rules[f.rule].exact and f.remedy is not None]
    if result.status != "fail" or len(doubts) < len(causes):
        return result
    verifier = Verifier(ctx, journal, rules)
    (tried,) = verifier.verify([result], doubts)
    status = status_of(tried.findings)
    if status == "fail":
        return result
    ctx.say(f"Repairing it brings nothing ({', '.join(doubts)}): a note, and the run goes on.")
    return replace(tried, status=status)


def _with(result: StepResult, finding: Finding) -> StepResult:
    findings = (finding if f.rule == finding.rule else f for f in result.findings)
    return replace(result, findings=tuple(findings))


def with_repaired(result: StepResult, mended: Sequence[Finding]) -> StepResult:
    """A later round of a step, and what was repaired before it: the declared experiment has it
    still, so it warns. A fault that outlives its remedy is found as it is.
    """
    seen = {f.rule for f in result.findings}
    still = tuple(
        replace(
            f, severity="warn" if f.severity == "fail" else f.severity, blocks=False, repaired=True
        )
        for f in mended
        if f.rule not in seen
    )
    return replace(result, findings=(*still, *result.findings))


def continue_with(ctx: Context, fresh: Context) -> Context:
    """A context for what is left of the run, around the repaired experiment.

    Trials of the unmended one stay in the notebook, none of them is the best any more.

    Args:
        ctx: the one until now.
        fresh: around the repaired experiment and its data.

    """
    fresh.plan, fresh.measured = ctx.plan, ctx.measured
    same = fresh.experiment.train is ctx.experiment.train
    fresh.data_mended = ctx.data_mended or not same
    fresh.trials = [replace(trial, set_aside=True) for trial in ctx.trials]
    return fresh
