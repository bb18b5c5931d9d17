"""Write the report of a run: plots, report.md, report.html where asked, junit.xml for CI."""

from collections.abc import Sequence
from pathlib import Path

from recipe.core.files import is_plain_file, make_folder, refuse_links, write_text
from recipe.core.results import RunResult
from recipe.report.html_page import html_page
from recipe.report.junit import junit_xml
from recipe.report.markdown import VALUES, render, render_values
from recipe.report.plots import Plot, draw_plots

__all__ = ["HTML", "MARKDOWN", "PATCH", "add_patch", "draw_plots", "write_report"]

MARKDOWN, HTML, PATCH = "report.md", "report.html", "fix.patch"


def write_report(
    result: RunResult,
    folder: Path,
    plots: Sequence[Plot] | None = None,
    *,
    junit: bool = False,
    html: bool = False,
) -> Path:
    """Draw the plots of `result` into `folder` and write report.md, the path it returns.

    It reads nothing but `result` and a patch that lies in the folder: an old run is rendered again
    from its result.json.

    Args:
        result: what the run found.
        folder: where the files go.
        plots: those that are drawn already; by default all are drawn here.
        junit: write junit.xml too.
        html: write report.html too, one file that holds its plots.

    Raises:
        UsageError: the folder cannot be written to.

    """
    make_folder(folder)
    refuse_links(folder)
    plots = draw_plots(result, folder) if plots is None else plots
    report = folder / MARKDOWN
    text = render(result, plots) + _patch_section(folder)
    write_text(report, text)
    if any(step.evidence.scalars for step in result.steps):
        write_text(folder / VALUES, render_values(result))
    if html:
        write_text(folder / HTML, html_page(text, folder))
    suite = folder / "junit.xml"
    if junit or suite.exists():
        write_text(suite, junit_xml(result))
    return report


def add_patch(folder: Path) -> None:
    """Append the patch in a run folder to the reports there."""
    report = folder / MARKDOWN
    text = report.read_text("utf-8") + _patch_section(folder)
    write_text(report, text)
    if (folder / HTML).exists():
        write_text(folder / HTML, html_page(text, folder))


def _patch_section(folder: Path) -> str:
    patch = folder / PATCH
    if not is_plain_file(patch):
        return ""
    return (
        "\n## Patch of your file\n\nEach edit was run: the rule that fired is silent after it. "
        f"`git apply {PATCH}`, at the root of the repository or in the folder of the file.\n\n"
        f"```diff\n{patch.read_text('utf-8')}```\n"
    )
