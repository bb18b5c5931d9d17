"""Whether a trained model knows the validation items once something is undone that was done to them
alone: labels under other numbers, another level or spread, channels in another order.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from recipe.plugin import (
    ByLoss,
    Context,
    Scalar,
    Splits,
    TensorData,
    Training,
    Trial,
    lead_error,
    model_outputs,
    part_sums,
)
from recipe_steps.inspect.splits import goes_on
from recipe_steps.inspect.undoing import undoings
from recipe_steps.learning_curves.added_noise import added_noise
from recipe_steps.learning_curves.best_outputs import best_model
from recipe_steps.learning_curves.impulses import impulses, with_impulses
from recipe_steps.learning_curves.labels import answers
from recipe_steps.learning_curves.numbering import numbering

SOME = 2000
"""Items of each part that are looked at, at most."""
LEAST = 50
"""Of validation items, below which nothing is said."""
GAP = 0.05
"""By how much training scores above validation where it is worth a look."""
CLEAR = 4.0
"""Standard errors by which a score has to rise when something is undone."""
OF_GAP = 0.25
"""Of what validation scores below training: what undoing has to bring back."""
FALLEN = 2.0
"""Standard errors by which validation has to fall from its best to its last epoch for that."""
BELOW = 3.0
"""Standard errors by which validation has to lie below chance for a training of its own: the epoch
that was kept is then one that knows least."""


@dataclass(frozen=True)
class _Subject:
    """A trained model and what it is asked about."""

    ctx: Context
    model: nn.Module
    train: TensorData
    val: TensorData

    def score(self, part: TensorData) -> float:
        """By the task."""
        sums = self.sums(part)
        return self.ctx.task.score(sums.sum(0))

    def sums(self, part: TensorData) -> Tensor:
        """Of the score, item by item."""
        bare = replace(self.ctx.experiment, metric=None)
        found = part_sums(bare, model_outputs(self.model, part), len(part))
        if found is None:
            raise ValueError("its score does not add up")
        return found

    def labels(self, part: TensorData) -> tuple[Tensor, Tensor]:
        """The classes that it says, and those that are given, of all answers that count."""
        said, given = [], []
        for outputs, y in model_outputs(self.model, part):
            if isinstance(y, Tensor):
                kept = self.ctx.task.counted(y).flatten()
                said.append(
                    answers(self.ctx.task, self.ctx.task.looked_at(outputs), y).flatten()[kept]
                )
                given.append(y.flatten()[kept])
        return torch.cat(said).long().cpu(), torch.cat(given).long().cpu()


def validation_marks(ctx: Context) -> dict[str, Scalar]:
    """What a trained model says of the validation items as they are, and with something undone.

    `val_numbers` holds for each class the number that validation has it under; `val_undone` names
    what raises the score most, from `val_as_given` to `val_when_undone`. Nothing where training
    scores no better than validation, for data that are read anew each time, or for scores that do
    not add up over items.
    """
    train, val = ctx.data.train, ctx.data.val
    if not (isinstance(train, TensorData) and isinstance(val, TensorData)):
        return {}
    if isinstance(ctx.task, ByLoss) or len(val) < LEAST:
        return {}
    if not (isinstance(train.y, Tensor) and isinstance(val.y, Tensor)):
        return {}
    source = torch.Generator().manual_seed(ctx.seed_for("validation"))
    model = _trained(ctx)
    if model is None:
        return {}
    subject = _Subject(ctx, model, train.sample(SOME, source), val.sample(SOME, source))
    try:
        return _likelier(_labels(subject), _inputs(subject))
    except (ValueError, RuntimeError, IndexError):
        return {}  # outputs that no score of ours reads item by item


def evaluation_marks(ctx: Context) -> dict[str, Scalar]:
    """Of the best run: the score of its training items while the epoch that was kept was trained
    (`training_score_running`), and what its model scores on some of the same items in evaluation
    mode (`training_score_evaluated`). Nothing where training scores no better than validation.
    """
    best, train = ctx.best_whole or ctx.best_trial, ctx.data.train
    if best is None or best.best_epoch is None or _gap(best) < GAP or ctx.experiment.metric:
        return {}
    running = (best.curves.get("train_score") or ())[best.best_epoch : best.best_epoch + 1]
    if not isinstance(train, TensorData) or not running or running[0] is None:
        return {}
    model = best_model(ctx, best)
    if model is None or isinstance(ctx.task, ByLoss) or not isinstance(train.y, Tensor):
        return {}
    sample = train.sample(SOME, torch.Generator().manual_seed(ctx.seed_for("evaluated")))
    try:
        evaluated = _Subject(ctx, model, sample, sample).score(sample)
    except (ValueError, RuntimeError, IndexError):
        return {}  # outputs that no score of ours reads item by item
    return {"training_score_running": running[0], "training_score_evaluated": evaluated}


def _trained(ctx: Context) -> nn.Module | None:
    """The best run's model, where it scores better in training than in validation. Where validation
    lies below chance, or falls while training rises, what was kept is what knows least: then the
    setting that learns most is trained anew to the end.
    """
    best, learner = ctx.best_whole or ctx.best_trial, max(ctx.trials, key=_learnt, default=None)
    if learner is not None and (
        _below_chance(ctx, learner) or (ctx.task.target_kind != "real" and _unlearns(ctx, learner))
    ):
        bare = replace(ctx.experiment_of(learner), metric=None)
        training = Training(bare, Splits(ctx.data.train, ctx.data.val), device=ctx.device,
                            seed=ctx.seed_for("validation"), mode=ctx.careful_mode)  # fmt: skip
        for epoch in training.epochs():
            ctx.spend(training.iterations_per_epoch)
            if epoch.diverged:
                return None
        return training.model.eval()
    return None if best is None or _gap(best) < GAP else best_model(ctx, best)


def _curve(trial: Trial, name: str) -> list[float]:
    return [value for value in trial.curves.get(name) or () if value is not None]


def _learnt(trial: Trial) -> float:
    """The training score that it ended with."""
    return (_curve(trial, "train_score") or [-math.inf])[-1]


def _gap(trial: Trial) -> float:
    """Between the best scores in training and in validation."""
    train, val = _curve(trial, "train_score"), _curve(trial, "val_score")
    return max(train) - max(val) if train and val else 0.0


def _unlearns(ctx: Context, trial: Trial) -> bool:
    """Whether validation ends below training, and below what it once was by more than chance."""
    train, val = _curve(trial, "train_score"), _curve(trial, "val_score")
    if not train or not val or train[-1] - val[-1] < GAP:
        return False
    error = ctx.task.score_error(max(val), ctx.val_answers(ctx.val_targets))
    return max(val) - val[-1] > max(GAP / 2, FALLEN * error)


def _below_chance(ctx: Context, trial: Trial) -> bool:
    """Whether validation scores fall below those of an answer that knows nothing."""
    if ctx.task.target_kind == "real":
        return False
    chance, scores = ctx.task.chance_score(ctx.val_targets), _curve(trial, "val_score")
    error = ctx.task.score_error(chance, ctx.val_answers(ctx.val_targets))
    return bool(scores) and _learnt(trial) > chance and min(scores) < chance - BELOW * error


def _likelier(labels: dict[str, Scalar], inputs: dict[str, Scalar]) -> dict[str, Scalar]:
    """Of two explanations the one that brings more back: where only colour tells the classes apart,
    another order of channels looks like other numbers; and where a plane through the origin does,
    inputs of the other sign look like the answers the other way round.
    """
    after, other = labels.get("val_numbers_after"), inputs.get("val_when_undone")
    if not isinstance(after, float) or not isinstance(other, float):
        return labels or inputs
    if inputs["val_undone"] == "sign":
        return inputs if other > after + GAP else labels
    return labels if after > other + GAP else inputs


def _labels(subject: _Subject) -> dict[str, Scalar]:
    """Whether validation has the classes under other numbers."""
    if subject.ctx.task.target_kind not in ("class index", "zero or one"):
        return {}
    found = numbering(subject.labels(subject.train), subject.labels(subject.val))
    return {} if found is None else found.scalars


def _inputs(subject: _Subject) -> dict[str, Scalar]:
    """What, undone in the validation inputs, raises the score beyond chance and most."""
    x = subject.val.x
    if not isinstance(x, Tensor) or not isinstance(subject.train.x, Tensor):
        return {}
    if not x.is_floating_point() or x.ndim < 2:
        return {}
    task, own = subject.ctx.task, subject.sums(subject.val)
    before = task.score(own.sum(0))
    best: dict[str, Scalar] = {}
    known = subject.score(subject.train)
    for name, undo in undoings(subject.train.x, x):
        sums = subject.sums(replace(subject.val, x=undo(x)))
        after = task.score(sums.sum(0))
        error = lead_error(task, sums, own, subject.ctx.seed_for("undone"))
        rises = after - before > max(GAP, CLEAR * error, OF_GAP * (known - before))
        if rises and after > float(best.get("val_when_undone", before) or 0.0):
            best = {"val_undone": name, "val_as_given": before, "val_when_undone": after}
    if not best:
        return _noise(subject, x, before)
    one, other = (getattr(p, "x", None) for p in (subject.ctx.data.train, subject.ctx.data.val))
    drifts = isinstance(one, Tensor) and isinstance(other, Tensor) and goes_on(one, other)
    return {**best, "val_known_in_training": known, "val_goes_on": drifts}


def _noise(subject: _Subject, x: Tensor, before: float) -> dict[str, Scalar]:
    """Noise in validation inputs alone, where training items with as much lose at least half of
    what they score above validation.
    """
    train = subject.train.x
    if not isinstance(train, Tensor):
        return {}
    known = subject.score(subject.train)
    for noisy, found in _with_noise(train, x, subject.ctx.seed_for("noise")):
        lowered = subject.score(replace(subject.train, x=noisy))
        if known - before >= GAP and known - lowered >= (known - before) / 2:
            return {**found, "val_as_given": before, "val_known_in_training": known,
                    "training_with_noise": lowered}  # fmt: skip
    return {}


def _with_noise(
    train: Tensor, val: Tensor, seed: int
) -> Iterator[tuple[Tensor, dict[str, Scalar]]]:
    """Training inputs with the noise that validation inputs have, and what is told of it."""
    source = torch.Generator().manual_seed(seed)
    if overwritten := impulses(train, val):
        values = " or ".join(f"{value:.3g}" for value in overwritten)
        yield with_impulses(train, overwritten, source), {
            "val_overwritten": sum(overwritten.values()), "val_overwritten_by": values}  # fmt: skip
    noise = added_noise(train, val)
    if noise is not None:
        drawn = torch.randn(train.shape, generator=source).to(val)
        yield train + noise * drawn, {
            "val_noise": float(noise.square().mean().sqrt() / train.std())}  # fmt: skip
