"""The search from nothing to a tuned setting, beside other searches at the same cost.

python tests/benchmarks/search_quality.py [PROBLEM ...] [--seeds N]

"""

import argparse
import json
import math
import os
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import median

import common
from lr_problems import context

MEANING = """\
The bar is the best of a grid of 96 trainings of full length (12 rates, 8 weight decays), recorded
once. The recipe starts from nothing and runs its steps 3 to 5 with their defaults; what that cost
in epochs is what the others get, over the ranges of the grid. (Three trainings are among the first
draws of all three, which are the same: what tells them apart begins later.) The last row is no
search: it trains the setting that won the grid with other seeds, as often as these epochs pay for,
and shows how much of the bar is the luck of 96 draws."""
FIRST_SEED = 200
"""Nothing in the steps was chosen on the seeds from here on."""
SEEDS = {"digits": 10, "cifar10": 10, "adult": 10}
RATES, DECAYS = 12, 8
POINTS = 0.005
"""Of the score: within half a point of the bar."""
RECORD = Path(__file__).with_name("search_reference.json")
os.environ.setdefault("ADULT_CSV", str(common.DATA / "tables" / "adult.csv"))


def digits():
    """MLP on digits, 720 validation items."""
    import digits as module
    import torch

    made = module.experiment
    # The example holds back a test set: here it makes the score less noisy.
    val = tuple(torch.cat(parts) for parts in zip(made.val, made.test, strict=True))
    return replace(made, val=val)


@cache
def subset(split, n):
    import numpy as np
    import torch
    from cifar10 import images

    folder = images(split)
    chosen = np.random.default_rng(0).permutation(len(folder))[:n]
    pairs = [folder[int(i)] for i in chosen]
    return torch.stack([x.as_subclass(torch.Tensor) for x, _ in pairs]), torch.tensor(
        [y for _, y in pairs]
    )


def cifar10():
    """Small CNN on 2,000 CIFAR-10 images in batches of 32, 2,000 validation items."""
    from cifar10 import cnn

    from recipe import Experiment

    return Experiment(
        model=cnn, train=subset("train", 2_000), val=subset("val", 2_000), optimizer="sgd",
        batch_size=32, epochs=16,
    )  # fmt: skip


def adult_mlp():
    """MLP on the Adult table, 6,000 validation items."""
    import adult

    return adult.experiment()


PROBLEMS = {"digits": digits, "cifar10": cifar10, "adult": adult_mlp}
SPAN = {
    "digits": ((1e-3, 1.0), (1e-6, 1e-2)),
    "cifar10": ((1e-3, 1.0), (1e-6, 1e-2)),
    "adult": ((1e-5, 1e-1), (1e-5, 1e-1)),
}
"""Rates and decays of the grid."""


def declared(problem):
    """Nothing is given but the length of a training."""
    return replace(
        PROBLEMS[problem](), lr=None, weight_decay=0.0, space={}, augment=None, test=None
    )


def trained(ctx, cell):
    """A training of full length without early stopping, not begun."""
    from recipe.training.fit import Fit
    from recipe.training.loop import Training

    experiment = ctx.experiment.with_params(cell)
    training = Training(
        experiment, ctx.data, seed=ctx.seed, device=ctx.device, mode=ctx.runner.mode.single
    )
    return Fit(training, experiment.epochs)


def reference(problem):
    """The cells of the grid, each with its score and its curve; recorded once."""
    from recipe.search.space import grid, log_spaced

    known = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    if problem not in known:
        rates, decays = SPAN[problem]
        cells = grid({"lr": log_spaced(*rates, RATES), "weight_decay": log_spaced(*decays, DECAYS)})
        with context(declared(problem)) as ctx:
            trials = ctx.run_trials(cells)
            known[problem] = [_row(trial) for trial in trials]
        lines = (f"{json.dumps(name)}: [\n{_lines(rows)}\n]" for name, rows in known.items())
        RECORD.write_text("{" + ",\n".join(lines) + "}\n", "utf-8")
    return known[problem]


def won(problem):
    """The cell of the grid with the best score."""
    return max(reference(problem), key=lambda row: row["score"] or 0.0)


def bar(problem):
    """The best score of the grid."""
    return won(problem)["score"]


def _row(trial):
    curve = trial.curves.get("val_score", ())
    return {**trial.params, "score": trial.val_score, "curve": [s and round(s, 5) for s in curve]}


def _lines(rows):
    return ",\n".join(json.dumps(row) for row in rows)


def searched(problem, seed):
    """The result of steps 3 to 5."""
    from recipe import run

    with tempfile.TemporaryDirectory() as out:
        os.environ["RECIPE_CACHE"] = str(Path(out) / "cache")
        return run(
            declared(problem), skip=("inspect", "initial_loss", "overfit_sample"),
            until="refine_grid", verify_budget="off", out=out, seed=seed, device="cpu",
        )  # fmt: skip


def recipe(problem, seed):
    """Score and cost in trainings."""
    result = searched(problem, seed)
    return result.best.val_score, result.cost.trainings


def optuna_study(problem, seed, epochs, sampler, pruner):
    """The best score of a study that ends when its trials have had `epochs`."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
    left, best = epochs, 0.0
    rates, decays = SPAN[problem]
    with context(declared(problem), seed) as ctx:
        while left > 0:
            trial = study.ask()
            cell = {"lr": trial.suggest_float("lr", *rates, log=True),
                    "weight_decay": trial.suggest_float("weight_decay", *decays, log=True)}  # fmt: skip
            fit = trained(ctx, cell)
            pruned = False
            while fit.status is None and left > 0 and not pruned:
                fit.advance(fit.done + 1)
                left -= 1
                score = fit.curves["val_score"][-1] if "val_score" in fit.curves else None
                if score is None:
                    break
                trial.report(score, fit.done)
                pruned = trial.should_prune()
            best = max(best, fit.best_score or 0.0)
            state = optuna.trial.TrialState
            if pruned:
                study.tell(trial, state=state.PRUNED)
            elif fit.best_score is None:
                study.tell(trial, state=state.FAIL)
            else:
                study.tell(trial, fit.best_score)
    return best


def random_search(problem, seed, epochs):
    """Trainings of full length at random points."""
    import optuna

    sampler = optuna.samplers.RandomSampler(seed)
    return optuna_study(problem, seed, epochs, sampler, optuna.pruners.NopPruner())


def tpe(problem, seed, epochs):
    """With the median pruner, both with their defaults."""
    import optuna

    sampler = optuna.samplers.TPESampler(seed=seed)
    return optuna_study(problem, seed, epochs, sampler, optuna.pruners.MedianPruner())


def hyperband(problem, seed, epochs):
    """Optuna's, with its default sampler."""
    import optuna

    sampler = optuna.samplers.TPESampler(seed=seed)
    pruner = optuna.pruners.HyperbandPruner(max_resource=declared(problem).epochs)
    return optuna_study(problem, seed, epochs, sampler, pruner)


def known_best(problem, seed, epochs):
    """Of trainings at the grid's best setting, each with a seed of its own."""
    cell = {name: won(problem)[name] for name in ("lr", "weight_decay")}
    length, best = declared(problem).epochs, 0.0
    for number in range(math.ceil(epochs / length)):
        with context(declared(problem), 1_000 * seed + number) as ctx:
            fit = trained(ctx, cell)
            fit.advance(min(length, epochs - number * length))
            best = max(best, fit.best_score or 0.0)
    return best


OTHERS = {
    "random search": random_search,
    "Optuna, TPE and median pruner": tpe,
    "Optuna, Hyperband": hyperband,
    "(the grid's best setting, known)": known_best,
}


def rows(problem, seeds):
    """Scores by tool, one a seed, and what the recipe cost."""
    scores, costs = {"recipe": [], **{name: [] for name in OTHERS}}, []
    epochs = declared(problem).epochs
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        score, cost = recipe(problem, seed)
        scores["recipe"].append(score)
        costs.append(cost)
        for name, search in OTHERS.items():
            scores[name].append(search(problem, seed, round(cost * epochs)))
        print(problem, seed, f"cost {cost:.2f}", {n: s[-1] for n, s in scores.items()}, flush=True)
    return scores, costs


def table(problem, seeds=None):
    """Markdown of one problem, over so many seeds."""
    seeds = seeds or SEEDS[problem]
    best = bar(problem)
    scores, costs = rows(problem, seeds)
    about = PROBLEMS[problem].__doc__.strip().rstrip(".")
    cost = f"{median(costs):.2f} full trainings ({min(costs):.2f} to {max(costs):.2f})"
    lines = [
        f"{about}. Best of the grid: {best:.4f}. Steps 3 to 5 cost {cost}.", "",
        "| search | median score | all seeds | below the best of the grid | within half a point |",
        "|---|---|---|---|---|",
    ]  # fmt: skip
    for name, found in scores.items():
        share = sum(score >= best - POINTS for score in found) / len(found)
        each = ", ".join(f"{score:.4f}" for score in found)
        middle = median(found)
        lines.append(f"| {name} | {middle:.4f} | {each} | {best - middle:+.4f} | {share:.0%} |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("problems", nargs="*", default=list(PROBLEMS))
    parser.add_argument("--seeds", type=int)
    given = parser.parse_args()
    for problem in given.problems:
        print(table(problem, given.seeds), flush=True)
