from types import SimpleNamespace

import pytest

from recipe.core.budget import parse_budget
from recipe.engine.forecast import Part, forecast, plan_sentence


def plugin(title, share=None):
    step = SimpleNamespace(title=title)
    if share is not None:
        step.expects = lambda _, left: 12 if left is None else share * left
    return SimpleNamespace(step=step)


def context(left=None, pace=None, budget=None, idle=""):
    return SimpleNamespace(
        runner=SimpleNamespace(idle=idle),
        epochs_left=left, pace=pace, experiment=SimpleNamespace(epochs=10),
        settings=SimpleNamespace(budget=budget and parse_budget(budget)),
    )  # fmt: skip


PLUGINS = [plugin("Inspect"), plugin("Coarse grid", 0.5), plugin("Refine the grid", 1.0)]


def test_each_step_plans_with_what_the_ones_before_leave():
    assert forecast(PLUGINS, context(40)) == [
        Part("Coarse grid", 20.0), Part("Refine the grid", 20.0)
    ]  # fmt: skip


def test_without_a_budget_nothing_limits_them():
    assert [part.epochs for part in forecast(PLUGINS, context())] == [12.0, 12.0]


@pytest.mark.parametrize(
    ("pace", "time"),
    [
        (None, ""),
        (0.5, ", in about 12 s"),
        (0.001, ", in about 1 s"),
        (10.0, ", in about 4 min"),
        (600.0, ", in about 4.0 h"),
    ],
)
def test_the_sentence(pace, time):
    ctx = context(pace=pace)
    assert plan_sentence(forecast(PLUGINS, ctx), ctx) == (
        f"Plan: 24 epochs of training, as many as 2.4 full trainings{time} "
        "(epochs: 12 to search the coarse grid, 12 to refine the grid)."
    )


def test_a_budget_is_named():
    ctx = context(40, budget="40epochs")
    assert "Further rounds use what is left of 40epochs" in plan_sentence(
        forecast(PLUGINS, ctx), ctx
    )


def test_the_plan_names_devices_that_stay_idle():
    ctx = context(idle="3 of 4 GPUs stay idle: --devices all trains trials on all of them.")
    assert ctx.runner.idle in plan_sentence(forecast(PLUGINS, ctx), ctx)
