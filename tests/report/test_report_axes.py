import pytest
from matplotlib.figure import Figure

from recipe.report.axes import set_scale


@pytest.mark.parametrize(
    ("values", "log", "scale", "least"),
    [
        ([1e-5, 1e-1], True, "log", 4),
        ([0.02, 0.07], True, "log", 3),
        ([5.0, 7.0], True, "linear", 4),  # so near each other that a logarithm bends nothing
        ([0.1], True, "log", 1),
        ([0.0, 0.1, 1.0], True, "symlog", 2),
        ([-1.0, -2.0], True, "linear", 3),
        ([1e-5, 1e-1], False, "linear", 3),
    ],
)
def test_a_scale_has_ticks_that_tell_its_values(values, log, scale, least):
    axes = Figure().add_subplot()
    axes.plot(values, values)
    set_scale(axes, "y", values, log=log)
    assert axes.get_yscale() == scale
    low, high = axes.get_ylim()
    assert sum(low <= tick <= high for tick in axes.get_yticks()) >= least
