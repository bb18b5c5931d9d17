"""Plots where the time is short."""

from recipe.core.clock import working_until
from recipe.report.plots import draw_plots
from recipe.report.write import write_report
from report_samples import full_run


def test_plots_that_do_not_fit_are_told(tmp_path, monkeypatch):
    result, said = full_run(), []
    every = draw_plots(result, tmp_path / "a", said.append)
    assert said == []
    count = sum(plot.about != "search" for plot in every)
    with working_until(0):
        assert draw_plots(result, tmp_path / "b", said.append) == ()
    assert said == [f"{count} of {count} plots of the steps", "plots of the search"]
    asked = iter(range(100))
    monkeypatch.setattr("recipe.report.plots.is_up", lambda before=0.0: next(asked) >= 2)
    said.clear()
    drawn = draw_plots(result, tmp_path / "c", said.append)
    assert drawn == every[:2]
    assert all((tmp_path / "c" / plot.link).is_file() for plot in drawn)
    assert len(list((tmp_path / "c/plots").iterdir())) == 1  # beside results.png
    assert said[0] == f"{count - 2} of {count} plots of the steps"


def test_a_report_links_the_plots_that_were_drawn(tmp_path):
    few = draw_plots(full_run(), tmp_path)[:1]
    text = write_report(full_run(), tmp_path, few).read_text("utf-8")
    assert text.count("![") == 1
    assert f"]({few[0].link})" in text
