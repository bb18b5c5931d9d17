"""Makes learning curves whose cause is known, because the choices were tried.

    python tests/faults/curves_by_cause.py [--only NAME]

Small models on real digits and on rings are trained under schedules of many kinds. Each is then
trained again with a lower rate at the end, with the early rate kept, and for longer, under three
seeds that the rules never see; the causes of a curve are the choices that win on average, beyond
the spread over seeds. What step 6 measures on the curve itself is kept beside them, in
curves_by_cause.jsonl.
"""

import argparse
import json
import math
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from bases import digit_images
from torch import nn

from recipe import Experiment
from recipe.plugin.context import Context
from recipe.testing import open_context
from recipe.training.fit import Fit
from recipe.training.loop import Training
from recipe.training.plan import planned_rates
from recipe_steps.learning_curves import LearningCurves, branches
from recipe_steps.learning_curves.remedies import LONGER
from recipe_steps.learning_curves.schedule_rules import still_improving
from recipe_steps.learning_curves.shapes import first_drop

KEPT = Path(__file__).with_name("curves_by_cause.jsonl")
SEEDS = (11, 12, 13)
LEAST_SCORE, LEAST_LOSS = 0.005, 0.05
"""Gains below which nobody would change a thing: of the score, and of the loss."""
LOST = 0.1
"""Rise of validation loss over its minimum by which stopping early wins."""
FAR = 0.1
"""Gain of a larger model by which the model was too small."""
CURVES = ("train_loss", "val_loss", "train_score", "val_score", "lr")


def net(inputs: int, outputs: int, *widths: int) -> Callable[[], nn.Module]:
    """A factory of a network with hidden layers of these widths; none: a linear model."""

    def make() -> nn.Module:
        sizes = (inputs, *widths)
        hidden = [
            m for a, b in zip(sizes, widths, strict=False) for m in (nn.Linear(a, b), nn.ReLU())
        ]
        return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(sizes[-1], outputs))

    return make


def digits(n: int = 900, wrong: float = 0.0) -> dict[str, Any]:
    """`n` training images, a share of their labels wrong, and the last half to validate on."""
    x, y = digit_images()
    source = torch.Generator().manual_seed(0)
    other = (y + torch.randint(1, 10, y.shape, generator=source)) % 10
    noisy = torch.where(torch.rand(y.shape, generator=source) < wrong, other, y)
    return {"train": (x[:n], noisy[:n]), "val": (x[900:], y[900:])}


def rings(n: int = 800) -> dict[str, Any]:
    """Two rings around each other: no straight line parts them."""
    source = torch.Generator().manual_seed(1)
    y = torch.arange(2 * n) % 2
    turn = 6.283 * torch.rand(2 * n, generator=source)
    radius = 1 + y + 0.3 * torch.randn(2 * n, generator=source)
    x = radius[:, None] * torch.stack([turn.cos(), turn.sin()], 1)
    return {"train": (x[:n], y[:n]), "val": (x[n:], y[n:])}


def plane(n: int = 400) -> dict[str, Any]:
    """A linear function of twenty inputs, and noise of half its spread."""
    source = torch.Generator().manual_seed(2)
    x = torch.randn(n + 1000, 20, generator=source)
    y = x @ (torch.randn(20, generator=source) / 20**0.5)
    y = (y + 0.7 * torch.randn(len(y), generator=source))[:, None]
    return {"train": (x[:n], y[:n]), "val": (x[n:], y[n:]), "task": "regression"}


def dropping(at: float, factor: float = 0.1) -> Callable[[float], float]:
    """A schedule with one drop."""
    return lambda progress: 1.0 if progress < at else factor


Made = Iterator[tuple[str, Experiment]]
BASE = {"model": net(64, 10, 32), "batch_size": 32, "weight_decay": 0.0}


def constant() -> Made:
    """Rates that stay: good ones, ones too high to settle, runs that are too short."""
    clean, noisy = digits(), digits(wrong=0.2)
    for lr in (0.02, 0.05, 0.1, 0.2, 0.3):
        for epochs in (10, 24):
            for kind, data, width in (("clean", clean, 32), ("noisy", noisy, 16)):
                yield f"constant {lr:g}, {epochs} epochs, {kind}", Experiment(
                    **{**BASE, **data, "model": net(64, 10, width)}, lr=lr, epochs=epochs,
                    schedule="constant")  # fmt: skip
    for width, batch, optimizer, lr in (
        (8, 8, "sgd", 0.03), (8, 8, "sgd", 0.05), (16, 4, "sgd", 0.05), (12, 4, "sgd", 0.05),
        (16, 8, "adam", 0.02), (16, 8, "adam", 0.05), (8, 4, "rmsprop", 0.02),
    ):  # fmt: skip
        yield f"unsettled {optimizer} {lr:g}, {width} wide, batch {batch}", Experiment(
            **{**BASE, **clean, "model": net(64, 10, width), "batch_size": batch}, lr=lr, epochs=12,
            optimizer=optimizer, schedule="constant")  # fmt: skip
    for lr in (5e-4, 2e-3, 4e-3, 6e-3):
        yield f"plane, constant {lr:g}", Experiment(
            **{**BASE, **plane(), "model": net(20, 1), "batch_size": 4}, lr=lr, epochs=12,
            schedule="constant")  # fmt: skip
    for lr in (3e-4, 1e-3, 1e-2, 3e-2):
        yield f"constant adam {lr:g}, noisy", Experiment(
            **BASE, **noisy, optimizer="adam", lr=lr, epochs=20, schedule="constant")  # fmt: skip
    for lr in (0.001, 0.003, 0.01):
        for epochs in (6, 10):
            yield f"short, constant {lr:g}, {epochs} epochs", Experiment(
                **BASE, **clean, lr=lr, epochs=epochs, schedule="constant")  # fmt: skip


def decaying() -> Made:
    """Early drops, usual schedules, a warm-up, an early spike."""
    clean, noisy = digits(), digits(wrong=0.2)
    for lr in (0.003, 0.01, 0.03):
        for at in (0.15, 0.3, 0.5):
            yield f"drop at {at:g} of {lr:g}", Experiment(
                **BASE, **clean, lr=lr, epochs=24, schedule=dropping(at))  # fmt: skip
    for schedule in ("cosine", "step", "linear", "inverse_sqrt"):
        for kind, data in (("clean", clean), ("noisy", noisy)):
            yield f"{schedule}, {kind}", Experiment(
                **BASE, **data, lr=0.05, epochs=16, schedule=schedule)  # fmt: skip
    yield "warm-up", Experiment(**BASE, **clean, lr=0.05, epochs=16, warmup=0.15)
    yield "early spike", Experiment(**BASE, **clean, lr=0.4, epochs=16, schedule="cosine")


def fitting() -> Made:
    """Too few items, and models that are too small."""
    for lr, wrong in ((3e-3, 0.0), (3e-3, 0.3), (1e-2, 0.3)):
        yield f"few items, adam {lr:g}, {wrong:.0%} wrong", Experiment(
            **{**BASE, **digits(120, wrong), "model": net(64, 10, 256)}, optimizer="adam", lr=lr,
            epochs=40, schedule="constant")  # fmt: skip
    yield "few items, cosine", Experiment(**BASE, **digits(120), lr=0.05, epochs=40)
    for lr in (0.05, 0.2):
        for name, model in (("linear", net(2, 2)), ("net", net(2, 2, 32))):
            yield f"{name} on rings {lr:g}", Experiment(
                **{**BASE, **rings(), "model": model}, lr=lr, epochs=12)  # fmt: skip


def trained(
    ctx: Context, experiment: Experiment, seed: int, rates: Sequence[float] | None = None
) -> Fit:
    """A fit of this seed to its planned end."""
    training = Training(experiment, ctx.data, seed=seed, device=ctx.device, rates=rates)
    fit = Fit(training, experiment.epochs or 1)
    fit.advance(fit.planned)
    return fit


def gains(ctx: Context, choose: Callable[[int], Fit], before: dict[int, Fit]) -> float:
    """The mean gain in score of a choice; zero where it is not beyond the spread over seeds."""

    def wins(values: list[float], least: float) -> bool:
        error = statistics.stdev(values) / len(values) ** 0.5
        return statistics.fmean(values) > max(least, 2 * error)

    after = {seed: choose(seed) for seed in before}
    score = [(after[s].best_score or 0.0) - (before[s].best_score or 0.0) for s in before]
    fall = [1 - (after[s].best_loss or 0.0) / (before[s].best_loss or 1.0) for s in before]
    if wins(score, LEAST_SCORE):
        return statistics.fmean(score)
    held = statistics.fmean(score) > -LEAST_SCORE / 2
    return LEAST_SCORE * statistics.fmean(fall) if held and wins(fall, LEAST_LOSS) else 0.0


def lost_again(losses: Sequence[Sequence[float | None]]) -> float:
    """How much validation loss rose over its minimum, as a share of it: the lowest three epochs of
    the mean curve against the last three; zero where that is not beyond the spread over seeds.
    """
    curves = [[v or 0.0 for v in curve] for curve in losses]
    mean = [statistics.fmean(values) for values in zip(*curves, strict=True)]
    first = min(range(len(mean) - 2), key=lambda i: sum(mean[i : i + 3]))
    rises = [statistics.fmean(c[-3:]) - statistics.fmean(c[first : first + 3]) for c in curves]
    error = statistics.stdev(rises) / len(rises) ** 0.5
    rose = statistics.fmean(rises)
    return rose / statistics.fmean(mean[first : first + 3]) if rose > 2 * error else 0.0


def causes(ctx: Context) -> dict[str, float]:
    """What would have been better, by the rule that should say so, the largest gain first."""
    experiment = ctx.experiment
    epochs = experiment.epochs or 1
    before = {seed: trained(ctx, experiment, seed) for seed in SEEDS}
    planned = planned_rates(experiment, ctx.data)
    per_epoch = len(planned) // epochs
    tried: dict[str, Callable[[int], Fit]] = {
        "still-improving": lambda seed: trained(
            ctx, replace(experiment, epochs=round(1.5 * epochs)), seed
        ),
    }
    if min(planned) == max(planned):
        lower = branches.lowered(experiment, ctx, round(0.7 * epochs))
        tried["needs-lr-decay"] = lambda seed: trained(ctx, experiment, seed, lower)
    drop = first_drop(planned[per_epoch - 1 :: per_epoch], 2.0)
    if drop is not None:
        late = branches.kept(experiment, ctx, drop)
        tried["decayed-too-early"] = lambda seed: trained(ctx, experiment, seed, late)
    linear = sum(isinstance(m, nn.Linear) for m in experiment.model().modules()) == 1
    if linear and experiment.task == "classification":
        larger = replace(experiment, model=net(2, 2, 64))
        tried["underfitting"] = lambda seed: trained(ctx, larger, seed)
    found = {rule: gains(ctx, choose, before) for rule, choose in tried.items()}
    if found.get("underfitting", 0.0) < FAR:
        found.pop("underfitting", None)
    lost = lost_again([fit.curves["val_loss"] for fit in before.values()])
    if lost > LOST:
        found["overfitting"] = lost
    return dict(sorted(((r, g) for r, g in found.items() if g > 0), key=lambda pair: -pair[1]))


def rounded(value: Any) -> Any:
    """Four digits are enough for curves."""
    return float(f"{value:.4g}") if isinstance(value, float) else value


def row(name: str, experiment: Experiment, why: dict[str, float] | None) -> dict[str, Any]:
    """The causes of one curve, found anew when they are not given, and what step 6 measures."""
    step = LearningCurves()
    with (
        tempfile.TemporaryDirectory() as out,
        open_context(step, experiment, Path(out), exact=True) as ctx,
    ):
        ctx.train_baseline()
        evidence = step.measure(ctx)
        longer = {}
        if still_improving(evidence):  # as the proof of its remedy would
            fit = trained(ctx, replace(ctx.experiment, epochs=math.ceil(LONGER * ctx.experiment.epochs)),
                          ctx.seed)  # fmt: skip
            longer = {"baseline_longer": fit.best_score}
        why = causes(ctx) if why is None else why
    kept = {
        k: rounded(v)
        for k, v in evidence.scalars.items()
        if k.startswith("baseline") or k == "metric"
    }
    curves = {c: [rounded(v) for v in evidence.curve(f"baseline_{c}")] for c in CURVES}
    return {
        "name": name,
        "causes": {k: rounded(v) for k, v in why.items()},
        "scalars": kept | longer,
        "curves": curves,
    }


def kept() -> list[dict[str, Any]]:
    """The rows of the file."""
    return [json.loads(line) for line in KEPT.read_text("utf-8").splitlines()]


def main() -> None:
    """Make them, and replace what the file holds of the same names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="part of a name")
    parser.add_argument("--causes", action="store_true", help="find known causes anew")
    given = parser.parse_args()
    torch.set_num_threads(1)
    known = {r["name"]: r for r in kept()} if KEPT.exists() else {}
    for name, experiment in (*constant(), *decaying(), *fitting()):
        if given.only in name:
            why = None if given.causes or name not in known else known[name]["causes"]
            known[name] = row(name, experiment, why)
            branch = {k: v for k, v in known[name]["scalars"].items() if "branch" in k}
            print(name, known[name]["causes"], branch, flush=True)
    lines = [json.dumps(r, separators=(",", ":")) + "\n" for r in known.values()]
    KEPT.write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main()
