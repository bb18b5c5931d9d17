"""The tutorial notebook runs from top to bottom, shows how far it is and its report."""

from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebooks" / "first_run.ipynb"


def outputs(cell, kind):
    return [o["data"][kind] for o in cell.get("outputs", ()) if kind in o.get("data", {})]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Jupyter's own
def test_the_tutorial_runs_as_it_stands(tmp_path):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    cells = {cell.source.split("\n")[0]: cell for cell in notebook.cells}
    checked = cells['checked = run(experiment, until="lr_range")']
    (shown,) = outputs(checked, "text/html")  # one output, kept up to date
    assert "✓ Find the learning rate" in shown
    assert "Verdict: pass" in shown
    (report,) = outputs(cells["checked"], "text/html")
    assert report.startswith("<iframe")
    assert "data:image/png;base64," in report
    assert "data:image/png;base64," in outputs(cells["checked"], "text/markdown")[0]
    said = "".join(o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", ()))
    assert "softmax-before-loss" in said
    *_, answers, truth = [line for line in said.splitlines() if line.startswith(("said", "true"))]
    right = [a == b for a, b in zip(answers[6:].split(), truth[6:].split(), strict=True)]
    assert sum(right) >= 8
