"""The curves of the best trial and of the baseline, as evidence."""

import math
from contextlib import suppress
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from recipe.plugin import (
    ByLoss,
    Context,
    Curve,
    Evidence,
    Scalar,
    TensorData,
    Tree,
    Trial,
    best_of,
    build_model,
    iterations_per_epoch,
    replayed_origin,
    standard_error,
)
from recipe_steps.initial_loss.loss_behaviour import perfect_answers
from recipe_steps.learning_curves.branches import branch
from recipe_steps.learning_curves.constant_answers import constant_score
from recipe_steps.learning_curves.labels import label_marks, memory_marks
from recipe_steps.learning_curves.looks import with_looks
from recipe_steps.learning_curves.rare_classes import rare_marks
from recipe_steps.learning_curves.regularization import smoothing_of
from recipe_steps.learning_curves.run_curves import runs
from recipe_steps.learning_curves.usual_settings import settings_marks
from recipe_steps.learning_curves.validation_probes import evaluation_marks, validation_marks
from recipe_steps.learning_curves.width import width_of

FEW = 2
"""Items that tell the shape of the outputs."""
PAIRED, SHIFTS, SAME, NOISE = 64, (1, 2, 3, 5), 1e-6, 0.1
"""Items that a metric is tried on and by how many places their targets are moved, the relative
difference that rounding leaves, and the noise of real answers, in deviations."""
MOST_OF_IT = 0.5
"""Of a training that was planned: with less of it, its curves are not read."""
SURE = 8.0
"""A logit that leaves no doubt."""
MOST_REPLAYED = 2000
"""Iterations of a training that diverged, to find the step where it did."""
SEARCHED = ("lr", "weight_decay", "epochs")
"""What a grid's cells differ in; the epochs of a trial are compared as planned."""
CURVES = ("train_loss", "val_loss", "train_score", "val_score", "lr", "update_ratio", "grad_norm",
          "dead_units", "saturated_units", "batch_loss", "clipped_share")  # fmt: skip


def measure(ctx: Context) -> Evidence:
    """Scalars and curves prefixed `best_` and `baseline_`, as far as there are such trials."""
    scalars: dict[str, Scalar] = {"metric": ctx.experiment.metric_name}
    if ctx.experiment.metric is not None:
        scalars["right_score"] = right_score(ctx)
        scalars["metric_ignores_pairing"] = ignores_pairing(ctx)
    curves: dict[str, Curve] = {}
    if any(_cut_off(ctx, trial) for trial in (ctx.best_trial, ctx.baseline_trial) if trial):
        ctx.meter.leave_out(f"{ctx.step}: the curves of a training that was cut off early")
    for name, trial in _subjects(ctx):
        found = subject(ctx, name, trial)
        scalars |= found.scalars
        curves |= found.curves
    scalars |= ctx.in_time("where the loss is not finite", lambda: origin(ctx)) or {}
    settings = ctx.in_time("usual settings of the optimizer", lambda: settings_marks(ctx)) or {}
    scalars |= settings | longer(ctx) | wider(ctx) | rival(ctx, Evidence(scalars))
    ranged = ctx.evidence("lr_range")
    if ranged is not None and "gradient_norm_90" in ranged.scalars:
        scalars["gradient_norm_90"] = ranged.scalars["gradient_norm_90"]
    inspected = ctx.evidence("inspect")
    if inspected is not None and "probe_train" in inspected.scalars:
        probed = ("probe_train", "probe_items", "probe_across")
        scalars |= {name: inspected.scalars.get(name) for name in probed}
    if (best := ctx.best_trial) is not None:
        scalars |= ctx.in_time("doubtful labels", lambda: label_marks(ctx, best)) or {}
        scalars |= ctx.in_time("memorized labels", lambda: memory_marks(ctx, best)) or {}
        scalars |= ctx.in_time("validation by itself", lambda: validation_marks(ctx)) or {}
        scalars |= ctx.in_time("training items evaluated", lambda: evaluation_marks(ctx)) or {}
        scalars |= ctx.in_time("rare classes", lambda: rare_marks(ctx, best)) or {}
    made = with_branches(ctx, Evidence(scalars, curves))
    return made if best is None else with_looks(ctx, best, made)


def origin(ctx: Context) -> dict[str, Scalar]:
    """Where the first value that is not finite came from, in the best run or the baseline."""
    for _, trial in _subjects(ctx):
        if trial.status == "diverged":
            found = replayed_origin(
                ctx.experiment_of(trial), ctx.data, seed=trial.seed, device=ctx.device,
                most=MOST_REPLAYED,
            )  # fmt: skip
            if found is not None:
                return {"nan_iteration": found[0], **found[1].scalars()}
    return {}


def right_score(ctx: Context) -> float | None:
    """What the user's metric gives for right answers to the validation items; None where it is
    not known what they look like.
    """
    val = ctx.data.val
    if not isinstance(val, TensorData) or isinstance(val.y, Tree):
        return None
    answers = _right_answers(ctx, val, val.y)
    return None if answers is None else _scored(ctx, SURE * (2 * answers - 1), val.y)


def ignores_pairing(ctx: Context) -> bool | None:
    """Whether the user's metric stays the same when other targets are given to the same outputs,
    as it does where a comparison of [n] with [n, 1] compares each with all; None where unknown.

    It is tried on right answers, real ones with a little noise: a sound metric falls when each is
    given the target of another item.
    """
    val, source = ctx.data.val, torch.Generator().manual_seed(0)
    if not isinstance(val, TensorData):
        return None
    y = val.sample(PAIRED, source).y
    answers = None if isinstance(y, Tree) else _right_answers(ctx, val, y)
    if isinstance(y, Tree) or answers is None or len(torch.unique(y.cpu(), dim=0)) < 2:
        return None
    if ctx.task.target_kind == "real":
        noise = torch.randn(answers.shape, generator=source).to(answers.device)
        outputs = answers + NOISE * answers.std(0) * noise
    else:
        outputs = SURE * (2 * answers - 1)
    scores = [_scored(ctx, outputs, y.roll(shift, 0)) for shift in (0, *SHIFTS)]
    known = [score for score in scores if score is not None and math.isfinite(score)]
    if len(known) < len(scores):
        return None
    return all(math.isclose(known[0], score, rel_tol=SAME) for score in known)


@torch.no_grad()
def _right_answers(ctx: Context, val: TensorData, y: Tensor) -> Tensor | None:
    """Perfect probabilities or values for these targets, in the shape of the model's outputs; None
    where there is no metric of the user's, or that is not known.
    """
    if ctx.experiment.metric is None or isinstance(ctx.task, ByLoss):
        return None
    model = build_model(ctx.experiment, ctx.seed, ctx.device).eval()
    with suppress(Exception):  # other rules say what is wrong with the outputs
        few = ctx.task.looked_at(model(val.sample(FEW, torch.Generator().manual_seed(0)).x))
        outputs = few.new_zeros(len(y), *few.shape[1:], dtype=torch.float32)
        return perfect_answers(ctx.task, outputs, y.to(outputs.device))
    return None


def _scored(ctx: Context, outputs: Tensor, y: Tensor) -> float | None:
    """By the user's metric; None where that wants other outputs."""
    with suppress(Exception), torch.no_grad():
        return float(ctx.experiment.metric_function(outputs.clone(), y.clone()))  # type: ignore[misc]
    return None


def with_branches(ctx: Context, evidence: Evidence) -> Evidence:
    """The evidence and, where a shape raises a suspicion, what a branch brought."""
    tested: dict[str, dict[str, Scalar]] = {}
    for run, (_, trial) in zip(runs(evidence), _subjects(ctx), strict=True):
        if trial.key not in tested:
            tested[trial.key] = ctx.in_time("branches", partial(branch, ctx, trial, run)) or {}
    scalars = {
        f"{name}_{what}": value
        for name, trial in _subjects(ctx) for what, value in tested[trial.key].items()
    }  # fmt: skip
    return replace(evidence, scalars={**evidence.scalars, **scalars})


def longer(ctx: Context) -> dict[str, Scalar]:
    """What the trials scored that an earlier round trained for longer than the best one."""
    best = ctx.best_trial
    if best is None:
        return {}
    longer_ones = [
        t for t in ctx.trials if t.planned_epochs > best.planned_epochs and t.repeats is None
    ]
    known = [
        # One that was set aside led by luck: it brought nothing.
        min(t.val_score, best.val_score or t.val_score) if t.set_aside else t.val_score
        for t in longer_ones if t.val_score is not None
    ]  # fmt: skip
    return {"best_longer": max(known)} if known else {}


def wider(ctx: Context) -> dict[str, Scalar]:
    """The best run's width and what its factory calls it, where that offers another."""
    best = ctx.best_whole
    found = None if best is None else width_of(ctx.experiment_of(best))
    return {} if found is None else {"best_width_name": found[0], "best_width": found[1]}


def rival(ctx: Context, about: Evidence) -> dict[str, Scalar]:
    """The declared setting's score beside that of the best trial of the same length that differs
    from it in rate and weight decay only; `about` holds the figures of both.
    """
    declared = ctx.baseline_trial
    if declared is None or declared.val_score is None or _cut_off(ctx, declared):
        return {}
    best = best_of([t for t in ctx.trials if _alike(t, declared)])
    if best is None or best.val_score is None:
        return {}
    items, chance = about.number("baseline_items") or 0.0, about.number("baseline_chance") or 0.0
    answers = about.number("baseline_answers") or items
    return {
        "declared_lr": declared.params["lr"],
        "declared_score": declared.val_score,
        "rival_lr": best.params["lr"],
        "declared_weight_decay": ctx.experiment.weight_decay,
        "rival_weight_decay": best.params.get("weight_decay"),
        "rival_score": best.val_score,
        "chance_score": chance if ctx.experiment.metric is None else 0.0,
        "score_error": standard_error(declared.val_score, answers, shares=chance > 0),
        "score_name": f"val_{ctx.experiment.metric_name}",
    }


def _alike(trial: Trial, declared: Trial) -> bool:
    """Whether the one differs from the other in rate and weight decay only."""
    own, other = (
        {name: value for name, value in t.params.items() if name not in SEARCHED}
        for t in (trial, declared)
    )
    return own == other and trial.planned_epochs == declared.planned_epochs


def _subjects(ctx: Context) -> list[tuple[str, Trial]]:
    """The best run and the baseline. A short trial of the search is no run: only those planned for
    the declared length are, as long as there are any. The beginning of one that the time cut off
    tells nothing of its end.
    """
    both = (("best", ctx.best_whole or ctx.best_trial), ("baseline", ctx.baseline_trial))
    return [(name, trial) for name, trial in both if trial is not None and not _cut_off(ctx, trial)]


def _cut_off(ctx: Context, trial: Trial) -> bool:
    """Whether the time ended it before most of it was trained, or did not pay for most of the
    declared length from the beginning.
    """
    if not ctx.meter.limits_time:
        return False
    declared = trial.planned_epochs if "epochs" in trial.params else ctx.experiment.epochs or 0
    short = trial.planned_epochs < MOST_OF_IT * declared
    early = trial.trained < MOST_OF_IT * trial.planned_epochs
    return short or (trial.status == "stopped" and early)


def subject(ctx: Context, name: str, trial: Trial) -> Evidence:
    """One trial's curves and what a rule needs to know beside them."""
    experiment = ctx.experiment_of(trial)
    schedule = experiment.schedule
    scalars: dict[str, Scalar] = {
        f"{name}_status": trial.status,
        f"{name}_epochs": trial.epochs,
        f"{name}_planned_epochs": trial.planned_epochs,
        f"{name}_kept_epoch": None if trial.best_epoch is None else trial.best_epoch + 1,
        f"{name}_score": trial.val_score,
        f"{name}_loss": trial.val_loss,
        f"{name}_dropout": largest_dropout(build_model(experiment, ctx.seed, ctx.device)),
        f"{name}_smoothing": smoothing_of(experiment.loss),
        f"{name}_schedule": schedule if isinstance(schedule, str) else "own",
        f"{name}_warmup": experiment.warmup,
        f"{name}_regularised": experiment.augment is not None,
        f"{name}_items": len(ctx.data.val),
        f"{name}_updates": max(trial.planned_epochs, experiment.epochs or 1)
        * iterations_per_epoch(ctx.data.train, experiment.batch_size),
        f"{name}_weight_decay": experiment.weight_decay,
        f"{name}_optimizer": experiment.optimizer if isinstance(experiment.optimizer, str) else "",
    }
    targets = ctx.val_targets
    scalars[f"{name}_chance"] = ctx.task.chance_score(targets)
    scalars[f"{name}_constant"] = constant_score(ctx, targets)
    if ctx.task.target_kind == "class index":
        scalars[f"{name}_answers"] = ctx.val_answers(targets)
    own = experiment.loss is not None or not isinstance(experiment.task, str)
    if not own and isinstance(targets, Tensor):
        scalars[f"{name}_start"] = constant_loss(ctx.task.target_kind, targets)
    curves = {f"{name}_{c}": trial.curves[c] for c in CURVES if trial.curves.get(c)}
    return Evidence(scalars, curves)


def largest_dropout(model: nn.Module) -> float:
    """The largest rate of its dropout layers."""
    rates = [m.p for m in model.modules() if hasattr(m, "p") and "Dropout" in type(m).__name__]
    return max((p for p in rates if isinstance(p, float | int)), default=0.0)


def constant_loss(kind: str, targets: Tensor) -> float:
    """The usual loss of the best constant prediction: entropy of classes, variance of values."""
    if kind == "real":
        return targets.cpu().double().reshape(len(targets), -1).var(0, correction=0).mean().item()
    if kind == "zero or one":
        ones = targets.cpu().double().reshape(len(targets), -1).mean(0)
        return _entropy(torch.stack([ones, 1 - ones])).mean().item()
    labels = targets[targets >= 0].cpu()
    return _entropy(torch.bincount(labels) / max(1, len(labels))).item()


def _entropy(shares: Tensor) -> Tensor:
    """Over the first axis, in nats."""
    entropy: Tensor = -torch.special.xlogy(shares, shares).sum(0)
    return entropy
