"""Learning-rate finders against the best of 23 constant rates.

python tests/benchmarks/lr_finder.py [TOOL ...]

"""

import contextlib
import io
import logging
import math
import sys
import warnings
from functools import partial
from statistics import fmean, median

from lr_problems import PROBLEMS, SEEDS, context, experiment, reached, reference

NEAR, GOOD = 3.0, 1.05
LEARNT = 0.1
"""Of the loss of the lowest rate: below it a twentieth is a question of luck."""
MEANING = """\
A suggestion is near when it lies within a factor of 3 of the one of 23 constant rates that is best
after 300 iterations, on the mean of five seeds, and good when training at it with the same five
seeds reaches at most 1.05 times the mean loss of that rate. (Single trainings at rates 8 % apart
were seen to differ by 9 %.) Where the best rate has learnt the items by heart, 5 % of what is left
is luck: the last column leaves out the problems whose loss it brings below a tenth. What such a
comparison can show at most is the row of the grid of 23 trainings of one seed, ten times as long as
a sweep and its confirmation: its best rate, judged by the other four seeds."""
STEPS = 100
"""Iterations of one sweep, in every tool the default or the documented number."""


def recipe(declared, seed):
    from recipe_steps.lr_range import LrRange

    with context(declared, seed) as ctx:
        evidence = LrRange().measure(ctx)
        return {"recipe": (evidence.number("best_lr"), evidence.number("confidence"))}


def seeded(ctx, seed):
    """A fresh model, a loader, and the loss that the recipe trains with."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    torch.manual_seed(seed)
    resolved = ctx.experiment
    data = TensorDataset(ctx.data.train.x, ctx.data.train.y)
    loader = DataLoader(data, resolved.batch_size, shuffle=True)
    return resolved.model(**resolved.model_args), loader, resolved.loss_function


def optimizer_of(optimizer):
    import torch

    if optimizer == "adamw":
        return partial(torch.optim.AdamW, weight_decay=0.0)
    return partial(torch.optim.SGD, momentum=0.9, nesterov=True)


def torch_lr_finder(declared, seed):
    import matplotlib.pyplot as plt
    from torch_lr_finder import LRFinder

    with context(declared, seed) as ctx:
        model, loader, loss = seeded(ctx, seed)
    optimizer = optimizer_of(declared.optimizer)(model.parameters(), lr=1e-7)
    finder = LRFinder(model, optimizer, loss, device="cpu")
    finder.range_test(loader, end_lr=10, num_iter=STEPS)
    figure, axes = plt.subplots()
    found = finder.plot(ax=axes, suggest_lr=True)
    plt.close(figure)
    return {"torch-lr-finder": (found[1] if isinstance(found, tuple) else None, None)}


def lightning(declared, seed):
    import lightning as L
    from lightning.pytorch.tuner import Tuner

    with context(declared, seed) as ctx:
        model, loader, loss = seeded(ctx, seed)

    class Module(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.lr, self.model = 1e-3, model

        def training_step(self, batch, _):
            return loss(self.model(batch[0]), batch[1])

        def configure_optimizers(self):
            return optimizer_of(declared.optimizer)(self.parameters(), lr=self.lr)

    trainer = L.Trainer(
        accelerator="cpu", logger=False, enable_checkpointing=True, enable_progress_bar=False,
        enable_model_summary=False, max_epochs=1000,
    )  # fmt: skip
    found = Tuner(trainer).lr_find(Module(), loader, num_training=STEPS)
    return {"Lightning Tuner": (found.suggestion() if found else None, None)}


def fastai(declared, seed):
    from fastai.callback.schedule import minimum, steep, valley
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from fastai.optimizer import OptimWrapper

    with context(declared, seed) as ctx:
        model, loader, loss = seeded(ctx, seed)
    make = optimizer_of(declared.optimizer)
    learner = Learner(
        DataLoaders(loader, loader), model, loss_func=loss,
        opt_func=partial(OptimWrapper, opt=make),
    )  # fmt: skip
    learner.remove_cbs([cb for cb in learner.cbs if type(cb).__name__ == "ProgressCallback"])
    with tempfile_folder(learner):
        found = learner.lr_find(
            num_it=STEPS, show_plot=False, suggest_funcs=(minimum, steep, valley)
        )
    names = ("minimum", "steep", "valley")
    return {f"fastai, {name}": (rate, None) for name, rate in zip(names, found, strict=True)}


@contextlib.contextmanager
def tempfile_folder(learner):
    """Where fastai keeps the weights meanwhile."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        learner.path = Path(folder)
        yield


TOOLS = {
    "recipe": recipe,
    "torch-lr-finder": torch_lr_finder,
    "Lightning": lightning,
    "fastai": fastai,
}


def quiet(tool, declared, seed):
    """Suggestions by name, each with its confidence; empty where the tool failed."""
    logging.disable(logging.WARNING)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            return tool(declared, seed)
        except Exception as error:  # noqa: BLE001 - a tool that fails has suggested nothing
            print(f"{tool.__name__} failed: {error}", file=sys.stderr)
            return {}


def grid(name, optimizer):
    """Rates, losses of the five seeds at each, their means, and which mean is the lowest."""
    rates, losses = reference(name, optimizer)
    means = [fmean(row) for row in losses]
    return rates, losses, means, min(range(len(rates)), key=means.__getitem__)


def rows(tools):
    """One dictionary per problem, seed and suggestion."""
    found = []
    for name, optimizer in PROBLEMS:
        rates, _, means, best = grid(name, optimizer)
        declared = experiment(name, optimizer)
        for tool in tools:
            for seed in SEEDS:
                for who, (rate, confidence) in quiet(TOOLS[tool], declared, seed).items():
                    row = {"problem": f"{name}, {optimizer}", "seed": seed, "who": who,
                           "rate": rate, "confidence": confidence, "best": rates[best],
                           "by_heart": means[best] < LEARNT * means[0]}  # fmt: skip
                    if rate and math.isfinite(rate):
                        with context(declared) as ctx:
                            loss = fmean(reached(ctx, rate, one) for one in SEEDS)
                        row["loss"] = loss / means[best]
                        row["factor"] = max(rate / rates[best], rates[best] / rate)
                    print(row, flush=True)
                    found.append(row)
    return found


def one_seed():
    """What the best rate of one seed's whole grid would be worth, as rows."""
    found = []
    for name, optimizer in PROBLEMS:
        rates, losses, means, best = grid(name, optimizer)
        for seed in SEEDS:
            own = min(range(len(rates)), key=lambda k, seed=seed: losses[k][seed])
            others = [one for one in SEEDS if one != seed]
            loss = fmean(losses[own][s] for s in others) / fmean(losses[best][s] for s in others)
            factor = max(rates[own] / rates[best], rates[best] / rates[own])
            found.append({"who": "(a grid of 23 trainings of one seed)", "loss": loss,
                          "factor": factor, "by_heart": means[best] < LEARNT * means[0]})  # fmt: skip
    return found


def table(found):
    """Markdown: per finder the shares that are near and good; a tool that failed was neither."""
    total = len(PROBLEMS) * len(SEEDS)
    whole = one_seed()
    found = [*found, *whole]
    left = sum(not row["by_heart"] for row in whole)
    names = ["finder", "within 3x of the best", "loss within 5 %", "median factor",
             "no suggestion", f"loss within 5 %, {left} of {total}"]  # fmt: skip
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for who in dict.fromkeys(row["who"] for row in found):
        mine = [row for row in found if row["who"] == who and "factor" in row]
        near = sum(row["factor"] <= NEAR for row in mine) / total
        good = [row["by_heart"] for row in mine if row["loss"] <= GOOD]
        middle = median(row["factor"] for row in mine) if mine else math.nan
        lines.append(
            f"| {who} | {near:.0%} | {len(good) / total:.0%} | {middle:.2f} | {total - len(mine)} "
            f"| {good.count(False) / left:.0%} |"
        )
    return "\n".join(lines)


def by_problem(found):
    """Markdown: what the recipe suggests on each problem."""
    lines = ["| problem | best rate | recipe's suggestions | loss over that of the best | confidence |",
             "|---|---|---|---|---|"]  # fmt: skip
    for problem in dict.fromkeys(row["problem"] for row in found):
        mine = [r for r in found if (r["problem"], r["who"]) == (problem, "recipe")]
        cells = [", ".join("-" if r.get(name) is None else f"{r[name]:.3g}" for r in mine)
                 for name in ("rate", "loss", "confidence")]  # fmt: skip
        if mine:
            lines.append(f"| {problem} | {mine[0]['best']:.3g} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(rows(sys.argv[1:] or list(TOOLS))))
