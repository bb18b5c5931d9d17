import pytest

from recipe.core.evidence import Evidence, Figure
from recipe.core.results import RunResult
from recipe.core.trials import Best
from recipe.report.panels import Cell, LinePanel, MapPanel, panel, schedules_panel, spaced
from recipe.training.schedules import SCHEDULES
from report_samples import curves_step, full_run, grid_step, trial


def test_lines_over_the_index_start_at_one():
    step = curves_step()
    shown = panel(step.figures[0], step.evidence)
    assert isinstance(shown, LinePanel)
    assert [series.label for series in shown.series] == ["train loss", "val loss"]
    assert shown.series[0].x[:3] == (1.0, 2.0, 3.0)
    assert shown.series[1].y[6] is None
    assert shown.mark_x == (("best epoch: 6", 6.0),)
    assert shown.mark_y == (("expected: 0.2", 0.2),)
    assert shown.whole_x


def test_lines_over_a_curve_leave_out_unknown_x():
    figure = Figure("f", "F", ("loss",), x="lr", mark_x=("missing",))
    evidence = Evidence(curves={"lr": [0.1, None, 0.3], "loss": [1.0, 2.0, 1e300, 4.0]})
    shown = panel(figure, evidence)
    assert isinstance(shown, LinePanel)
    assert shown.series[0].x == (0.1, 0.3)
    assert shown.series[0].y == (1.0, None), "a value that overflows the axes is a gap"
    assert shown.x_label == "lr"
    assert shown.mark_x == ()


@pytest.mark.parametrize(
    ("losses", "log"),
    [([2.0, 1.0, 3.0], False), ([2.0, 1.0, 1.0, 900.0], True), ([0.0, 1.0, 1.0, 900.0], False)],
)
def test_a_loss_that_explodes_is_shown_on_a_log_axis(losses, log):
    shown = panel(Figure("f", "F", ("loss",)), Evidence(curves={"loss": losses}))
    assert isinstance(shown, LinePanel)
    assert shown.log_y is log


@pytest.mark.parametrize("curves", [{}, {"loss": []}, {"loss": [None, float("nan")]}])
def test_nothing_measured_is_no_panel(curves):
    assert panel(Figure("f", "F", ("loss",)), Evidence(curves=curves)) is None
    assert panel(Figure("f", "F", ("loss", "y"), "map", "x"), Evidence(curves=curves)) is None


def test_a_grid_is_a_map_of_cells():
    step = grid_step()
    shown = panel(step.figures[0], step.evidence)
    assert isinstance(shown, MapPanel)
    assert shown.xs == (0.001, 0.01, 0.1, 1.0)
    assert shown.ys == (0.0, 1e-5, 1e-4)
    assert [(cell.x, cell.y) for cell in shown.best] == [(0.1, 1e-4)]
    assert sum(cell.value is None for cell in shown.cells) == 3
    assert (shown.y_label, shown.value_label) == ("weight decay", "val score")
    assert shown.is_grid


@pytest.mark.parametrize(("name", "best"), [("val_score", 3.0), ("val_loss", 1.0)])
def test_cells_that_coincide_show_the_best_trial(name, best):
    figure = Figure("f", "F", (name, "wd"), "map", "lr")
    curves = {"lr": [1, 1, 1], "wd": [2, 2, 2], name: [None, 3.0, 1.0]}
    shown = panel(figure, Evidence(curves=curves))
    assert isinstance(shown, MapPanel)
    assert shown.cells == (Cell(1.0, 2.0, best),)


def test_random_trials_are_no_grid():
    cells = tuple(Cell(float(i), float(i), 1.0) for i in range(9))
    assert not MapPanel("", "", "", "", cells).is_grid
    assert MapPanel("", "", "", "", cells[:5]).is_grid


def test_cells_that_tie_are_all_best():
    curves = {"lr": [1.0, 2.0, 3.0], "wd": [1.0, 1.0, 1.0], "s": [0.9, 0.9, 0.1]}
    shown = panel(Figure("f", "F", ("s", "wd"), "map", "lr"), Evidence(curves=curves))
    assert isinstance(shown, MapPanel)
    assert [cell.x for cell in shown.best] == [1.0, 2.0]


def test_a_map_where_all_diverged_has_no_best():
    curves = {"lr": [1.0], "wd": [1.0], "s": [None]}
    shown = panel(Figure("f", "F", ("s", "wd"), "map", "lr"), Evidence(curves=curves))
    assert isinstance(shown, MapPanel)
    assert shown.best == ()


def test_schedules_emphasise_the_best_trial_and_show_its_rates():
    shown = schedules_panel(full_run())
    assert shown is not None
    looks = {series.label: series.look for series in shown.series}
    assert looks.pop("cosine (best trial)") == "strong"
    assert looks.pop("as logged by trial 3") == "points"
    assert set(looks.values()) == {"faint"}
    assert len(looks) == len(SCHEDULES) - 1
    logged = shown.series[-1]
    assert logged.x == (0.2, 0.4, 0.6, 0.8, 1.0)
    assert logged.y == pytest.approx((1.0, 0.8, 0.5, 0.2, 0.0))


def test_the_best_schedule_has_its_warm_up():
    params = {"lr": 0.1, "schedule": "linear", "warmup": 0.5}
    shown = schedules_panel(RunResult("x", trials=(trial(1),), best=Best(params, 1.0)))
    assert shown is not None
    linear = next(series for series in shown.series if series.look == "strong")
    assert linear.y[0] == 0.0
    assert linear.y[100] == 1.0


def test_schedules_without_a_best_or_without_trials():
    shown = schedules_panel(RunResult("x", trials=(trial(1),)))
    assert shown is not None
    assert {series.look for series in shown.series} == {"faint"}
    assert schedules_panel(RunResult("x")) is None


def test_labels_cover_neither_dots_nor_each_other():
    dots = [(0.0, 0.0), (0.5, 0.5), (0.5, 0.55)]
    labels = [(x, y + 0.05) for x, y in dots]
    assert spaced(dots, labels, (0.1, 0.06)) == [0, 2]
    assert spaced([], [(0.0, 0.0), (0.05, 0.0), (0.2, 0.0)], (0.1, 0.06)) == [0, 2]


@pytest.mark.parametrize(("xs", "whole"), [([1.0, 2.0, 3.0], True), ([1.0, 2.5, 3.0], False)])
def test_an_axis_of_counts_has_whole_ticks(xs, whole):
    figure = Figure("f", "F", ("score",), x="models")
    shown = panel(figure, Evidence(curves={"models": xs, "score": [0.1, 0.2, 0.3]}))
    assert shown.whole_x == whole
