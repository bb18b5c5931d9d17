"""Grids and random draws over hyperparameters."""

import itertools
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from recipe.core.evidence import Scalar
from recipe.core.keys_and_seeds import derive_seed
from recipe.ranges import Axis, Range, active_params, plain, rounded

Params = dict[str, Scalar]


def log_spaced(low: float, high: float, count: int) -> list[float]:
    """`count` rates from `low` to `high`, evenly spaced in the logarithm, to 3 digits."""
    if count == 1:
        return [rounded(math.sqrt(low * high))]
    step = (math.log(high) - math.log(low)) / (count - 1)
    return [rounded(math.exp(math.log(low) + i * step)) for i in range(count)]


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
    return distinct_cells(cells)


def random_draws(axes: Mapping[str, Axis], count: int, seed: int) -> list[Params]:
    """`count` draws, uniform over values and ranges, in the logarithm where these say so (Bergstra,
    Bengio 2012); fewer where some come twice.
    """
    return _drawn("RandomSampler", axes, count, seed=seed)


def quasi_random(axes: Mapping[str, Axis], count: int, seed: int) -> list[Params]:
    """The same from a scrambled Sobol sequence, which leaves no large gaps: with a dozen points it
    covers each axis and each pair of axes evenly (Bousquet et al. 2017).
    """
    options = {"scramble": True, "warn_independent_sampling": False}
    return _drawn("QMCSampler", axes, count, seed=seed, **options)


def _drawn(sampler: str, axes: Mapping[str, Axis], count: int, **options: Any) -> list[Params]:
    """Points of the unit cube, each as the values that it stands for."""
    from optuna.distributions import FloatDistribution
    from optuna.trial import create_trial

    study = _study(sampler, **options)
    cube = {name: FloatDistribution(0.0, 1.0) for name in axes}
    # A quasi-random sampler takes its space from a finished trial.
    centre = dict.fromkeys(axes, 0.5)
    study.add_trial(create_trial(params=centre, distributions=dict(cube), value=0.0))
    cells = []
    for _ in range(count):
        point = study.ask(dict(cube)).params
        cells.append(active_params({name: _at(axes[name], point[name]) for name in axes}, axes))
    return distinct_cells(cells)


def _study(sampler: str, **options: Any) -> Any:
    """Of Optuna, which calls some samplers and options experimental."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        chosen = getattr(optuna.samplers, sampler)(**options)
        return optuna.create_study(direction="maximize", sampler=chosen)


def _at(axis: Axis, share: float) -> Scalar:
    values = plain(axis)
    if isinstance(values, Range):
        return values.at(share)
    return values[min(len(values) - 1, int(share * len(values)))]


def distinct_cells(cells: Sequence[Params]) -> list[Params]:
    """Each cell once, in their order."""
    return list({tuple(cell.items()): cell for cell in cells}.values())


def listed_values(axis: Axis) -> list[Scalar]:
    """The values of an axis as a grid takes them: of a range both ends and the middle."""
    values = plain(axis)
    if isinstance(values, Range):
        return list(dict.fromkeys(values.at(share) for share in (0.0, 0.5, 1.0)))
    return list(values)


def proposed_cells(
    axes: Mapping[str, Axis], known: Sequence[tuple[Params, float]], count: int, seed: int
) -> list[Params]:
    """`count` cells that the trials so far speak for (Bergstra et al. 2011, TPE).

    Args:
        axes: what is searched; a range is widened to what was tried beyond it.
        known: parameters and scores of the trials so far.
        count: how many to propose; fewer are returned where some come twice or are known.
        seed: of the draws.

    """
    from optuna.trial import create_trial

    study = _study(
        "TPESampler", seed=seed, n_startup_trials=0, multivariate=True, constant_liar=True
    )
    ranges = {name: _distribution(axis, [p[name] for p, _ in known if name in p])
              for name, axis in axes.items()}  # fmt: skip
    for params, score in known:
        # What a condition left out is of no consequence, but the sampler wants a value.
        full = {name: params.get(name, _at(axis, 0.5)) for name, axis in axes.items()}
        study.add_trial(create_trial(params=full, distributions=dict(ranges), value=score))
    cells = [active_params(study.ask(dict(ranges)).params, axes) for _ in range(count)]
    continuous = {name: isinstance(plain(axis), Range) for name, axis in axes.items()}
    cells = [{n: _said(v) if continuous[n] else v for n, v in cell.items()} for cell in cells]
    tried = [
        active_params({n: params[n] for n in axes if n in params}, axes) for params, _ in known
    ]
    return [cell for cell in distinct_cells(cells) if cell not in tried]


def _said(value: Scalar) -> Scalar:
    return rounded(value) if isinstance(value, float) else value


def _distribution(axis: Axis, tried: Sequence[Scalar]) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    values = plain(axis)
    if not isinstance(values, Range):
        return CategoricalDistribution(list(values))
    numbers = [v for v in tried if isinstance(v, int | float) and (v > 0 or not values.log)]
    low, high = min([values.low, *numbers]), max([values.high, *numbers])
    if values.whole:
        return IntDistribution(int(low), int(high), log=values.log)
    return FloatDistribution(float(low), float(high), log=values.log)
