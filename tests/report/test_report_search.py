import io
import math
from dataclasses import replace

import pytest
from PIL import Image

from recipe.core.evidence import Evidence
from recipe.core.results import RunResult, StepResult
from recipe.report.markdown import render
from recipe.report.plots import draw_plots, png
from recipe.report.search_panels import share_of
from recipe.report.search_views import (
    coverage,
    funnel,
    importance,
    importances,
    parallel,
    rounds,
    schedules,
    searched,
    slices,
    views,
)
from report_samples import full_run, trial

RATES, DECAYS = (0.001, 0.01, 0.1), (1e-5, 1e-4, 1e-3, 1e-2)


def score(lr, decay):
    """The rate decides; the decay hardly matters."""
    return 0.9 - 0.1 * (math.log10(lr) + 2) ** 2 + 0.001 * math.log10(decay)


def cells():
    return [(lr, decay) for lr in RATES for decay in DECAYS]


def made(params, number, value=None, **more):
    value = score(params["lr"], params["weight_decay"]) if value is None else value
    return trial(number, params=params, val_score=value, **more)


def grid_run(**more):
    trials = [
        made({"lr": lr, "weight_decay": decay}, n) for n, (lr, decay) in enumerate(cells(), 1)
    ]
    return RunResult("x", trials=tuple(trials), settings={"seed": 3}, **more)


def space_run():
    """Four parameters, one of them a word and one on a condition."""
    trials = []
    for n, (lr, decay) in enumerate(cells(), 1):
        schedule = ("cosine", "constant", "step")[n % 3]
        params = {"lr": lr, "weight_decay": decay, "schedule": schedule}
        if schedule == "step":
            params["width"] = 2**n
        trials.append(made(params, n, curves={"val_score": (0.1, 0.2 + n / 100)}))
    return RunResult("x", trials=tuple(trials), settings={"seed": 3})


def test_trials_of_one_length_are_compared():
    grid = grid_run()
    odd = (
        trial(0, params={"lr": 9.0, "weight_decay": 9.0}),
        trial(20, params={"lr": 0.5, "weight_decay": 1e-4}, planned_epochs=50),
        trial(21, params={"lr": 0.6, "weight_decay": 1e-4}, repeats="k1"),
        trial(22, params={"lr": 0.7, "weight_decay": 1e-4}, val_score=None),
    )
    found = searched(RunResult("x", trials=odd + grid.trials))
    assert found.trials == grid.trials
    assert [scale.name for scale in found.scales] == ["lr", "weight_decay"]
    assert found.placed == (odd[3], *grid.trials)
    assert found.scales[0].values == (*RATES, 0.7)
    assert found.scales[0].log
    assert found.trials[found.best].params["lr"] == 0.01


@pytest.mark.parametrize(
    "trials",
    [(), grid_run().trials[:3], tuple(trial(n, params={"lr": 0.1}) for n in range(1, 9))],
)
def test_of_too_little_nothing_is_shown(trials):
    assert searched(RunResult("x", trials=trials)) is None


def test_importance_is_of_the_parameter_that_decides():
    found = searched(grid_run())
    shares = importances(found)
    assert list(shares) == ["lr", "weight_decay"]
    assert shares["lr"] > 0.9
    assert sum(shares.values()) == pytest.approx(1)
    assert [bar.label for bar in importance(found, shares).bars] == ["lr", "weight decay"]
    level = RunResult("x", trials=tuple(made(dict(t.params), t.number, 0.5) for t in found.trials))
    assert importances(searched(level)) == {"lr": 0.5, "weight_decay": 0.5}


def test_where_a_cut_left_trials_without_a_score_their_losses_are_weighed():
    def at_cut(t):
        stopped = t.params["lr"] != 0.01
        curves = {"rung_loss": (1.0, 2.0 - t.val_score)}
        return replace(t, curves=curves, val_score=None if stopped else 0.5)

    found = searched(RunResult("x", trials=tuple(map(at_cut, grid_run().trials))))
    assert len(found.trials) == 4
    assert importances(found)["lr"] > 0.9
    shown = importance(found, importances(found))
    assert shown.title == "Which parameter matters (12 trials)"
    assert shown.x_label == "share of the variance of the training loss"


def test_one_parameter_has_no_importance_beside_others():
    trials = tuple(trial(n, params={"lr": 0.1 * n, "weight_decay": 0.0}) for n in range(1, 9))
    found = searched(RunResult("x", trials=trials))
    assert importance(found, {"lr": 1.0}) is None
    assert coverage(found, {"lr": 1.0}, 0) is None
    assert parallel(found) is None


def test_slices_show_every_trial_over_each_parameter():
    found = searched(space_run())
    parts = {part.scale.name: part for part in slices(found).slices}
    assert list(parts) == ["lr", "weight_decay", "schedule", "width"]
    assert parts["lr"].xs == tuple(lr for lr, _ in cells())
    assert parts["lr"].ys == found.scores
    assert set(parts["schedule"].xs) == {0.0, 1.0, 2.0}
    assert len(parts["width"].xs) == 4  # where it exists
    for part in parts.values():
        assert part.ys[part.best] == max(part.ys)


def test_parallel_lines_run_from_end_to_end():
    found = searched(space_run())
    shown = parallel(found)
    assert len(shown.lines) == 12
    columns = list(zip(*shown.lines, strict=True))
    for column in columns:
        known = [place for place in column if place is not None]
        assert (min(known), max(known)) == (0.0, 1.0)
    assert columns[3].count(None) == 8
    assert share_of(found.scales[0], 0.01) == pytest.approx(0.5)  # in the logarithm


def test_a_grid_tries_few_values_of_what_matters():
    found = searched(grid_run())
    shown = coverage(found, importances(found), 0)
    assert [scale.name for scale in shown.scales] == ["lr", "weight_decay"]
    (tried, ours), (drawn, other) = shown.ways
    assert tried == "the grid: 3 values of lr"
    assert drawn == "random search: 12 values"
    assert list(ours) == cells()
    assert len({x for x, _ in other}) == 12
    assert all(0.001 <= x <= 0.1 for x, _ in other)


def test_a_random_search_is_shown_beside_a_grid():
    params = [
        {"lr": 0.001 * 1.5**n, "weight_decay": 1e-5 * 1.9 ** ((5 * n) % 12)} for n in range(12)
    ]
    trials = tuple(made(p, n + 1) for n, p in enumerate(params))
    found = searched(RunResult("x", trials=trials))
    (tried, _), (drawn, other) = coverage(found, importances(found), 0).ways
    assert tried == "this search: 12 values of lr"
    assert drawn == "a grid: 3 values"
    assert len(other) == 12


def test_schedules_are_compared_by_their_best_trials():
    shown = schedules(searched(space_run()))
    assert len(shown.series) == 3
    assert all(len(series.y) == 2 for series in shown.series)
    assert all(": 0." in series.label for series in shown.series)
    assert schedules(searched(grid_run())) is None


def test_what_no_scored_trial_has_is_left_out():
    def unscored(t):
        return replace(t, val_score=None) if t.params["schedule"] == "step" else t

    found = searched(RunResult("x", trials=tuple(map(unscored, space_run().trials))))
    assert [part.scale.name for part in slices(found).slices] == ["lr", "weight_decay", "schedule"]
    assert len(schedules(found).series) == 2


def test_a_trial_that_was_set_aside_is_not_the_best():
    lucky = replace(grid_run().trials[0], val_score=0.99, set_aside=True)
    found = searched(RunResult("x", trials=(lucky, *grid_run().trials[1:])))
    assert max(found.scores) < 0.99
    assert lucky in found.placed


def staged():
    first = [trial(n, epochs=1, status="stopped", planned_epochs=2) for n in (1, 2)]
    first += [trial(n, epochs=2, planned_epochs=2) for n in (3, 4)]
    later = [trial(1, step="refine_grid", round=2, key="late", epochs=9),
             trial(2, step="refine_grid", round=2, epochs=9, repeats="late")]  # fmt: skip
    return (trial(0, epochs=9), *first, *later)


def test_the_funnel_counts_who_goes_on():
    bars = funnel(RunResult("x", trials=staged())).bars
    assert [(bar.label, bar.note) for bar in bars] == [
        ("coarse grid: began", "4 (6 epochs)"),
        ("coarse grid: to the end", "2 (4 epochs)"),
        ("refine grid, round 2: began", "1 (9 epochs)"),
        ("refine grid, round 2: from fresh seeds", "1 (9 epochs)"),
    ]
    assert funnel(RunResult("x", trials=staged()[1:4])) is None
    assert funnel(RunResult("x", trials=tuple(trial(n) for n in range(1, 9)))) is None
    assert funnel(RunResult("x")) is None


def test_the_funnel_shows_each_of_two_cuts():
    ends = [("stopped", 4), ("stopped", 4), ("diverged", 2), ("stopped", 18), ("finished", 30)]
    trials = tuple(trial(n, status=status, epochs=end) for n, (status, end) in enumerate(ends, 1))
    bars = funnel(RunResult("x", trials=trials)).bars
    assert [(bar.label, bar.note) for bar in bars] == [
        ("coarse grid: began", "5 (58 epochs)"),
        ("coarse grid: after 4 epochs", "2 (48 epochs)"),
        ("coarse grid: to the end", "1 (30 epochs)"),
    ]


def a_round(**scalars):
    return StepResult("refine_grid", "Refine", 2, "pass", evidence=Evidence(scalars),
                      hypothesis="more decay, since loss rose")  # fmt: skip


@pytest.mark.parametrize(
    ("scalars", "outcome"),
    [
        ({}, "0.51"),
        ({"score_before": 0.5, "adopted": True}, "0.51, 0.5 before: adopted"),
        ({"score_before": 0.5, "adopted": False}, "0.51, 0.5 before: not adopted"),
        ({"score_before": 0.5, "adopted": False, "gain": 0.001, "seed_spread": 0.02,
          "fresh_seeds": 2},
         "0.51, 0.5 before: not adopted; on 2 fresh seeds too close to call (+0.00, 95 % interval -0.04 to +0.04)"),
    ],
)  # fmt: skip
def test_rounds_are_hypothesis_trials_and_result(scalars, outcome):
    first = StepResult("refine_grid", "Refine", 1, "pass")
    result = RunResult("x", steps=(first, a_round(**scalars)), trials=staged())
    assert rounds(result) == [("2", "more decay, since loss rose", "2 trials, 18 epochs", outcome)]
    assert "what it tested, and why" in render(result)


def test_a_round_without_trials_is_none():
    assert rounds(RunResult("x", steps=(a_round(),))) == []


@pytest.mark.parametrize("result", [grid_run(), space_run()], ids=["grid", "space"])
def test_every_view_can_be_drawn(result):
    shown = views(result)
    assert len(shown) >= 3
    for _, panel in shown:
        content = png(panel)
        assert Image.open(io.BytesIO(content)).size[0] > 500
        assert png(panel) == content  # byte for byte


def test_the_report_links_what_was_drawn(tmp_path):
    result = RunResult("x", trials=staged() + grid_run().trials, settings={"seed": 0})
    plots = draw_plots(result, tmp_path)
    text = render(result, plots)
    drawn = [plot for plot in plots if plot.about == "search"]
    assert {plot.link for plot in drawn} >= {"plots/search-funnel.png", "plots/search-slices.png"}
    for plot in drawn:
        assert (tmp_path / plot.link).stat().st_size > 1000
        assert f"({plot.link})" in text.split("## The search")[1].split("## Laboratory")[0]


def test_without_a_search_there_is_no_such_part():
    assert "## The search" not in render(full_run())


def test_coverage_is_left_out_where_one_parameter_alone_has_an_importance():
    assert coverage(searched(grid_run()), {"lr": 1.0}, 0) is None
