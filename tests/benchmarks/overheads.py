"""What the recipe costs besides the arithmetic: monitors, trials, start-up, memory."""

import gc
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

from common import BATCH, import_recipe, sgd


@contextmanager
def context(experiment, **settings):
    from recipe.testing import open_context
    from recipe_steps.coarse_grid import CoarseGrid

    with (
        tempfile.TemporaryDirectory() as out,
        open_context(CoarseGrid(), experiment, Path(out), **settings) as ctx,
    ):
        yield ctx


def by_hand(experiment, data):
    """One epoch: the loop one writes by hand over the same tensors, its figures included."""
    import torch
    from torch import nn

    model = experiment.model()
    iterations = -(-len(data.train) // BATCH) * experiment.epochs
    optimizer, scheduler = sgd(model, experiment.lr, experiment.weight_decay, iterations)
    loss_function = nn.CrossEntropyLoss()
    x, y = data.train.x, data.train.y
    for _ in range(experiment.epochs):
        model.train()
        order = torch.randperm(len(x))
        train_loss = train_right = 0.0
        for start in range(0, len(x), BATCH):
            index = order[start : start + BATCH]
            targets = y[index]
            optimizer.zero_grad()
            outputs = model(x[index])
            loss = loss_function(outputs, targets)
            loss.backward()
            optimizer.step()
            scheduler.step()
            train_loss += loss.item()
            train_right += (outputs.argmax(1) == targets).sum().item()
        model.eval()
        with torch.no_grad():
            loss = right = 0.0
            for part, targets in zip(data.val.x.split(512), data.val.y.split(512), strict=True):
                outputs = model(part)
                loss += loss_function(outputs, targets).item() * len(part)
                right += (outputs.argmax(1) == targets).sum().item()


def monitored(experiment, data):
    import torch

    from recipe.training.fit import Fit
    from recipe.training.loop import Training

    training = Training(experiment, data, seed=0, device=torch.device("cpu"))
    Fit(training, experiment.epochs).advance(experiment.epochs)


def training_ratio(experiment, repeats):
    """Median seconds of the monitored training and of the loop by hand, in alternating runs."""
    import torch

    from recipe.data.splitting import load_splits
    from recipe.machine.memory import keep_freed_pages

    keep_freed_pages()
    data = load_splits(experiment, torch.device("cpu"), 0)
    times = {monitored: [], by_hand: []}
    for repeat in range(repeats + 1):
        for train, taken in times.items():
            start = time.perf_counter()
            train(experiment, data)
            if repeat:
                taken.append(time.perf_counter() - start)
    return median(times[monitored]), median(times[by_hand])


def trainings():
    from cifar10 import cnn, images

    from recipe import Experiment
    from recipe.sources.digits import digits

    small = replace(digits(), batch_size=BATCH, lr=0.05, weight_decay=1e-4).resolved(40)
    large = Experiment(
        model=cnn, train=images("train"), val=images("val"), batch_size=BATCH, lr=0.05
    ).resolved(1)
    for name, experiment, repeats in (("CNN, one epoch", large, 7), ("MLP, 40 epochs", small, 9)):
        ours, theirs = training_ratio(experiment, repeats)
        yield f"{name}, all monitors on", f"{ours:.2f} s", f"by hand {theirs:.2f} s", ours / theirs


def tiny():
    import torch
    from torch import nn

    from recipe import Experiment

    x, y = torch.randn(8, 2), torch.tensor([0, 1] * 4)
    return Experiment(model=lambda: nn.Linear(2, 2), train=(x, y), val=(x, y), batch_size=8)


def rates(n, top=0.01):
    """`n` learning rates that differ."""
    return [{"lr": top * (1 + i / n)} for i in range(n)]


def per_trial():
    taken = {}
    for n in (100, 1000):
        with context(tiny(), exact=True) as ctx:
            ctx.run_trials([{"lr": 0.5}], epochs=1)
            start = time.perf_counter()
            ctx.run_trials(rates(n), epochs=1)
            taken[n] = (time.perf_counter() - start) / n * 1e3
    ratio = taken[1000] / taken[100]
    yield (
        "a trial of one iteration, 1,000 trials",
        f"{taken[1000]:.1f} ms",
        (f"100 trials {taken[100]:.1f} ms"),
        ratio,
    )


def memory():
    from recipe.sources.digits import digits

    used = {}
    with context(digits(), exact=True) as ctx:
        cells, done = rates(50), 0
        for n in (5, 50):
            while done < n:
                ctx.run_trials(cells[done : done + 5], epochs=2)
                done += 5
            gc.collect()
            used[n] = resident()
    yield (
        "memory after 50 trials",
        f"{used[50]:.1f} MB",
        f"after 5 {used[5]:.1f} MB",
        (used[50] / used[5]),
    )


def resident():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def growth():
    from recipe.sources.digits import digits

    taken = {}
    for n in (8, 64):
        with context(replace(digits(), batch_size=BATCH)) as ctx:
            ctx.runner.mode  # noqa: B018 - found before the clock starts
            start = time.perf_counter()
            ctx.run_trials(rates(n), epochs=10)
            taken[n] = time.perf_counter() - start
    yield (
        "sweep of 64 trials, MLP on digits",
        f"{taken[64]:.2f} s",
        f"8 trials {taken[8]:.2f} s",
        (taken[64] / taken[8]),
    )


def commands():
    recipe = Path(sys.executable).with_name("recipe")
    for words, repeats in ((["--help"], 11), (["check", "digits", "--no-input"], 5)):
        taken = []
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as out:
                more = ["--out", out] if "check" in words else []
                start = time.perf_counter()
                subprocess.run([recipe, *words, *more], check=True, capture_output=True, cwd=out)
                taken.append(time.perf_counter() - start)
        yield f"recipe {' '.join(words)}", f"{median(taken):.2f} s", "", None


PARTS = {part.__name__: part for part in (trainings, per_trial, memory, growth, commands)}


def table():
    """Every part in a process of its own."""
    lines = ["| what | measured | beside | ratio |", "|---|---|---|---|"]
    for name in PARTS:
        command = [sys.executable, __file__, name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        lines += [line for line in done.stdout.splitlines() if line.startswith("|")]
        print(*lines[-2:], sep="\n", file=sys.stderr, flush=True)
    return "\n".join(lines)


if __name__ == "__main__":
    import_recipe()
    import torch._dynamo  # noqa: F401

    with tempfile.TemporaryDirectory() as cache:
        os.environ["RECIPE_CACHE"] = cache  # nothing is remembered
        for what, ours, other, ratio in PARTS[sys.argv[1]]():
            print(f"| {what} | {ours} | {other} | {f'{ratio:.3f}' if ratio else ''} |")
