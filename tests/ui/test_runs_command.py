"""`recipe runs`."""

import json

import pytest

from recipe.notebook.journal import FILE, Journal
from recipe.notebook.run_folder import write_result
from report_samples import full_run

WHOLE = full_run()


@pytest.fixture
def folder(tmp_path):
    """Three runs: passed, unfinished, unreadable."""
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        with Journal(tmp_path / name) as journal:
            journal.put("run", "x", 1)
    write_result(WHOLE, tmp_path / "a")
    (tmp_path / "c" / "result.json").write_text("{}")
    return tmp_path


def test_runs_are_listed_with_what_came_of_them(recipe, folder):
    code, out, _ = recipe("runs", str(folder))
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines() if line}
    assert WHOLE.verdict in lines["a"]
    assert f"{WHOLE.metric} {WHOLE.best.val_score:.4g}" in lines["a"]
    assert WHOLE.diagnosis[0] in lines["a"]
    assert "unfinished" in lines["b"]
    assert "unreadable" in lines["c"]
    assert "recipe compare" in out
    listed = json.loads(recipe("runs", str(folder), "--json")[1])
    assert {run["run"] for run in listed} == {"a", "b", "c"}


def test_a_run_is_deleted_and_nothing_else(recipe, folder):
    code, out, _ = recipe("runs", str(folder), "--delete", "a", "--yes")
    assert (code, "Deleted" in out) == (0, True)
    assert not (folder / "a").exists()
    (folder / "other").mkdir()
    for name in ("other", "missing", "../elsewhere"):
        code, _, err = recipe("runs", str(folder), "--delete", name, "--yes")
        assert code == 2
        assert "is no run folder" in err
    with Journal(folder / "b"):
        code, _, err = recipe("runs", str(folder), "--delete", "b", "--yes")
    assert code == 2
    assert "in use" in err
    assert (folder / "b" / FILE).exists()


def test_a_folder_without_runs_and_none(recipe, tmp_path):
    assert "No runs in" in recipe("runs", str(tmp_path))[1]
    code, _, err = recipe("runs", str(tmp_path / "missing"))
    assert code == 2
    assert "There is no folder" in err
