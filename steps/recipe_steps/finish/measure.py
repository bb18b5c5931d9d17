"""The best trainings beside each other and together, the model that is chosen, and its test."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from torch import nn

from recipe.plugin import (
    MODELS,
    Batch,
    Chosen,
    Context,
    Curve,
    Evidence,
    Experiment,
    Lead,
    Member,
    OutputPool,
    Scalar,
    Trial,
    UsageError,
    curve,
    finite,
    model_of,
    model_outputs,
    rank,
    write_bytes,
)
from recipe_steps.finish import finals
from recipe_steps.finish.all_data import train_on_all
from recipe_steps.finish.answers import keep_answers
from recipe_steps.finish.candidates import Candidates
from recipe_steps.finish.certainty import certainty_marks, simpler_marks
from recipe_steps.finish.distilled import affords, can_distil, distil
from recipe_steps.finish.heldout import on_test_data
from recipe_steps.finish.quality import quality
from recipe_steps.finish.text_sample import text_sample
from recipe_steps.finish.trivial import trivial_marks

MOST = 5
"""Trainings that a budget is spent on where nobody says how many."""


def measure(ctx: Context) -> Evidence:
    """Scores of the single model, of averaged weights, of snapshots and of ensembles; the last ones
    where there is more than one training.
    """
    best = ctx.best_trial
    if best is None and ctx.settings.only and not ctx.trials:
        raise UsageError("finish needs trained models: name coarse_grid in --only too.")
    if best is None:
        return Evidence({"models": 0})
    if ctx.holds_many_outputs:
        return _looked_at(ctx, best, _single(ctx, best))
    found = ctx.in_time("ensembles and averages", lambda: _compared(ctx, best))
    return _looked_at(ctx, best, found or _single(ctx, best))


def _looked_at(ctx: Context, best: Trial, evidence: Evidence) -> Evidence:
    """The evidence, and what is looked at once the choice is made and the test data are done."""
    scalars, curves = dict(evidence.scalars), dict(evidence.curves)
    spread, chosen = evidence.number("seed_spread"), ctx.chosen
    if chosen is not None and not ctx.holds_many_outputs:

        def model() -> nn.Module:
            return model_of(ctx.experiment, chosen, ctx.runner.folder, ctx.device)

        def outputs() -> list[Batch]:
            return list(model_outputs(model(), ctx.data.val))

        found = ctx.in_time("the validation items one by one", outputs)
        if found is not None:
            marks, drawn = ctx.in_time("answers", lambda: keep_answers(ctx, found)) or ({}, {})
            certain = ctx.in_time(
                "how certain the score is", lambda: certainty_marks(ctx, best, found, spread)
            )
            good = ctx.in_time(
                "how good it is", lambda: quality(ctx, found, chosen.val_loss)
            ) or ({}, {})  # fmt: skip
            trivial = ctx.in_time("a trivial answer", lambda: trivial_marks(ctx, found))
            written = ctx.in_time("a sample of text", lambda: text_sample(ctx, model()))
            scalars |= marks | (certain or {}) | good[0] | (trivial or {}) | (written or {})
            curves |= drawn | good[1]
    scalars |= ctx.in_time("simpler models", lambda: simpler_marks(ctx, best)) or {}
    if ctx.settings.all_data:
        scalars |= ctx.in_time("a training on all data", lambda: train_on_all(ctx, best)) or {}
    return Evidence(scalars, curves)


def _compared(ctx: Context, best: Trial) -> Evidence:
    """All that was trained beside each other and together."""
    experiment = ctx.experiment_of(best)
    made, cycle = _trained(ctx, experiment)
    found = Candidates(ctx, OutputPool(ctx.experiment, [y for _, y in ctx.data.val.eval_batches()]))
    single = found.add(best.params, _weights_of(ctx, best), f"trial {best.number}")
    searched = [
        found.add(t.params, _weights_of(ctx, t), f"trial {t.number} of {t.step}")
        for t in _others(ctx, best)
    ]
    scalars: dict[str, Scalar] = {
        "metric": ctx.experiment.metric_name, "models": 1 + len(searched), "trainings": len(made),
        "score_error": ctx.score_error(best),
    }  # fmt: skip
    curves: dict[str, Curve] = {}
    options = [found.chosen("single", [single])]
    scalars["single_score"] = options[0].val_score
    doubt = _spread(curve(f.scores[finals.RAW][0] for f in made)) or ctx.score_error(best)
    seeds = [found.add(best.params, f.files[finals.RAW], f"seed {n}") for n, f in enumerate(made)]
    averaged = _averages(found, best, made, seeds, scalars)
    options += [found.chosen("averaged", [place]) for place in averaged]
    snapshots = _snapshots(found, best, cycle)
    if len(snapshots) > 1:
        options.append(found.chosen("snapshots", snapshots))
        error = found.error(snapshots, [single], doubt)
        scalars |= {"snapshots": len(snapshots), "snapshot_score": options[-1].val_score,
                    "snapshot_error": error}  # fmt: skip
    curves["seed_score"] = curve(f.scores[finals.RAW][0] for f in made)
    _seeds(found, seeds, scalars, curves, doubt)
    order = found.pool.greedy([single, *searched, *averaged, *seeds, *snapshots])
    if len(order) > 1:
        options.append(found.chosen("ensemble", order))
        scalars |= {"ensemble_size": len(order), "ensemble_score": options[-1].val_score}
        curves |= _growing(found, order, "greedy_size", "greedy_score")
    chosen = choose(options, lambda one, other: found.lead(one, other, doubt))
    if len(chosen.members) > 1:
        chosen = _distilled(found, best, chosen, doubt, scalars)
    ctx.chosen = chosen
    scalars |= {"seed_spread": _spread(curves["seed_score"]), "lead_items": found.items,
                "chosen": chosen.kind, "chosen_score": chosen.val_score}  # fmt: skip
    scalars |= _tested(ctx, chosen)
    return Evidence(scalars, curves)


def _distilled(
    found: Candidates, best: Trial, teachers: Chosen, doubt: float, scalars: dict[str, Scalar]
) -> Chosen:
    """One model that was trained to say what these say together, unless it is worse; else these."""
    ctx, experiment = found.ctx, found.ctx.experiment_of(best)
    if not can_distil(ctx) or not affords(ctx, experiment, teachers):
        return teachers
    epochs = experiment.epochs or 1
    final = ctx.in_time(
        "one model of several",
        lambda: distil(
            ctx, experiment, teachers, lambda done: ctx.progress(done, epochs, "distillation")
        ),
    )
    if final is None or finals.RAW not in final.files:
        return teachers
    count = len(teachers.members)
    place = found.add(best.params, final.files[finals.RAW], f"distilled from {count} models")
    student = found.chosen("single", [place])
    lead = found.lead(student, teachers, doubt)
    scalars |= {"distilled_score": student.val_score, "distilled_from": count,
                "teachers_score": teachers.val_score, "distilled_error": lead.error}  # fmt: skip
    if student.val_score is None or teachers.val_score is None:
        return teachers
    return teachers if lead.verdict == "worse" else student


def _single(ctx: Context, best: Trial) -> Evidence:
    """The best trial alone: the outputs of several models for all validation items would not fit
    into memory.
    """
    member = Member(dict(best.params), _weights_of(ctx, best), f"trial {best.number}")
    ctx.chosen = Chosen("single", (member,), best.val_score, best.val_loss)
    scalars: dict[str, Scalar] = {
        "metric": ctx.experiment.metric_name, "models": 1, "trainings": 0,
        "score_error": ctx.score_error(best), "single_score": best.val_score,
        "chosen": "single", "chosen_score": best.val_score,
    }  # fmt: skip
    return Evidence(scalars | _tested(ctx, ctx.chosen))


def _tested(ctx: Context, chosen: Chosen) -> dict[str, Scalar]:
    """The score of the chosen model on the test data, or why there is none."""
    looked = ctx.in_time("test data", lambda: on_test_data(ctx, chosen))
    test, withheld = looked or (None, "")
    scalars: dict[str, Scalar] = {"test_withheld": withheld or None}
    _forget(ctx, chosen)
    if withheld:
        ctx.say(f"The test data are not used: {withheld}.")
    if test is not None:
        ctx.chosen = replace(chosen, test=test)
        scalars |= {"test_score": test.score, "test_low": test.low, "test_high": test.high,
                    "test_items": test.items}  # fmt: skip
    return scalars


def expects(ctx: Context, left: float | None) -> float:
    """Epochs of the final trainings."""
    epochs = ctx.experiment.epochs or 1
    count = _count(ctx, left, epochs)
    return epochs * (count + 1) if count else 0.0


def choose(options: Sequence[Chosen], lead: Callable[[Chosen, Chosen], Lead]) -> Chosen:
    """The model to use. Averaged weights take the place of the single ones where they score more,
    for they cost the same to use; several models only where they are better beyond doubt.
    """
    plain = [option for option in options if option.kind in ("single", "averaged")]
    best = max(plain, key=_rank)
    together = max((o for o in options if o not in plain), key=_rank, default=best)
    if best.val_score is None or together.val_score is None:
        return best
    return together if together is not best and lead(together, best).better else best


def _rank(option: Chosen) -> tuple[float, float]:
    return rank(option.val_score, option.val_loss)


def _count(ctx: Context, left: float | None, epochs: int) -> int:
    """How many seeds the best setting is trained from; one more training makes the snapshots."""
    if ctx.settings.ensemble is not None:
        return ctx.settings.ensemble
    return 0 if left is None else max(0, min(MOST, int(left / epochs) - 1))


def _trained(
    ctx: Context, experiment: Experiment
) -> tuple[list[finals.Final], finals.Final | None]:
    epochs = experiment.epochs or 1
    count = ctx.decide("final trainings", lambda: _count(ctx, ctx.epochs_left, epochs))
    if not count or experiment.lr is None:
        return [], None
    total = epochs * (count + 1)

    def counting_on(before: int, what: str) -> finals.OnEpoch:
        return lambda done: ctx.progress(before + done, total, what)

    def train(number: int) -> finals.Final:
        on_epoch = counting_on(number * epochs, f"training {number + 1} of {count}")
        return finals.train(ctx, experiment, number, on_epoch)

    started = (
        ctx.in_time(f"final training {n + 1} of {count}", partial(train, n)) for n in range(count)
    )
    made = [final for final in started if final is not None]
    sound = [final for final in made if finals.RAW in final.files]
    if len(sound) < len(made):
        ctx.say(
            f"{len(made) - len(sound)} of {count} final trainings diverged before they had a score."
        )
    cycle = ctx.in_time(
        "snapshots",
        lambda: finals.snapshots(ctx, experiment, counting_on(count * epochs, "snapshots")),
    )
    return sound, cycle


def _others(ctx: Context, best: Trial) -> list[Trial]:
    """The other trainings of full length whose weights the search kept."""
    kept = set(ctx.checkpoints.pool())
    return [t for t in ctx.trials if t.key in kept and t.key != best.key and not t.set_aside]


def _weights_of(ctx: Context, trial: Trial) -> str:
    """The file of a trial's weights, from the run folder; trained again where it is gone."""
    path = ctx.checkpoints.path(trial)
    weights = ctx.runner.weights(trial, ctx.experiment_of(trial))
    if path.is_file():
        return path.relative_to(ctx.runner.folder).as_posix()
    (ctx.runner.folder / MODELS).mkdir(exist_ok=True)
    place = f"{MODELS}/{trial.key}.safetensors"
    write_bytes(ctx.runner.folder / place, weights)
    return place


def _averages(
    found: Candidates,
    best: Trial,
    made: Sequence[finals.Final],
    raw: Sequence[int],
    scalars: dict[str, Scalar],
) -> list[int]:
    """Take in the better average of each training; what it brings over its raw weights."""
    places, gains = [], []
    for number, final in enumerate(made):
        name = final.averaged
        if name is None:
            continue
        origin = f"seed {number}, averaged ({name})"
        places.append(found.add(best.params, final.files[name], origin))
        pair = final.scores[name][0], final.scores[finals.RAW][0]
        if None not in pair:
            gains.append((pair[0] or 0.0) - (pair[1] or 0.0))
            beside = [places[-1]], [raw[number]]
    if gains:
        scalars["averaging_gain"] = statistics.fmean(gains)
        scalars["averaging_trainings"] = len(gains)
        several = len(gains) > 1
        scalars["averaging_error"] = (
            statistics.stdev(gains) / len(gains) ** 0.5
            if several
            else found.error(*beside, found.ctx.score_error(best))
        )
    return places


def _snapshots(found: Candidates, best: Trial, cycle: finals.Final | None) -> list[int]:
    if cycle is None:
        return []
    return [
        found.add(best.params, file, f"snapshot of epoch {epoch}")
        for epoch, file in cycle.files.items()
    ]


def _seeds(
    found: Candidates,
    seeds: Sequence[int],
    scalars: dict[str, Scalar],
    curves: dict[str, Curve],
    doubt: float,
) -> None:
    """What the trainings from several seeds reach together, in their order, and alone."""
    if len(seeds) < 2:
        return
    curves |= _growing(found, seeds, "size", "together_score")
    alone = [found.pool.loss_and_score([seed])[1] for seed in seeds]
    scalars |= {
        "seeds_score": curves["together_score"][-1], "seed_mean": finite(statistics.fmean(alone)),
        "seeds_error": found.error(seeds, seeds, doubt),
        "error_correlation": found.pool.error_correlation(seeds),
    }  # fmt: skip


def _growing(found: Candidates, places: Sequence[int], size: str, score: str) -> dict[str, Curve]:
    """The score of the first one, of the first two, and so on, under these names."""
    sizes = range(1, len(places) + 1)
    together = curve(found.pool.loss_and_score(places[:count])[1] for count in sizes)
    return {size: curve(map(float, sizes)), score: together}


def _forget(ctx: Context, chosen: Chosen) -> None:
    """Remove the weights of final trainings that were not chosen: there are three sets of each."""
    kept = {member.weights for member in chosen.members}
    for path in (ctx.runner.folder / MODELS).glob("*.safetensors"):
        if f"{MODELS}/{path.name}" not in kept:
            path.unlink(missing_ok=True)


def _spread(scores: Curve) -> float | None:
    """By how much scores differ from seed to seed; None where there are no two of them."""
    known = [score for score in scores if score is not None]
    return statistics.stdev(known) if len(known) > 1 else None
