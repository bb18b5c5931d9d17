"""Which run a command goes on with."""

from recipe.notebook import run_folder
from recipe.notebook.journal import FILE, Journal


def begun(out, name, identity=None):
    folder = run_folder.create(out, name)
    journal = Journal(folder)
    if identity is not None:
        journal.put(run_folder.RUN, "identity", identity)
    journal.close()
    return folder


def test_the_one_with_the_same_identity(tmp_path):
    begun(tmp_path, "net", {"target": "other"})
    folder = begun(tmp_path, "net", {"target": "a"})
    assert run_folder.unfinished(tmp_path, "net", {"target": "a"}) == folder
    assert run_folder.unfinished(tmp_path, "net", {"target": "b"}) is None


def test_one_that_was_killed_before_it_was_written_down(tmp_path):
    folder = begun(tmp_path, "net")
    assert run_folder.unfinished(tmp_path, "net", {"target": "a"}) == folder
    (folder / "kept.txt").write_text("of somebody")
    assert run_folder.unfinished(tmp_path, "net", {"target": "a"}) is None


def test_an_empty_folder_is_somebody_elses(tmp_path):
    (tmp_path / "net-own").mkdir()
    assert run_folder.unfinished(tmp_path, "net", {"target": "a"}) is None
    (tmp_path / "net-own" / FILE).mkdir()
    assert run_folder.unfinished(tmp_path, "net", {"target": "a"}) is None
