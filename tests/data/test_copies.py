"""Items that were copied, and items that repeat since there are few different ones."""

import numpy as np
import pytest
import torch

from recipe.data.copies import CHANCE, chance_of_repeats, joined, near_copies, numbers_of
from recipe.data.row_hashes import row_hashes


def chance(x, y=None):
    """Of repeats of inputs [n, ...] with targets [n], yes or no unless given."""
    x = torch.as_tensor(np.ascontiguousarray(x))
    y = torch.arange(len(x)) % 2 if y is None else torch.as_tensor(y)
    return chance_of_repeats(row_hashes(x), row_hashes(y), numbers_of(x))


def measured(n, width, rng, decimals=4):
    return rng.normal(size=(n, width)).round(decimals)


def levels(n, counts, rng):
    return np.stack([rng.integers(0, count, n) for count in counts], 1).astype(float)


def powers(x):
    return np.concatenate([x, x**2, x**3, np.sin(x)], 1)


NATURAL = {
    "six of yes and no": lambda n, rng: levels(n, (2,) * 6, rng),
    "years of age": lambda n, rng: levels(n, (62,), rng),
    "three of five levels": lambda n, rng: levels(n, (5, 5, 5), rng),
    "two decimals": lambda n, rng: measured(n, 1, rng, 2),
    "three columns of one decimal": lambda n, rng: measured(n, 3, rng, 1),
    "powers of one number": lambda n, rng: powers(measured(n, 1, rng, 2)),
    "few words often, many seldom": lambda n, rng: rng.zipf(1.5, (n, 1)).clip(max=500).astype(float),
    "zeros of what did not occur": lambda n, rng: measured(n, 3, rng) * (rng.random((n, 3)) < 0.3),
    "pictures that are blank": lambda n, rng: rng.random((n, 8, 8)) * (rng.random((n, 1, 1)) < 0.8),
    "yes and no that go together": lambda n, rng: (
        levels(n, (2,), rng) * np.ones((1, 20)) != (rng.random((n, 20)) < 0.02)
    ).astype(float),
}  # fmt: skip


@pytest.mark.parametrize("name", NATURAL)
@pytest.mark.parametrize("n", [80, 250, 900])
def test_a_small_world_repeats_by_chance(name, n):
    found = [chance(NATURAL[name](n, np.random.default_rng(seed))) for seed in range(10)]
    assert min(found) >= CHANCE


GLUED = {
    "ten measured columns": lambda n, rng: measured(n, 10, rng),
    "one measured column": lambda n, rng: measured(n, 1, rng),
    "a measured column and words": lambda n, rng: np.concatenate(
        [measured(n, 1, rng, 3), levels(n, (3, 4), rng)], 1
    ),
    "pictures": lambda n, rng: rng.integers(0, 256, (n, 3, 6, 6)).astype(np.uint8),
    "tokens": lambda n, rng: rng.integers(0, 500, (n, 12)),
}


@pytest.mark.parametrize("name", GLUED)
@pytest.mark.parametrize(("times", "shuffled"), [(2, False), (2, True), (3, True)])
def test_a_file_glued_to_itself_does_not(name, times, shuffled):
    rng = np.random.default_rng(times)
    x = np.concatenate([GLUED[name](200, rng)] * times)
    y = np.concatenate([rng.integers(0, 2, 200)] * times)
    order = rng.permutation(len(x)) if shuffled else np.arange(len(x))
    assert chance(x[order], y[order]) < CHANCE


def test_a_few_copies_show_where_columns_are_measured():
    rng = np.random.default_rng(5)
    x = measured(400, 3, rng)
    assert chance(np.concatenate([x, x[:6]])) < CHANCE
    assert chance(np.concatenate([x[:, :1].round(1), x[:6, :1].round(1)])) >= CHANCE


def test_a_plan_of_an_experiment_is_no_copy():
    settings = np.array([[a, b, c] for a in range(5) for b in range(4) for c in range(3)] * 4)
    assert chance(settings.astype(float), np.zeros(len(settings))) >= CHANCE


def test_items_of_which_none_repeats():
    assert chance(measured(50, 2, np.random.default_rng(0))) == 1


def rounded(x, rng):
    return x.round(2)


def with_a_trace_of_noise(x, rng):
    return x + 1e-3 * rng.normal(size=x.shape)


@pytest.mark.parametrize("change", [rounded, with_a_trace_of_noise])
@pytest.mark.parametrize("width", [4, 10])
def test_near_copies_are_found(change, width):
    rng = np.random.default_rng(width)
    x = rng.normal(size=(300, width))
    pairs = near_copies(np.concatenate([x, change(x[:100], rng)]))
    found = {tuple(sorted(pair)) for pair in pairs}
    assert found <= {(place, 300 + place) for place in range(100)}
    assert len(found) >= 90


def mixture(n, rng):
    return rng.normal(size=(n, 5)) + 6 * rng.integers(0, 4, (n, 1))


def uneven(n, rng):
    return np.exp(2 * rng.normal(size=(n, 5)))


def correlated(n, rng):
    return rng.normal(size=(n, 1)) + 0.1 * rng.normal(size=(n, 6))


def with_words(n, rng):
    return np.concatenate([rng.normal(size=(n, 3)), levels(n, (2, 2, 5), rng)], 1)


def on_a_curve(n, rng):
    t = rng.random((n, 1))
    return np.concatenate([np.sin(3 * t), np.cos(5 * t), t**2, t], 1)


def coarse(n, rng):
    return rng.normal(size=(n, 4)).round(1)


SPREADS = [measured, mixture, uneven, correlated, with_words, on_a_curve, coarse]


@pytest.mark.parametrize("spread", SPREADS, ids=lambda spread: spread.__name__)
def test_neighbours_of_a_sound_table_are_no_copies(spread):
    given = (3,) if spread is measured else ()
    hits = [
        len(near_copies(spread(n, *given, np.random.default_rng(seed))))
        for n in (60, 300, 900) for seed in range(5)
    ]  # fmt: skip
    assert sum(hits) <= 1


def test_pairs_make_groups():
    assert joined([7, 8, 9, 7, 5], [(1, 4)]) == [0, 1, 2, 0, 1]
