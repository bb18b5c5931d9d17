"""Grids and random draws over hyperparameters."""

import itertools
import math
from collections.abc import Mapping, Sequence

from recipe.keys import derive_seed
from recipe.results import Scalar

Params = dict[str, Scalar]


def log_spaced(low: float, high: float, count: int) -> list[float]:
    """`count` rates from `low` to `high`, evenly spaced in the logarithm, to 3 digits."""
    if count == 1:
        return [rounded(math.sqrt(low * high))]
    step = (math.log(high) - math.log(low)) / (count - 1)
    return [rounded(math.exp(math.log(low) + i * step)) for i in range(count)]


def rounded(value: float) -> float:
    """Three significant digits: a rate one can say aloud."""
    return float(f"{value:.3g}")


def grid(axes: Mapping[str, Sequence[Scalar]]) -> list[Params]:
    """Every combination of the axes' values, the last axis fastest."""
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def thinned_grid(axes: Mapping[str, Sequence[Scalar]], limit: int, seed: int) -> list[Params]:
    """The grid, or at most `limit` of its cells that cover every axis evenly.

    A large grid is cut by Latin-hypercube-like draws: along each axis, values are dealt out in
    shuffled rounds, so each value appears equally often up to one.
    """
    if math.prod(len(values) for values in axes.values()) <= limit:
        return grid(axes)
    import random

    columns = {}
    for name, values in axes.items():
        deal: list[Scalar] = []
        source = random.Random(derive_seed(seed, "grid", name))
        while len(deal) < limit:
            hand = list(values)
            source.shuffle(hand)
            deal += hand
        columns[name] = deal[:limit]
    cells = [dict(zip(columns, cell, strict=True)) for cell in zip(*columns.values(), strict=True)]
    return list({tuple(cell.items()): cell for cell in cells}.values())


def random_draws(
    ranges: Mapping[str, tuple[float, float]],
    choices: Mapping[str, Sequence[Scalar]],
    count: int,
    seed: int,
) -> list[Params]:
    """`count` draws, log-uniform over `ranges`, uniform over `choices` (Bergstra, Bengio 2012)."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    space: dict[str, optuna.distributions.BaseDistribution] = {
        name: optuna.distributions.FloatDistribution(low, high, log=True)
        for name, (low, high) in ranges.items()
    }
    for name, values in choices.items():
        space[name] = optuna.distributions.CategoricalDistribution(list(values))
    draws = [study.ask(space).params for _ in range(count)]
    return [
        {name: rounded(v) if name in ranges else v for name, v in draw.items()} for draw in draws
    ]
