import io
from dataclasses import replace

import pytest
from PIL import Image

from recipe.core.results import RunResult
from recipe.report.plots import png
from recipe.report.searched import searched
from recipe.report.trial_views import BINS, curves_of_all, isolation
from report_samples import trial


def made(number, score, curve=(), **params):
    return trial(number, params=params, val_score=score, curves={"val_score": curve})


def found_in(*trials):
    return searched(RunResult("x", trials=trials))


def test_isolation_takes_the_best_trial_of_each_value():
    found = found_in(
        made(1, 0.5, lr=0.1, width=1), made(2, 0.7, lr=0.1, width=2),
        made(3, 0.6, lr=0.2, width=1), made(4, 0.4, lr=0.2, width=2),
    )  # fmt: skip
    rate, width = isolation(found).slices
    assert (rate.xs, rate.ys, rate.best) == ((0.1, 0.2), (0.7, 0.6), 0)
    assert (width.xs, width.ys, width.best) == ((1.0, 2.0), (0.6, 0.7), 1)


def test_many_values_are_put_together_in_parts_of_the_axis():
    found = found_in(*(made(k, (k % 5) / 10, lr=10.0 ** (-k / 5)) for k in range(1, 21)))
    (rate,) = isolation(found).slices
    assert len(rate.xs) == BINS
    assert max(rate.ys) == 0.4
    assert list(rate.xs) == sorted(rate.xs)


def test_where_each_value_has_one_trial_the_slices_show_the_same():
    assert isolation(found_in(*(made(k, k / 10, lr=0.1 * k) for k in range(1, 5)))) is None


def test_a_value_without_a_scored_trial_has_no_point():
    trials = [made(k, 0.1 * k, lr=0.1, width=k % 2) for k in range(1, 5)]
    lost = replace(made(5, None, lr=0.5, width=0), status="stopped")
    panel = isolation(found_in(*trials, lost))
    assert [part.scale.name for part in panel.slices] == ["width"]


def test_the_curves_of_the_best_few_are_named():
    trials = [made(k, 0.1 * k, (0.0, 0.1 * k), lr=0.1 * k) for k in range(1, 7)]
    shown = curves_of_all(found_in(*trials))
    assert [s.label for s in shown.series[:3]] == ["trial 6: 0.6", "trial 5: 0.5", "trial 4: 0.4"]
    assert all(s.label.startswith("_") and s.look == "behind" for s in shown.series[3:])
    assert len(shown.series) == 6
    content = png(shown)
    assert Image.open(io.BytesIO(content)).size[0] > 500


@pytest.mark.parametrize("curve", [(), (0.5,), (None, None)])
def test_without_curves_none_are_drawn(curve):
    trials = [made(k, 0.1 * k, curve, lr=0.1 * k) for k in range(1, 7)]
    assert curves_of_all(found_in(*trials)) is None
