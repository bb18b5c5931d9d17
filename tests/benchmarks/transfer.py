"""Transfer learning on CIFAR-10: from five classes to the other five, with few and many images.

    python tests/benchmarks/transfer.py [--seeds N] [--write]

A small CNN learns the first five classes (1,000 images each). For 20, 100 and 500 images of each of
the other five classes the step `transfer` trains the head alone, fine-tunes, and trains from
scratch; it validates on 500 images and advises. What measured best is judged by 1,500 further
images that nothing was chosen by. The time of an epoch on kept features and through the frozen
model is measured in turn.
"""

import argparse
import contextlib
import json
import statistics
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from common import DATA

PAGE = Path(__file__).with_name("TRANSFER.md")
FIRST = ("airplane", "automobile", "bird", "cat", "deer")
OTHER = ("dog", "frog", "horse", "ship", "truck")
PER_CLASS = (20, 100, 500)
EPOCHS, PRETRAINING = 10, 12
ROUNDS = 7
"""Epochs of either kind that are timed, in turn."""
ERRORS = 2.0
"""Standard errors of the difference, on the same images, within which two ways are as good."""
VALIDATED = 100
"""Images of a class that the step chooses by; the other 300 tell what was best."""
WAYS = {"probe": "head alone", "tuned": "fine-tuned", "scratch": "from scratch"}


def images(split, classes, n=None, seed=0):
    """Images [n, 3, 32, 32] of these classes, n of each drawn at random, and their labels."""
    import torch
    from torchvision.io import decode_image

    x, y = [], []
    source = torch.Generator().manual_seed(seed)
    for label, name in enumerate(classes):
        folders = ("val", "test") if split != "train" else ("train",)
        files = [f for s in folders for f in sorted((DATA / "cifar10" / s / name).iterdir())]
        files = {"train": files, "val": files[:VALIDATED], "test": files[VALIDATED:]}[split]
        chosen = torch.randperm(len(files), generator=source)[:n].tolist()
        x += [decode_image(str(files[k])) for k in chosen]
        y += [label] * len(chosen)
    pixels = torch.stack(x).float() / 255
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in ((0.49, 0.48, 0.45), (0.25, 0.24, 0.26)))
    return (pixels - mean) / std, torch.tensor(y)


def cnn(outputs=5, width=16):
    """Four blocks of convolution and batch norm, and a linear head `fc`."""
    from collections import OrderedDict

    from torch import nn

    blocks, channels = [], 3
    for k, out in enumerate((width, 2 * width, 4 * width, 4 * width), 1):
        layers = [
            nn.Conv2d(channels, out, 3, padding=1, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(),
        ]
        blocks.append((f"block{k}", nn.Sequential(*layers, nn.MaxPool2d(2))))
        channels = out
    pool = ("pool", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    return nn.Sequential(OrderedDict([*blocks, pool, ("fc", nn.Linear(channels, outputs))]))


def pretrained(folder, seed):
    """A file with the weights of a network that tells the first five classes; its score too."""
    from recipe import Experiment
    from recipe.testing import open_context
    from recipe_steps.coarse_grid import CoarseGrid

    experiment = Experiment(
        model=cnn, train=images("train", FIRST), val=images("val", FIRST), epochs=PRETRAINING,
        batch_size=64, name="first",
    )  # fmt: skip
    with open_context(CoarseGrid(), experiment, folder, seed=seed, exact=True) as ctx:
        (trial,) = ctx.run_trials([{"lr": 0.05, "weight_decay": 5e-4}])
        fit = ctx.runner.weights(trial, ctx.experiment_of(trial))
    path = folder / f"first-{seed}.safetensors"
    path.write_bytes(fit)
    return path, trial.val_score


def case(n, seed, weights, folder):
    """One run of the step: what it advises, and how the best of every way does on further images."""
    from safetensors.torch import load

    from recipe import Experiment
    from recipe.search.ranking import best_of
    from recipe.testing import open_context
    from recipe_steps.transfer import Transfer, advice

    experiment = Experiment(
        model=cnn, train=images("train", OTHER, n, seed), val=images("val", OTHER),
        head="fc", weights=weights, epochs=EPOCHS, batch_size=64, name=f"other-{n}",
    )  # fmt: skip
    began = time.perf_counter()
    with open_context(Transfer(), experiment, folder, seed=seed, exact=True) as ctx:
        evidence = Transfer().measure(ctx)
        seconds = time.perf_counter() - began
        groups = {
            "probe": [t for t in ctx.trials if "begin_from" not in t.params],
            "tuned": [t for t in ctx.trials if str(t.params.get("begin_from")).startswith("probe")],
            "scratch": [t for t in ctx.trials if t.params.get("begin_from") == "scratch"],
        }
        right = {}
        for way, trials in groups.items():
            best = best_of(trials)
            right[way] = answers(load(ctx.runner.weights(best, ctx.experiment_of(best))))
        found = [f for rule in Transfer().rules if (f := rule(evidence))]
    advised = advice.best(evidence)
    return {
        "per_class": n, "seed": seed, "seconds": seconds, "advised": advised,
        "val": {way: evidence.number(f"{way}_score") for way in WAYS},
        "test": {way: float(hits.float().mean()) for way, hits in right.items()},
        "frozen": evidence.number("tuned_freeze"), "blocks": evidence.number("blocks"),
        "profile": list(evidence.curve("profile_score")),
        "depth": [list(evidence.curve("depth_trained")), list(evidence.curve("depth_score"))],
        "matches": matches(right, advised),
        "rules": [f"{f.rule} ({f.severity})" for f in found],
        "said": found[-1].message,
    }  # fmt: skip


def answers(state):
    """Which of the further images a model gets right."""
    import torch

    model = cnn()
    model.load_state_dict(state)
    x, y = images("test", OTHER)
    with torch.no_grad():
        return torch.cat([model.eval()(part).argmax(1) for part in x.split(250)]) == y


def matches(right, advised):
    """Whether no way does better than the advised one by more than twice the standard error of the
    difference on the same images.
    """
    n = len(right[advised])
    for hits in right.values():
        lead = hits.float() - right[advised].float()
        if float(lead.mean()) > ERRORS * float(lead.std()) / n**0.5:
            return False
    return True


def epochs(make, head, weights, x_side, n):
    """Seconds of an epoch of the frozen model, and of the head on kept features; medians."""
    import torch
    from torch.nn import functional as F

    from recipe import Experiment
    from recipe.data.datasets import Splits, TensorData
    from recipe.training.feature_extraction import extract_features
    from recipe.training.loop import Training
    from recipe.training.preparation import prepare

    (x, y), (x_val, y_val) = images("train", OTHER, n), images("val", OTHER)
    if x_side != x.shape[-1]:
        x, x_val = (F.interpolate(part, size=x_side) for part in (x, x_val))
    cpu, data = torch.device("cpu"), Splits(TensorData(x, y), TensorData(x_val, y_val))
    experiment = Experiment(
        model=make, train=(x, y), val=(x_val, y_val), head=head, weights=weights, lr=0.05,
        batch_size=64, epochs=ROUNDS + 1,
    ).resolved()  # fmt: skip
    experiment, _ = prepare(experiment, data)
    experiment = experiment.with_params({"freeze": len(experiment.blocks)})
    began = time.perf_counter()
    features = extract_features(experiment, data, cpu, 0)
    once = time.perf_counter() - began
    frozen = Training(experiment, data, seed=0, device=cpu)
    alone = Training(features.experiment(experiment), features.data, seed=0, device=cpu)
    seconds = {"frozen": [], "kept": []}
    for _ in range(ROUNDS + 1):
        for name, training in (("frozen", frozen), ("kept", alone)):
            start = time.perf_counter()
            training.epoch()
            seconds[name].append(time.perf_counter() - start)
    slow, fast = (statistics.median(times[1:]) for times in seconds.values())
    return {"frozen": slow, "kept": fast, "once": once, "ratio": slow / fast}


def resnet():
    from torchvision.models import resnet18

    return resnet18(weights=None, num_classes=5)


def page(results, timings, scores, machine):
    """The section, in Markdown."""
    lines = [
        "# Transfer learning", "",
        f"Measured by `python tests/benchmarks/transfer.py --write` on: {machine}, {date.today()}.", "",
        (f"A CNN of four blocks learns five classes of CIFAR-10 (validation accuracy {scores}) and is "
        "moved to the other five. The step chooses by 500 validation images; the test columns are "
        "1,500 further images. A match: no way does better there than the advised one by more than "
        "two standard errors of the difference."), "",
        ("| images per class | seed | head alone | fine-tuned (trained blocks) | from scratch | advised | "
        "best on test | match |"),
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for r in results:
        test = r["test"]
        best = max(test, key=test.get)
        trained = r["blocks"] - (r["frozen"] or 0)
        lines.append(
            f"| {r['per_class']} | {r['seed']} | {test['probe']:.3f} | {test['tuned']:.3f} "
            f"({trained:.0f} of {r['blocks']:.0f}) | {test['scratch']:.3f} | {WAYS[r['advised']]} | "
            f"{WAYS[best]} | {'yes' if r['matches'] else 'no'} |"
        )
    right = sum(r["matches"] for r in results)
    lines += ["", f"The advice matches in {right} of {len(results)} cases.", ""]
    lines += ["What the step said, seed 0:", ""]
    lines += [f"- {r['said']}" for r in results if r["seed"] == 0]
    lines += [
        "", "## Kept features", "",
        f"Seconds of an epoch with its validation, medians of {ROUNDS}, the two measured in turn, on one thread.",
        "", "| model | frozen model | kept features | times as fast | computing them once |",
        "|---|---|---|---|---|",
    ]  # fmt: skip
    for name, t in timings.items():
        lines.append(
            f"| {name} | {t['frozen']:.3f} | {t['kept']:.4f} | {t['ratio']:.0f} | {t['once']:.2f} |"
        )
    return "\n".join(lines) + "\n"


def main():
    import torch

    from recipe.machine.device import processor

    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    results, scores = [], []
    text = ""
    with tempfile.TemporaryDirectory() as out, contextlib.redirect_stdout(sys.stderr):
        folder = Path(out)
        timings = {
            "the CNN, 32 pixels, 2,500 images": epochs(cnn, "fc", None, 32, 500),
            "ResNet-18, 64 pixels, 500 images": epochs(resnet, "fc", None, 64, 100),
        }
        print(json.dumps(timings), flush=True)
        for seed in range(given.seeds):
            weights, score = pretrained(folder, seed)
            scores.append(f"{score:.3f}")
            print(f"pretrained, seed {seed}: {score:.3f}", flush=True)
            for n in PER_CLASS:
                results.append(case(n, seed, weights, folder))
                print(json.dumps(results[-1]), flush=True)
            ordered = sorted(results, key=lambda r: (r["per_class"], r["seed"]))
            machine = f"{processor()}, one thread, torch {torch.__version__}"
            text = page(ordered, timings, ", ".join(scores), machine)
            if given.write:
                PAGE.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
