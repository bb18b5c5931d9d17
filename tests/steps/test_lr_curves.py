import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe_steps.lr_range.curves import (
    bracket,
    confidence,
    diverges,
    final_loss,
    limit,
    noise,
    scatter,
    smooth,
    steepest,
    until_divergence,
    vertex,
)

losses = st.lists(st.floats(0.01, 100), min_size=1, max_size=40)


@given(losses, st.integers(0, 5))
def test_smooth_is_the_mean_of_what_lies_within_reach(values, reach):
    for i, found in enumerate(smooth(values, reach)):
        near = [v for j, v in enumerate(values) if abs(i - j) <= reach]
        assert found == pytest.approx(sum(near) / len(near))


def sweep(middle, n=61):
    """A loss that falls in an S around the rate `middle`, and explodes from 1 on."""
    lrs = [10 ** (-6 + 8 * i / (n - 1)) for i in range(n)]
    values = [2 - 1.5 / (1 + math.exp(-3 * math.log(lr / middle))) for lr in lrs]
    return lrs, [50.0 * lr if lr > 1 else v for lr, v in zip(lrs, values, strict=True)]


@pytest.mark.parametrize("middle", [1e-4, 1e-3, 1e-2])
def test_the_steepest_point_is_the_middle_of_the_fall(middle):
    lrs, values = sweep(middle)
    assert steepest(lrs, values) == pytest.approx(middle, rel=0.4)  # one point of the sweep: 1.36


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1.0, 2.0, 3.0, 4.0], None),
        ([2.0, 2.0, 2.0, 2.0], None),
        ([2.0, 1.0], None),
        ([], None),
        ([3.0, 2.5, 1.0, 0.9, 8.0, 0.95], 1e-4),  # behind the minimum nothing counts
        ([3.0, 2.9, 2.8, 2.0, 0.0], 1e-2),  # the largest fall per decade, though not per rate
    ],
)
def test_steepest(values, found):
    lrs = [10.0 ** (i - 5) for i in range(len(values))]
    assert steepest(lrs, values) == (found and pytest.approx(found))


@pytest.mark.parametrize(
    ("values", "start", "found"),
    [
        ([9.0] * 8 + [1.0, 3.0], 4.0, 2.0),  # the last fifth
        ([5.0], 4.0, 5.0),
        ([1.0] * 8 + [12.0, 12.0], 4.0, None),
        ([1.0] * 8 + [11.9, 11.9], 4.0, 11.9),
        ([], 4.0, None),
    ],
)
def test_final_loss(values, start, found):
    assert final_loss(values, start) == (found and pytest.approx(found))


def test_noise_is_the_standard_error_of_the_last_fifth():
    assert noise([9.0] * 8 + [1.0, 3.0]) == pytest.approx(math.sqrt(2) / math.sqrt(2))
    assert noise([1.0, 2.0, 3.0]) == pytest.approx(0.5)
    assert noise([1.0]) == noise([]) == 0.0


def slow_bracket(lrs, drops, share):
    """The longest run of neighbouring rates around the best that all reach the bar."""
    known = [drop for drop in drops if drop is not None]
    if not known or max(known) <= 0:
        return None
    best = drops.index(max(known))
    runs = [
        (end - start, lrs[start], lrs[end])
        for start in range(best + 1)
        for end in range(best, len(lrs))
        if all(d is not None and d >= share * max(known) for d in drops[start : end + 1])
    ]
    return max(runs)[1:]


@given(st.lists(st.none() | st.integers(-5, 10), max_size=8), st.sampled_from([0.25, 0.5, 1.0]))
def test_bracket(drops, share):
    lrs = [10.0**i for i in range(len(drops))]
    assert bracket(lrs, drops, share) == slow_bracket(lrs, drops, share)


def test_a_bracket_ends_where_a_rate_diverged():
    assert bracket([1, 2, 3, 4], [1.0, 1.0, None, 1.0], 0.5) == (1, 2)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([2.0] * 5, 6.0),
        ([2.0] * 5 + [0.1], 6.0),  # a loss that cannot be negative falls by its start at most
        ([-2.0] * 5, 6.0),
        ([-2.0] * 5 + [-12.0], 18.0),  # twice as far up as it fell
        ([0.0] * 5, 0.0),
        ([0.1, -0.1, 0.1, -0.1, 0.0], 1.0),  # ten times their spread
        ([2.0], 6.0),
    ],
)
def test_limit(values, found):
    assert limit(values) == pytest.approx(found)


@pytest.mark.parametrize(
    ("last", "batch_size", "found"),
    [
        ([7.0], 32, False),  # one batch is chance
        ([7.0, 9.1], 32, True),
        ([7.0, 2.0, 7.0], 32, False),  # most of them, but not their mean
        ([7.0, 2.0, 9.1], 32, True),
        ([6.0, 6.0, 6.0], 32, False),
        ([8.0] * 3, 8, True),
        ([8.0] * 2, 8, False),
        ([7.0] * 16, 1, False),
        ([8.1] * 26, 1, True),
        ([70.0] + [2.0] * 9 + [7.0], 1, False),  # the mean, but not most of them
        ([1e9, 2.0], 32, False),
    ],
)
def test_diverges(last, batch_size, found):
    assert diverges([2.0] * 20 + last, batch_size) == found


def test_the_first_losses_cannot_diverge():
    assert not diverges([1.0, 50.0, 50.0, 50.0, 50.0], 32)
    assert not diverges([], 32)
    assert not diverges([math.nan] * 9, 32)


@pytest.mark.parametrize(("batch_size", "share"), [(1, 1.0), (32, 0.5)])
def test_heavy_noise_does_not_diverge_and_growth_does(batch_size, share):
    """Losses that are spread as an exponential distribution is, or by half as much."""
    random = Random(0)
    for _ in range(100):
        losses = [1 - share + share * random.expovariate(1) for _ in range(100)]
        assert not any(diverges(losses[:n], batch_size) for n in range(101))
    for _ in range(100):
        losses = [random.expovariate(1) for _ in range(30)]
        losses += [2.0**k * random.expovariate(1) for k in range(40)]
        end = next(n for n in range(71) if diverges(losses[:n], batch_size))
        assert end <= 30 + 28


def test_scatter_is_of_single_values_alone():
    random = Random(0)
    values = [random.gauss(0.02 * i, 0.5) for i in range(400)]
    assert scatter(values) == pytest.approx(0.5, rel=0.15)
    assert scatter([*values, *(10.0**k for k in range(20))]) == pytest.approx(0.5, rel=0.2)
    assert scatter([1.0, 2.0]) == scatter([]) == 0.0


@pytest.mark.parametrize(
    ("last", "kept"),
    [
        ([1.0], [1.0]),
        ([9.0], [9.0]),
        ([9.0, 1e9, 1e30], [9.0]),
        ([9.0, 1.0, 8.0, 9.0], [9.0, 1.0, 8.0]),
    ],
)
def test_until_divergence(last, kept):
    assert until_divergence([2.0] * 6 + last) == [2.0] * 6 + kept
    assert until_divergence([9.0, 90.0]) == [9.0, 90.0]


@pytest.mark.parametrize(("mean", "found"), [(0.99, 0.99), (1.01, None)])
def test_a_final_loss_beside_a_start_near_zero(mean, found):
    """Twenty losses that scatter by 0.45 around 0 have a mean within 0.1: ten of that is 1."""
    assert final_loss([0.0] * 80 + [mean] * 20, 0.0, math.sqrt(0.2)) == found


@given(st.floats(-6, 2), st.floats(0.01, 10), st.lists(st.floats(0.2, 2), min_size=2, max_size=2))
def test_the_vertex_of_a_parabola_is_found(middle, bend, gaps):
    logs = [-gaps[0], 0.0, gaps[1]]
    losses = [bend * (log - middle) ** 2 for log in logs]
    found = vertex([math.exp(log) for log in logs], losses)
    assert found == pytest.approx(math.exp(min(max(middle, logs[0]), logs[-1])), rel=1e-4)


@pytest.mark.parametrize("losses", [[1.0, 1.0, 1.0], [1.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
def test_what_does_not_bend_upwards_has_no_vertex(losses):
    assert vertex([0.1, 1.0, 10.0], losses) is None


def test_confidence_is_the_share_of_resamples_that_agree():
    random = Random(1)
    hard = [random.gauss(0, 5) for _ in range(20)]  # in common to all rates: it cancels
    clear = [[h + level + random.gauss(0, 0.01) for h in hard] for level in (1.0, 0.5, 1.0)]
    assert confidence([0.01, 0.1, 1.0], clear) == 1.0
    level = [[random.gauss(1, 1) for _ in range(20)] for _ in range(3)]
    assert confidence([0.01, 0.1, 1.0], level) < 0.95
    assert confidence([0.1, 0.2, 0.28], level) == 1.0  # whichever is best lies within 3
    assert confidence([0.1], [hard]) == 1.0
