"""What cuts of the refined grid lose and save, replayed on its cells trained to their ends.

    python tests/benchmarks/rungs.py [PROBLEM ...] [--seeds N]

The recipe finds the cells from nothing, with seeds that the table of SEARCH.md does not use.
"""

import argparse
from itertools import pairwise
from statistics import fmean

from search_quality import POINTS, PROBLEMS, bar, searched

FIRST_SEED = 100
CUTS = {
    "none": (),
    "1/8 keep 1": ((1 / 8, 1),),
    "1/3 keep 1": ((1 / 3, 1),),
    "1/8 keep 2, 1/3 keep 1": ((1 / 8, 2), (1 / 3, 1)),
    "1/8 keep 2, 1/2 keep 1": ((1 / 8, 2), (1 / 2, 1)),
    "1/8 keep 2, 0.6 keep 1": ((1 / 8, 2), (0.6, 1)),
    "1/8 keep 2, 2/3 keep 1": ((1 / 8, 2), (2 / 3, 1)),
    "1/8 keep 2": ((1 / 8, 2),),
}
"""Shares of a training, and how many go on."""


def refined(problem, seed):
    """Validation scores by epoch of each cell of the refined grid, its centre first."""
    from recipe_steps.refine_grid import measure

    measure.FIRST_ROUND = measure.Halving(share=1 / 3, keep=1.0)
    trials = searched(problem, seed).trials
    return [t.curves["val_score"] for t in trials if t.step == "refine_grid"]


def reached(scores, epochs):
    """The best within the first epochs."""
    return max((score for score in scores[:epochs] if score is not None), default=0.0)


def replay(cells, cuts, epochs):
    """The best score that is left, and what it cost in trainings."""
    going, cost, done = list(cells), 0.0, 0
    ends = [(max(1, round(share * epochs)), keep) for share, keep in cuts]
    for end, keep in [*ends, (epochs, len(cells))]:
        cost += sum(max(0, min(len(scores), end) - done) for scores in going)
        done = end
        going = sorted(going, key=lambda scores: -reached(scores, end))[:keep]
    return reached(going[0], epochs), cost / epochs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("problems", nargs="*", default=list(PROBLEMS))
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_args()
    for problem in given.problems:
        best, epochs = bar(problem), PROBLEMS[problem]().epochs
        grids = [refined(problem, FIRST_SEED + seed) for seed in range(given.seeds)]
        print(f"{problem}: {len(grids)} refined grids; best of the reference {best:.4f}")
        for name, cuts in CUTS.items():
            assert all(a[0] < b[0] for a, b in pairwise(cuts))
            found = [replay(cells, cuts, epochs) for cells in grids]
            below = fmean(best - score for score, _ in found)
            near = fmean(score >= best - POINTS for score, _ in found)
            print(f"  {name:24} below the best {below:.4f}, within half a point {near:.0%}, "
                  f"cost {fmean(cost for _, cost in found):.2f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
