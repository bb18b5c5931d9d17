"""What follows the steps: remedies are tried, and behind a fault that stopped the run the short
steps look once more, at the experiment as mended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from recipe.core.events import Progress
from recipe.core.evidence import Evidence
from recipe.core.findings import status_of
from recipe.core.keys_and_seeds import key
from recipe.core.results import StepResult, latest
from recipe.engine.diagnosis import diagnose
from recipe.engine.engine import Engine
from recipe.engine.remedy_proof import Verifier
from recipe.plugin.context import Context
from recipe.plugin.registry import Plugin, all_rules
from recipe.plugin.step import is_short
from recipe.search.checkpoints import Checkpoints
from recipe.training.fingerprint import configuration

MOST_LOOKS = 2
"""Three faults at once are the most that are told apart."""


def proved(engine: Engine) -> list[StepResult]:
    """The results of a run, with what the remedies brought and what the leading fault hid."""
    if engine.usage_error is not None:
        return engine.results
    rules = all_rules(engine.plugins)
    verifier = Verifier(engine.ctx, engine.journal, rules)
    steps, causes = diagnose(engine.results, rules.values())
    steps = verifier.verify(steps, causes)
    evidence: Mapping[str, Evidence] = {}
    if engine.failed_at in [plugin.step.name for plugin in _short(engine)]:
        for _ in range(MOST_LOOKS):
            mended = (
                None if engine.ctx.meter.spent else verifier.adopt_first(steps, causes, evidence)
            )
            hidden = mended and _look(engine, verifier, steps, mended)
            if not hidden:
                break
            steps, causes, evidence = hidden
            steps = verifier.verify(steps, causes, evidence)
    return [
        replace(step, status=status_of(step.findings))
        if step.status in ("pass", "warn", "fail")
        else step
        for step in steps
    ]


def _short(engine: Engine) -> list[Plugin]:
    return [plugin for plugin in engine.plugins if is_short(plugin.step)]


def _look(
    engine: Engine, verifier: Verifier, steps: Sequence[StepResult], mended: str
) -> tuple[tuple[StepResult, ...], tuple[str, ...], Mapping[str, Evidence]] | None:
    """Run the short steps on the experiment with the fault `mended` repaired.

    Returns:
        The steps with the causes that show now, these causes, and what was measured; None where
        nothing new shows. What was taken for a consequence of the fault is a cause of its own
        when it outlives it.

    """
    engine.ctx.say(f"Behind {mended}: the short steps run again on the repaired experiment.")
    before = engine.ctx.meter.epochs, engine.ctx.meter.seconds
    look = Engine(_short(engine), _context(engine.ctx, verifier), engine.journal)
    look.run()
    verifier.started += engine.ctx.meter.epochs - before[0]  # it is no proof
    verifier.seconds += engine.ctx.meter.seconds - before[1]
    if look.usage_error is not None:
        return None
    known = {f.rule for step in latest(steps) for f in step.findings if f.because is None}
    seen, found = diagnose(look.results, all_rules(engine.plugins).values())
    new = tuple(rule for rule in found if rule not in known)
    if not new:
        return None
    by_step = {
        step.name: tuple(replace(f, behind=mended) for f in step.findings if f.rule in new)
        for step in latest(seen)
    }
    current = latest(steps)
    joined = tuple(
        replace(
            step,
            findings=(
                *(f for f in step.findings if f.rule not in new),
                *by_step.get(step.name, ()),
            ),
        )
        if step in current
        else step
        for step in steps
    )
    return joined, new, {step.name: step.evidence for step in latest(seen)}


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
        _mode=None,
    )

    def emit(event: object) -> None:
        if isinstance(event, Progress):
            ctx.emit(event)

    return Context(
        experiment=verifier.experiment,
        data=verifier.data,
        device=ctx.device,
        settings=ctx.settings,
        runner=runner,
        meter=ctx.meter,
        emit=emit,
    )
