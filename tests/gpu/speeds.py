"""How fast trainings are on a device: each measurement returns lines of its table."""

import importlib.util
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from samples import cnn, experiment, images, mlp, resnet18, rows, splits, wait
from torch.nn import functional as F

from recipe.data.datasets import EVAL_BATCH
from recipe.machine.out_of_memory import give_back, is_out_of_memory
from recipe.machine.peak_memory import peak_bytes
from recipe.speed.fused_training import FusedTraining
from recipe.speed.mode_choice import choose
from recipe.training.execution_mode import PLAIN, ExecutionMode
from recipe.training.loop import Training


def seconds_of(step, device, iterations, warm=3):
    """Of one call, the mean of several, after some that are not counted."""
    for _ in range(warm):
        step()
    wait(device)
    began = time.perf_counter()
    for _ in range(iterations):
        step()
    wait(device)
    return (time.perf_counter() - began) / iterations


def iterations_of(training):
    """A function that trains one iteration of a training, again and again."""

    def going():
        epoch = 0
        while True:
            yield from training._iterations(epoch, frozenset())
            epoch += 1

    updates = going()
    return lambda: next(updates)


def fused_table(device, quick):
    """Trials a second, and memory of each, of K trials as one model and of one by itself."""
    widths = (1, 2, 4) if quick else (1, 2, 4, 8, 16, 32, 64, 128, 256)
    count = 3 if quick else 20
    for name, model, data in (("mlp", mlp, rows(4096)), ("cnn", cnn, images(1024))):
        sets, single = splits(data, device), None
        for width in widths:
            line = _fused(model, sets, device, width, count)
            if "out of memory" in line:
                yield {"model": name, "K": width, **line}
                break
            single = single or line["iterations of a trial per s"]
            gain = line["iterations of a trial per s"] / single
            yield {"model": name, "K": width, **line, "times one by one": round(gain, 2)}
            give_back(device)


def _fused(model, sets, device, width, count):
    made = [experiment(model, epochs=1000, batch_size=128)] * width
    rates = [[0.01] * 10000]
    try:
        if width == 1:
            training = Training(made[0], sets, seed=0, device=device, rates=rates[0])
            step = iterations_of(training)
        else:
            training = FusedTraining(
                made, sets, seed=0, device=device, rates=rates * width, mode=PLAIN
            )
            step = _fused_step(training)
        peak = peak_bytes(device, step)
        each = seconds_of(step, device, count) / width
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return {"out of memory": True}
    return {
        "ms per iteration of a trial": round(1000 * each, 4),
        "iterations of a trial per s": round(1 / each, 1),
        "MB per trial": round(peak / width / 1e6, 2),
    }


def _fused_step(training):
    from recipe.speed.fused_monitor import FusedMonitor

    def going():
        while True:
            yield from training._iterations(0, frozenset(), FusedMonitor(training.trials))

    updates = going()
    return lambda: next(updates)


def ways_of_resnet(device, quick):
    """Images a second of ResNet-18 in the ways that there are."""
    model, side, size = (cnn, 16, 8) if quick else (resnet18, 64, 256)
    count = 2 if quick else 20
    sets = splits(images(4 * size, side), device, held=size)
    with Tf32(False):
        loop = plain_loop(model, sets, device, size)
        yield {"way": "plain loop, float32", **_rate(loop, device, size, count)}
    for name, mode, tf32 in WAYS:
        if mode.compiled and device.type == "cpu" and quick:
            count = 1
        with Tf32(tf32):
            training = Training(
                experiment(model, batch_size=size), sets, seed=0, device=device,
                rates=[0.01] * 10000, mode=mode,
            )  # fmt: skip
            step = iterations_of(training)
            yield {"way": name, **_rate(step, device, size, count)}
        give_back(device)
    if device.type == "cuda":
        step = graphed(model, sets, device, size)
        yield {"way": "CUDA graph, TF32", **_rate(step, device, size, count)}
    else:
        yield {"way": "CUDA graph, TF32", "skipped": "CUDA graphs need a GPU"}


WAYS = (
    ("recipe, float32", PLAIN, False),
    ("recipe, TF32", PLAIN, True),
    ("recipe, channels-last", ExecutionMode(channels_last=True), True),
    ("recipe, bfloat16", ExecutionMode(precision="bfloat16"), True),
    (
        "recipe, bfloat16, channels-last",
        ExecutionMode(precision="bfloat16", channels_last=True), True,
    ),
    (
        "recipe, bfloat16, channels-last, compiled",
        ExecutionMode(precision="bfloat16", channels_last=True, compiled=True), True,
    ),
)  # fmt: skip


class Tf32:
    def __init__(self, on):
        self.on = on

    def __enter__(self):
        self.before = torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()
        torch.backends.cudnn.allow_tf32 = self.on
        torch.set_float32_matmul_precision("high" if self.on else "highest")

    def __exit__(self, *_):
        torch.backends.cudnn.allow_tf32 = self.before[0]
        torch.set_float32_matmul_precision(self.before[1])


def _rate(step, device, size, count):
    seconds = seconds_of(step, device, count)
    return {"ms per iteration": round(1000 * seconds, 3), "items per s": round(size / seconds)}


def plain_loop(model, sets, device, size):
    """One iteration of a loop as anybody writes it."""
    net = model().to(device)
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9, nesterov=True)
    x, y = sets.train.x, sets.train.y

    def step():
        at = torch.randint(len(x), (size,)).to(device)
        loss = F.cross_entropy(net(x[at]), y[at])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def graphed(model, sets, device, size):
    """The same with the whole update in a CUDA graph."""
    net = model().to(device)
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9, nesterov=True)
    x, y = sets.train.x[:size].clone(), sets.train.y[:size].clone()

    def update():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(net(x), y).backward()
        optimizer.step()

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            update()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    optimizer.zero_grad(set_to_none=True)
    with torch.cuda.graph(graph):
        F.cross_entropy(net(x), y).backward()
        optimizer.step()

    def step():
        at = torch.randint(len(sets.train.x), (size,)).to(device)
        x.copy_(sets.train.x[at])
        y.copy_(sets.train.y[at])
        graph.replay()

    return step


def chosen_way(device, quick):
    """The way that the recipe finds by itself, and what that took."""
    for name, model, data in (("mlp", mlp, rows(4096)), ("cnn", cnn, images(1024))):
        made = experiment(model, batch_size=128)
        began = time.perf_counter()
        found = choose(made, splits(data, device), device, 0, planned=400 if quick else 40_000)
        yield {
            "model": name, "way": str(found.mode), "width": found.mode.width,
            "times plain": round(found.gain, 2), "s": round(time.perf_counter() - began, 1),
        }  # fmt: skip


def sweep(device, quick):
    """Eight trials of an MLP: a plain loop, Optuna with Lightning, and the recipe's grid."""
    n, epochs = (512, 1) if quick else (8192, 5)
    trials = 2 if quick else 8
    data = rows(n)
    tools = (
        ("plain loop", _by_loop), ("recipe", _by_recipe), ("Optuna + Lightning", _by_optuna)
    )  # fmt: skip
    for name, run in tools:
        if name.startswith("Optuna") and not _installed("optuna", "lightning"):
            yield {"tool": name, "skipped": "optuna and lightning are not installed"}
            continue
        began = time.perf_counter()
        score = run(data, device, trials, epochs)
        wait(device)
        seconds = time.perf_counter() - began
        line = {"s": round(seconds, 2), "best accuracy": round(score, 4)}
        yield {"tool": name, "trials": trials, **line}


def _installed(*names):
    return all(importlib.util.find_spec(name) for name in names)


def _rates(trials):
    return [10 ** (-3 + 2 * k / max(1, trials - 1)) for k in range(trials)]


def _by_loop(data, device, trials, epochs):
    x, y = (part.to(device) for part in data)
    held = len(x) // 5
    best = 0.0
    for lr in _rates(trials):
        net = mlp().to(device)
        optimizer = torch.optim.SGD(net.parameters(), lr, momentum=0.9, nesterov=True)
        for _ in range(epochs):
            for at in torch.randperm(len(x) - held, device=device).split(128):
                loss = F.cross_entropy(net(x[held:][at]), y[held:][at])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            with torch.no_grad():
                right = (net(x[:held]).argmax(1) == y[:held]).float().mean().item()
            best = max(best, right)
    return best


def _by_recipe(data, device, trials, epochs):
    from recipe.core.budget import Meter
    from recipe.notebook.journal import Journal
    from recipe.search.checkpoints import Checkpoints
    from recipe.search.runner import HEADS, Runner
    from recipe.search.trial_run import TrialSpec

    held = len(data[0]) // 5
    x, y = (part.to(device) for part in data)
    sets = splits((x[held:], y[held:]), device)
    sets = replace(sets, val=replace(sets.val, x=x[:held], y=y[:held]))
    made = experiment(mlp, epochs=epochs, batch_size=128)
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder))
        runner = Runner(
            journal=journal, folder=Path(folder), checkpoints=Checkpoints(journal, Path(folder)),
            data=sets, device=device, seed=0, fingerprint="f", meter=Meter(),
            on_trial=lambda *_: None, progress=lambda *_: None, tune=lambda: HEADS,
        )  # fmt: skip
        cells = [{"lr": lr} for lr in _rates(trials)]
        found = runner.run("grid", 1, [TrialSpec(c, made.with_params(c)) for c in cells])
        journal.close()
    return max(trial.val_score or 0.0 for trial in found)


def _by_optuna(data, device, trials, epochs):
    import logging
    import warnings

    import lightning
    import optuna
    from torch.utils.data import DataLoader, TensorDataset

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    held = len(data[0]) // 5
    train = DataLoader(TensorDataset(data[0][held:], data[1][held:]), 128, shuffle=True)
    val = DataLoader(TensorDataset(data[0][:held], data[1][:held]), EVAL_BATCH)

    class Net(lightning.LightningModule):
        def __init__(self, lr):
            super().__init__()
            self.net, self.lr, self.right = mlp(), lr, []

        def training_step(self, batch, _):
            return F.cross_entropy(self.net(batch[0]), batch[1])

        def validation_step(self, batch, _):
            self.right.append((self.net(batch[0]).argmax(1) == batch[1]).float().mean())

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), self.lr, momentum=0.9, nesterov=True)

    def objective(trial):
        net = Net(trial.suggest_float("lr", 1e-3, 1e-1, log=True))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            lightning.Trainer(
                max_epochs=epochs, accelerator="gpu" if device.type == "cuda" else "cpu",
                devices=1, logger=False, enable_checkpointing=False, enable_progress_bar=False,
                enable_model_summary=False,
            ).fit(net, train, val)  # fmt: skip
        return float(torch.stack(net.right[-len(val) :]).mean())

    study = optuna.create_study(direction="maximize")
    study.optimize(objective, n_trials=trials)
    return study.best_value


TABLES = (
    ("Trials fused into one model", fused_table),
    ("Ways to train ResNet-18", ways_of_resnet),
    ("The way that is found", chosen_way),
    ("Eight trials", sweep),
)
