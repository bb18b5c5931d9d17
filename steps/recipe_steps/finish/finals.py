"""Trainings of the best setting for their own sake: from several seeds, each with running averages
of its weights, and one with restarts of the rate. What the journal knows is not trained again.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from recipe.plugin import (
    MODELS,
    Context,
    Experiment,
    Fit,
    RunningAverage,
    Snapshot,
    Training,
    configuration,
    derive_seed,
    evaluate,
    exponential_weights,
    finite,
    iterations_per_epoch,
    key,
    rank,
    read_sealed,
    restart_rates,
    snapshot_of,
    trained_parameters,
    uniform_weights,
    with_weights,
    write_sealed,
)

VERSION = 2
"""Of what is trained here; part of the keys."""
HORIZON = 0.05
"""Of a training: about how far back the exponential average reaches."""
LAST = 0.25
"""Of the epochs whose weights the uniform average takes, at least two of them."""
CYCLES, LEAST_CYCLE = 5, 2
"""Restarts of the snapshot ensemble, and the epochs of each at least (Huang et al. 2017)."""
RAW, EXPONENTIAL, UNIFORM = "raw", "exponential", "last epochs"
OnEpoch = Callable[[float], None]
Rating = tuple[float | None, float | None]
"""Score and loss in validation."""
Made = tuple[int, Mapping[str, Rating], Mapping[str, Snapshot]]
"""Epochs, and of each set of weights its rating and the weights."""


@dataclass(frozen=True)
class Final:
    """One training of the best setting, and the weights that it gave."""

    seed: int
    epochs: int
    scores: Mapping[str, Rating]
    """By the kind of weights, or by the epoch of a snapshot."""
    files: Mapping[str, str]
    """Of these weights, from the run folder."""

    @property
    def averaged(self) -> str | None:
        """The better one of the averages; None where none has a score."""
        known = {k: v for k, v in self.scores.items() if k != RAW and v != (None, None)}
        return max(known, key=lambda name: rank(*known[name]), default=None)


def train(ctx: Context, experiment: Experiment, number: int, on_epoch: OnEpoch) -> Final:
    """Train the setting from the seed of this number; 0 is the seed of the run.

    The raw weights are those of the best epoch; there are none where it diverged before one. The
    averages are those at the end, with the statistics of batch norm read anew.
    """
    seed = ctx.seed if number == 0 else derive_seed(ctx.seed, "final", number)

    def make() -> Made:
        fit = replace(ctx.runner, seed=seed).fit(experiment)
        last = max(2, math.ceil(LAST * fit.planned))
        with _averages(fit.training) as averages:

            def after(fit: Fit) -> None:
                on_epoch(fit.done)
                if fit.status != "diverged" and fit.planned - fit.done < last:
                    averages[UNIFORM].add(trained_parameters(fit.training.model))

            fit.advance(fit.planned, after)
        scores: dict[str, Rating] = {RAW: (fit.best_score, fit.best_loss)}
        raw = fit.weights()
        weights = {RAW: raw} if raw else {}
        for name, average in averages.items():
            if average.count and fit.status == "finished":
                scores[name], weights[name] = _averaged(fit.training, average)
        return fit.done, scores, weights

    return known(ctx, experiment, ("final", seed), seed, make)


def snapshots(ctx: Context, experiment: Experiment, on_epoch: OnEpoch) -> Final | None:
    """One training as long as any other whose rate is set back several times, with the weights at
    the end of each cycle; None where it is too short for two of them.
    """
    epochs = experiment.epochs or 1
    count = min(CYCLES, epochs // LEAST_CYCLE)
    if count < 2 or experiment.lr is None:
        return None
    ends = [round(epochs * (k + 1) / count) for k in range(count)]
    lr = experiment.lr

    def make() -> Made:
        per_epoch = iterations_per_epoch(ctx.data.train, experiment.batch_size)
        lengths = [(b - a) * per_epoch for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        training = Training(
            experiment, ctx.data, seed=ctx.seed, device=ctx.device, mode=ctx.runner.mode.single,
            rates=restart_rates(lr, experiment.warmup, lengths),
        )  # fmt: skip
        fit = Fit(training, epochs)
        scores: dict[str, Rating] = {}
        weights: dict[str, Snapshot] = {}
        for end in ends:
            fit.advance(end, lambda fit: on_epoch(fit.done))
            if fit.status not in (None, "finished") or fit.done < end:
                break
            name = str(end)
            curves = fit.curves
            scores[name] = (curves["val_score"][-1], curves["val_loss"][-1])
            weights[name] = snapshot_of(training.model)
        return fit.done, scores, weights

    return known(ctx, experiment, ("snapshots", ends), ctx.seed, make)


def known(
    ctx: Context, experiment: Experiment, what: tuple[Any, ...], seed: int, make: Callable[[], Made]
) -> Final:
    """From the journal, where its files are there too; made and written down otherwise.

    Args:
        ctx: of the step.
        experiment: that is trained.
        what: tells this training from others of the same experiment, its name first.
        seed: of it.
        make: trains.

    """
    from safetensors.torch import save

    runner, (name, *others) = ctx.runner, what
    label = key(name, VERSION, runner.fingerprint, configuration(experiment), *others)
    kept = runner.journal.get("final", label)
    if kept is not None:
        kept = {**kept, "scores": {n: tuple(v) for n, v in kept["scores"].items()}}
        if all(read_sealed(runner.folder / file) for file in kept["files"].values()):
            ctx.meter.spend(kept["epochs"])
            return Final(**kept)
    epochs, scores, weights = make()
    ctx.meter.spend(epochs)
    (runner.folder / MODELS).mkdir(exist_ok=True)
    files = {}
    for kind, snapshot in weights.items():
        files[kind] = f"{MODELS}/{label}-{kind.replace(' ', '-')}.safetensors"
        write_sealed(runner.folder / files[kind], save(snapshot))
    final = Final(seed, epochs, scores, files)
    runner.journal.put("final", label, vars(final))
    return final


@contextmanager
def _averages(training: Training) -> Iterator[dict[str, RunningAverage]]:
    """Running averages of the weights, the exponential one fed by every update."""
    parameters = trained_parameters(training.model)
    horizon = max(2.0, HORIZON * len(training.rates))
    averages = {
        EXPONENTIAL: RunningAverage(parameters, exponential_weights(1 - 1 / horizon)),
        UNIFORM: RunningAverage(parameters, uniform_weights),
    }
    hook = training.optimizer.register_step_post_hook(
        lambda *_: averages[EXPONENTIAL].add(parameters)
    )
    try:
        yield averages
    finally:
        hook.remove()


def _averaged(training: Training, average: RunningAverage) -> tuple[Rating, Snapshot]:
    """Score and loss of averaged weights, and the model's state with them."""
    with with_weights(training, average.values) as model:
        loss, score = evaluate(model, training.experiment, training.data.val, training.mode)
        return (finite(score), finite(loss)), snapshot_of(model)
