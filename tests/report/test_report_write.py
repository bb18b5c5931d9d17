import json
import re

import pytest
from PIL import Image

from recipe.core.errors import UsageError
from recipe.core.results import RunResult
from recipe.report.write import write_report
from report_samples import full_run


def test_the_report_links_every_plot_that_lies_beside_it(tmp_path):
    path = write_report(full_run(), tmp_path / "run")
    assert path == tmp_path / "run" / "report.md"
    links = re.findall(r"\]\((plots/[^)]+)\)", path.read_text("utf-8"))
    drawn = sorted(file.name for file in (path.parent / "plots").iterdir())
    assert sorted(link.removeprefix("plots/") for link in links) == drawn
    for link in links:
        with Image.open(path.parent / link) as image:
            low, high = image.convert("L").getextrema()
        assert low < high
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "plots", "report.md", "results.png", "values.md",
    ]  # fmt: skip


def test_an_old_run_is_rendered_the_same_from_its_json(tmp_path):
    result = full_run()
    again = RunResult.from_json(json.loads(json.dumps(result.to_json())))
    first = write_report(result, tmp_path / "a", junit=True)
    second = write_report(again, tmp_path / "b", junit=True)
    assert first.read_text("utf-8") == second.read_text("utf-8")
    for name in ("junit.xml", "plots/schedules.png", "plots/coarse_grid-grid.png"):
        assert (first.parent / name).read_bytes() == (second.parent / name).read_bytes()


def test_junit_is_written_anew_where_it_is(tmp_path):
    write_report(full_run(), tmp_path)
    assert not (tmp_path / "junit.xml").exists()
    write_report(full_run(), tmp_path, junit=True)
    first = (tmp_path / "junit.xml").read_bytes()
    (tmp_path / "junit.xml").write_text("of an earlier version")
    write_report(full_run(), tmp_path)
    assert (tmp_path / "junit.xml").read_bytes() == first


def test_a_run_from_before_the_newer_keys_is_rendered(tmp_path):
    """As it was written before captions, reasons and applied remedies were."""
    newer = {"caption", "why", "applied", "behind", "hypothesis", "part", "rung", "set_aside"}
    newer |= {"repeats", "interrupted", "settings", "environment", "baseline", "metric"}

    def old(data):
        if isinstance(data, list):
            return [old(value) for value in data]
        if isinstance(data, dict):
            return {key: old(value) for key, value in data.items() if key not in newer}
        return data

    result = RunResult.from_json(old(json.loads(json.dumps(full_run().to_json()))))
    text = write_report(result, tmp_path, html=True).read_text("utf-8")
    assert "Why these steps" not in text
    assert "*Val score over learning rate and weight decay, the best framed.*" in text
    assert len(list((tmp_path / "plots").iterdir())) == 4


def test_a_run_of_nothing(tmp_path):
    report = write_report(RunResult("x"), tmp_path, junit=True)
    assert "No step ran." in report.read_text("utf-8")
    assert (tmp_path / "junit.xml").exists()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="Cannot write"):
        write_report(RunResult("x"), tmp_path / "file")
