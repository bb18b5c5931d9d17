"""Write the report of a run: plots, report.md, report.html where asked, junit.xml for CI."""

from pathlib import Path

from recipe.core.files import make_folder, write_text
from recipe.core.results import RunResult
from recipe.report.html_page import html_page
from recipe.report.junit import junit_xml
from recipe.report.markdown import render
from recipe.report.plots import draw_plots

MARKDOWN, HTML = "report.md", "report.html"


def write_report(
    result: RunResult, folder: Path, *, junit: bool = False, html: bool = False
) -> Path:
    """Draw the plots of `result` into `folder` and write report.md, the path it returns.

    It reads nothing but `result`: an old run is rendered again from its result.json.

    Args:
        result: what the run found.
        folder: where the files go.
        junit: write junit.xml too.
        html: write report.html too, one file that holds its plots.

    Raises:
        UsageError: the folder cannot be written to.

    """
    make_folder(folder)
    plots = draw_plots(result, folder)
    report = folder / MARKDOWN
    text = render(result, plots)
    write_text(report, text)
    if html:
        write_text(folder / HTML, html_page(text, folder))
    suite = folder / "junit.xml"
    if junit or suite.exists():
        write_text(suite, junit_xml(result))
    return report
