"""What ensembles, snapshots and averaged weights bring on CIFAR-10; writes FINISH.md.

    python tests/benchmarks/finish.py [--seeds 5] [--write]

What was measured is kept beside this file: delete finish_rows.json to measure anew.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev

import common
from bench import machine
from lr_problems import context

MEANING = """\
The small CNN of `examples/cifar10.py` on 10,000 training and 2,000 validation images, 16 epochs with
augmentation, lr 0.00845, weight decay 0.001. Each row is one run of the step `finish` with
`--ensemble 5`: five trainings from fresh seeds, and one with restarts of the rate. A single model is
the mean of the five; an ensemble of five costs five times as much in training and in use, snapshots
and averages cost as much as one training. "All" is greedy selection among all of these on the
validation images, which flatters it. "Spread" is the deviation of scores between seeds, and the
correlation is that of where two of the five are wrong."""
ROWS = Path(__file__).with_name("finish_rows.json")
SETTING = {"lr": 0.00845, "weight_decay": 1e-3}
COLUMNS = ("seed_mean", "seeds_score", "snapshot_score", "averaging_gain", "ensemble_score",
           "seed_spread", "error_correlation")  # fmt: skip


def measured(seed, schedule):
    """Scalars and curves of the step at this seed of the run."""
    import cifar10

    from recipe_steps.finish import Finish

    made = replace(cifar10.experiment(), schedule=schedule, test=None, **SETTING)
    with context(made, seed, ensemble=5) as ctx:
        ctx.train_baseline()
        found = Finish().measure(ctx)
    return {**found.scalars, "seeds": list(found.curve("seed_score"))}


def rows(seeds):
    """One per seed with the cosine schedule, and one with a constant rate."""
    known = json.loads(ROWS.read_text("utf-8")) if ROWS.exists() else {}
    for label in (*(f"cosine {seed}" for seed in range(seeds)), "constant 0"):
        if label not in known:
            schedule, seed = label.split()
            known[label] = measured(int(seed), schedule)
            ROWS.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
            print(label, {name: known[label].get(name) for name in COLUMNS}, flush=True)
    return known


def table(known):
    """Markdown: the runs, their means, and what each way gains over the single model."""
    cosine = [row for label, row in known.items() if label.startswith("cosine")]
    lines = [
        "| run | single | 5 seeds | snapshots | averaged | all, greedy | spread | correlation |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for label, row in known.items():
        averaged = row["seed_mean"] + row["averaging_gain"]
        values = (row["seed_mean"], row["seeds_score"], row["snapshot_score"], averaged,
                  row.get("ensemble_score") or row["single_score"], row["seed_spread"])  # fmt: skip
        shown = " | ".join(f"{value:.4f}" for value in values)
        lines.append(f"| {label} | {shown} | {row['error_correlation']:.2f} |")
    gains = {
        "five seeds together": [r["seeds_score"] - r["seed_mean"] for r in cosine],
        "snapshots": [r["snapshot_score"] - r["seed_mean"] for r in cosine],
        "averaged weights": [r["averaging_gain"] for r in cosine],
    }
    lines += ["", "| gain over a single model, in points | mean | standard error | of each run |",
              "|---|---|---|---|"]  # fmt: skip
    for name, found in gains.items():
        error = stdev(found) / len(found) ** 0.5 if len(found) > 1 else float("nan")
        each = ", ".join(f"{100 * gain:+.2f}" for gain in found)
        lines.append(f"| {name} | {100 * fmean(found):+.2f} | {100 * error:.2f} | {each} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    head = f"# The last step\n\nMeasured by `make bench-finish` on: {machine()}."
    text = f"{head}\n\n{MEANING}\n\n{table(rows(given.seeds))}\n"
    print(text)
    if given.write:
        Path(__file__).with_name("FINISH.md").write_text(text, "utf-8")


if __name__ == "__main__":
    assert common.ROOT  # its paths are set by importing it
    main()
