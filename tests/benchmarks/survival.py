"""How often the best of a whole grid is still there after the coarse grid's cut, and at what cost.

    python tests/benchmarks/survival.py [digits] [cifar10] [--seeds N]

Grids of 9 trials around a rate that is drawn, so that the best lies anywhere in them; the CNN of
examples/cifar10.py sees 3,000 images.
"""

import argparse
import random
import tempfile
from dataclasses import replace
from pathlib import Path

import common  # noqa: F401 - sets the paths

RATES = {"digits": 0.03, "cifar10": 0.02}
SPREAD = 3.0
EPOCHS = (1, 2, 3, 5)
ITEMS = 3_000


def declared(name, seed):
    """Of the experiment, with batches small enough for one epoch to be worth a cut."""
    import torch
    from torch.utils.data import Subset

    if name == "digits":
        from recipe.sources.digits import digits

        return replace(digits(), batch_size=8)
    from cifar10 import cnn, images

    from recipe import Experiment

    train = images("train")
    source = torch.Generator().manual_seed(seed)
    some = torch.randperm(len(train), generator=source)[:ITEMS].tolist()
    return Experiment(
        model=cnn, train=Subset(train, some), val=images("val"), batch_size=32, name=name
    )


def compare(name, seed, epochs, out):
    """Whether the cut left the best score of the grid, what it lost, and its share of the cost."""
    from recipe.search.ranking import best_of
    from recipe.search.space import grid, log_spaced
    from recipe.testing import open_context
    from recipe_steps.coarse_grid import CoarseGrid
    from recipe_steps.coarse_grid.measure import HALVING, LARGER, STEP, USUAL_DECAYS
    from recipe_steps.coarse_grid.measure import RATES as COUNT

    middle = RATES[name] * SPREAD ** random.Random(f"{name} {seed}").uniform(-1, 1)
    rates = log_spaced(middle / STEP, middle * STEP, COUNT)
    cells = grid({"lr": rates, "weight_decay": USUAL_DECAYS[-LARGER:]})
    with open_context(CoarseGrid(), declared(name, seed), out, seed=seed) as ctx:
        cut = ctx.run_trials(cells, HALVING, epochs=epochs)
        whole = ctx.run_trials(cells, epochs=epochs)  # trains those that were stopped to their end
    lost = best_of(whole).val_score - best_of(cut).val_score
    return lost, sum(t.trained for t in cut) / sum(t.trained for t in whole)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(RATES))
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    for name in given.names:
        for epochs in EPOCHS:
            found = []
            for seed in range(given.seeds):
                with tempfile.TemporaryDirectory() as out:
                    found.append(compare(name, seed, epochs, Path(out)))
            kept = sum(lost <= 0 for lost, _ in found)
            cost = sum(cost for _, cost in found) / len(found)
            worst = max(lost for lost, _ in found)
            print(f"{name}, {epochs} epochs: best kept in {kept} of {len(found)}, at {cost:.0%} of "
                  f"the epochs; at most {worst:.4f} lost", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
