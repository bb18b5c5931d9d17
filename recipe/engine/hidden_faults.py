"""What follows the steps: behind a fault that stopped the run the short steps look once more, at
the experiment as repaired; then all remedies are tried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from recipe.core.clock import is_up
from recipe.core.events import Progress
from recipe.core.evidence import Evidence
from recipe.core.findings import status_of
from recipe.core.keys_and_seeds import key
from recipe.core.results import StepResult, latest
from recipe.engine.diagnosis import diagnose
from recipe.engine.engine import Engine
from recipe.engine.remedy_proof import Verifier
from recipe.engine.step_time import half_of_time
from recipe.plugin.context import Context
from recipe.plugin.registry import Plugin, all_rules
from recipe.plugin.rules import Rule
from recipe.plugin.step import is_short
from recipe.search.checkpoints import Checkpoints
from recipe.training.fingerprint import configuration

MOST_LOOKS = 3
"""Four faults at once are the most that are told apart."""


@dataclass
class Search:
    """The faults of a run: those that its steps found, and what these hid."""

    engine: Engine
    steps: tuple[StepResult, ...]
    causes: tuple[str, ...]
    """Most probable first."""
    evidence: dict[str, Evidence] = field(default_factory=dict)
    """By rule, where a finding is about another measurement than its step's."""


def proved(engine: Engine) -> list[StepResult]:
    """The results of a run, with the faults that were hidden, and what all remedies brought."""
    if engine.usage_error is not None:
        return engine.results
    rules = all_rules(engine.plugins)
    found = Search(engine, *diagnose(engine.results, rules.values()))
    stopped = engine.failed_at in [plugin.step.name for plugin in _short(engine)]
    if stopped and engine.ctx.settings.verify_budget != "off":
        with engine.ctx.meter.proving():
            _search(found, rules)
    with engine.ctx.meter.proving():
        verifier = Verifier(engine.ctx, engine.journal, rules)
        steps = verifier.verify(found.steps, found.causes, found.evidence)
    return [
        replace(step, status=status_of(step.findings))
        if step.status in ("pass", "warn", "fail")
        else step
        for step in steps
    ]


def _short(engine: Engine) -> list[Plugin]:
    return [plugin for plugin in engine.plugins if is_short(plugin.step)]


def _search(found: Search, rules: Mapping[str, Rule]) -> None:
    """Repair what is known, without proof, and look again, as long as something new shows."""
    repaired = Verifier(found.engine.ctx, found.engine.journal, rules)
    new = found.causes
    if not new:  # a step of ours or of a plugin crashed, and nothing was found
        return
    for number in range(MOST_LOOKS):
        if not _pays_for_look(found.engine, number):
            return
        behind = _repair(repaired, found, new)
        if number and not behind:
            return
        new = _look(found, repaired, behind)
        if not new:
            return


def _pays_for_look(engine: Engine, number: int) -> bool:
    """Whether the rest of a budget of time pays for the short steps once more, which take about as
    long as they took.
    """
    ctx, short = engine.ctx, {plugin.step.name for plugin in _short(engine)}
    took = sum(step.seconds for step in engine.results if step.name in short)
    if ctx.decide(f"look {number}", lambda: int(not is_up(before=took))):
        return True
    ctx.meter.leave_out("a look for what the fault hides")
    return False


def _repair(repaired: Verifier, found: Search, causes: Sequence[str]) -> str | None:
    """Apply the remedies of these causes that stop a run or are sure; the first of them."""
    named = {f.rule: (f, step) for step in latest(found.steps) for f in step.findings}
    first = None
    for name in causes:
        rule, (finding, step) = repaired.rules[name], named[name]
        if rule.remedy is None or not (finding.severity == "fail" or rule.exact):
            continue
        evidence = found.evidence.get(name, step.evidence)
        if repaired.adopt(rule.remedy, finding, evidence):
            first = first or name
    return first


def _look(found: Search, repaired: Verifier, behind: str | None) -> tuple[str, ...]:
    """Run the short steps to their end, and take in what they find now.

    Behind a failing step only exact marks count: the others may follow from what is wrong there.

    Args:
        found: so far; what is new is added.
        repaired: holds the experiment with what could be repaired.
        behind: a fault that was repaired; None where none could be, so the experiment is as it was.

    Returns:
        The new causes. What was taken for a consequence of a fault is a cause of its own when it
        outlives the repair.

    """
    engine = found.engine
    if behind:
        engine.ctx.say(f"Behind {behind}: the short steps run again on the repaired experiment.")
    look = Engine(_short(engine), _context(engine.ctx, repaired), engine.journal)
    given_up = engine.ctx.meter.left_out
    before = len(given_up)
    with half_of_time(engine.ctx):
        look.run()
    if len(given_up) > before:
        given_up[before:] = []
        engine.ctx.meter.leave_out("a part of the look for what the fault hides")
    if look.usage_error is not None:
        return ()
    known = {
        f.rule for step in latest(found.steps) for f in step.findings
        if f.because is None or not behind
    }  # fmt: skip
    seen, causes = diagnose(look.results, repaired.rules.values())
    sure = _sure(latest(seen), repaired.rules)
    new = tuple(rule for rule in causes if rule not in known and rule in sure)
    hiding = behind or found.causes[0]
    by_step = {
        step.name: tuple(replace(f, behind=hiding) for f in step.findings if f.rule in new)
        for step in latest(seen)
    }
    current = latest(found.steps)
    found.steps = tuple(
        replace(
            step,
            findings=(
                *(f for f in step.findings if f.rule not in new),
                *by_step.get(step.name, ()),
            ),
        )
        if step in current
        else step
        for step in found.steps
    )
    found.causes = (*found.causes, *new)
    for step in latest(seen):
        found.evidence |= {f.rule: step.evidence for f in step.findings if f.rule in new}
    return new


def _sure(steps: Sequence[StepResult], rules: Mapping[str, Rule]) -> set[str]:
    """What the steps found up to the first that fails, and exact marks behind it."""
    sure, failed = set(), False
    for step in steps:
        sure |= {f.rule for f in step.findings if not failed or rules[f.rule].exact}
        failed = failed or step.status in ("fail", "error")
    return sure


def _context(ctx: Context, verifier: Verifier) -> Context:
    """The run's context around the repaired experiment; trials of it are no trials of the run."""
    name = key("behind", ctx.runner.fingerprint, verifier.chain, configuration(verifier.experiment))
    epochs = verifier.experiment.epochs or 1
    runner = replace(
        ctx.runner,
        data=verifier.data,
        fingerprint=name,
        checkpoints=Checkpoints(ctx.runner.journal, ctx.runner.folder, epochs),
        on_trial=lambda *_: None,
        tune=lambda: ctx.careful_mode,
        counted=set(),
        places=None,
        _mode=None,
    )

    def emit(event: object) -> None:
        if isinstance(event, Progress):
            ctx.emit(event)

    return Context(
        experiment=verifier.experiment,
        data=verifier.data,
        device=ctx.device,
        settings=replace(ctx.settings, keep_going=True, fix=False, mend=()),
        runner=runner,
        meter=ctx.meter,
        emit=emit,
    )
