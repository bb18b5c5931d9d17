"""What cuts of the refined grid lose and save, replayed on the recorded grids of full trainings.

    python tests/benchmarks/rungs.py [PROBLEM ...]

A refined grid is a cell and its neighbours in rate and decay. Every cell that is within REACH of
the best of its grid is the centre of one, as if the coarse grid had found it.
"""

import argparse
import math
from itertools import pairwise
from statistics import fmean

from search_quality import PROBLEMS, bar, reference

REACH = 0.03
"""Of the score."""
CUTS = {
    "none": (),
    "1/3 keep 2": ((1 / 3, 2),),
    "1/4 keep 2": ((1 / 4, 2),),
    "1/4 keep 1": ((1 / 4, 1),),
    "1/5 keep 1": ((1 / 5, 1),),
    "1/6 keep 1": ((1 / 6, 1),),
    "1/8 keep 1": ((1 / 8, 1),),
    "1/6 keep 2, 1/3 keep 1": ((1 / 6, 2), (1 / 3, 1)),
    "1/8 keep 3, 1/4 keep 1": ((1 / 8, 3), (1 / 4, 1)),
    "1/8 keep 3, 1/4 keep 2, 1/2 keep 1": ((1 / 8, 3), (1 / 4, 2), (1 / 2, 1)),
}
"""Shares of a training, and how many of five go on."""


def grids(rows, best):
    """The cells of each refined grid, its centre first; `best` is the best score of all."""
    rates, decays = (sorted({row[name] for row in rows}) for name in ("lr", "weight_decay"))
    at = {(row["lr"], row["weight_decay"]): row for row in rows}
    for row in rows:
        if (row["score"] or 0.0) < best - REACH:
            continue
        i, j = rates.index(row["lr"]), decays.index(row["weight_decay"])
        around = [(i, j), (i - 1, j), (i + 1, j), (i, j + 1), (i, j - 1)]
        yield [at[rates[a], decays[b]] for a, b in around
               if 0 <= a < len(rates) and 0 <= b < len(decays)]  # fmt: skip


def reached(row, epochs):
    """Best score within the first epochs."""
    known = [score for score in row["curve"][: math.floor(epochs)] if score is not None]
    return max(known, default=-math.inf)


def replay(cells, cuts, epochs):
    """The best score that is left, and what it cost in trainings."""
    going, cost, done = list(cells), 0.0, 0
    ends = [(max(1, round(share * epochs)), keep) for share, keep in cuts]
    for end, keep in [*ends, (epochs, 0)]:
        cost += sum(max(0, min(len(cell["curve"]), end) - done) for cell in going)
        done = end
        if keep:
            going = sorted(going, key=lambda cell: -reached(cell, end))[:keep]
    return max(cell["score"] or 0.0 for cell in going), cost / epochs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("problems", nargs="*", default=list(PROBLEMS))
    given = parser.parse_args()
    for problem in given.problems:
        best, epochs = bar(problem), PROBLEMS[problem]().epochs
        refined = list(grids(reference(problem), best))
        print(f"{problem}: {len(refined)} refined grids, best {best:.4f}")
        for name, cuts in CUTS.items():
            assert all(a[0] < b[0] for a, b in pairwise(cuts))
            found = [replay(cells, cuts, epochs) for cells in refined]
            below = fmean(best - score for score, _ in found)
            near = fmean(score >= best - 0.005 for score, _ in found)
            print(f"  {name:36} below the best {below:.4f}, within half a point {near:.0%}, "
                  f"cost {fmean(cost for _, cost in found):.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
