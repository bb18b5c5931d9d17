"""Write the report of a run: plots, report.md and, for CI or where there is one, junit.xml."""

from pathlib import Path

from recipe.files import make_folder, write_text
from recipe.report.junit import junit_xml
from recipe.report.markdown import render
from recipe.report.plots import draw_plots
from recipe.results import RunResult


def write_report(result: RunResult, folder: Path, *, junit: bool = False) -> Path:
    """Draw the plots of `result` into `folder` and write report.md, the path it returns.

    It reads nothing but `result`: an old run is rendered again from its result.json.

    Raises:
        UsageError: the folder cannot be written to.

    """
    make_folder(folder)
    plots = draw_plots(result, folder)
    report = folder / "report.md"
    write_text(report, render(result, plots))
    suite = folder / "junit.xml"
    if junit or suite.exists():
        write_text(suite, junit_xml(result))
    return report
