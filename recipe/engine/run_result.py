"""Everything a run found, as one result."""

from collections.abc import Mapping
from typing import Any

from recipe.core.evidence import Scalar
from recipe.core.results import Cost, RunResult
from recipe.core.trials import Best, Trial
from recipe.engine.diagnosis import diagnose
from recipe.engine.engine import Engine
from recipe.plugin.context import Context


def assemble(
    engine: Engine,
    name: str,
    environment: Mapping[str, Scalar],
    settings: Mapping[str, Any],
    *,
    interrupted: bool,
) -> RunResult:
    """Everything the run found, as one result."""
    ctx = engine.ctx
    rules = [rule for plugin in engine.plugins for rule in plugin.step.rules]
    steps, diagnosis = diagnose(engine.results, rules)
    baseline, best = ctx.baseline_trial or ctx.reference, ctx.best_trial
    epochs = round(sum(t.trained for t in ctx.trials if not ctx.on_features(t)))
    return RunResult(
        name=name,
        diagnosis=diagnosis,
        steps=steps,
        trials=tuple(ctx.trials),
        metric=ctx.experiment.metric_name,
        baseline=_as_best(baseline, ctx) if baseline else None,
        best=_as_best(best, ctx) if best else None,
        cost=Cost(
            trials=len(ctx.trials),
            epochs=epochs,
            seconds=ctx.meter.seconds,
            trainings=ctx.meter.epochs / (ctx.experiment.epochs or 1),
            proofs=ctx.meter.proofs,
        ),
        environment=environment,
        settings=settings,
        interrupted=interrupted,
        chosen=ctx.chosen,
        columns=ctx.experiment.columns,
        left_out=tuple(ctx.meter.left_out),
    )


def _as_best(trial: Trial, ctx: Context) -> Best:
    params = ctx.experiment_of(trial).params
    known = {name: value for name, value in params.items() if value is not None}
    return Best(known, trial.val_score, trial.val_loss, trial.best_epoch)
