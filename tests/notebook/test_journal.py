"""The journal: complete lines count, torn ones are cut, one process at a time."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe.core.errors import UsageError
from recipe.notebook.journal import FILE, Journal, read_entries


def test_what_was_put_is_there_after_reopening(tmp_path):
    with Journal(tmp_path) as journal:
        journal.put("trial", "a", {"score": 0.5})
        journal.put("step", "a", [1, None])
        journal.put("trial", "b", {"score": None})
        assert journal.get("trial", "a") == {"score": 0.5}
    with Journal(tmp_path) as journal:
        assert journal.get("trial", "a") == {"score": 0.5}
        assert journal.get("step", "a") == [1, None]
        assert journal.get("trial", "missing") is None
        assert journal.values("trial") == [{"score": 0.5}, {"score": None}]
        assert not journal.repaired


def test_a_nan_never_reaches_the_file(tmp_path):
    with Journal(tmp_path) as journal, pytest.raises(ValueError, match="JSON"):
        journal.put("trial", "a", float("nan"))
    assert read_entries(tmp_path / FILE) == {}


@given(cut=st.integers(1, 200), garbage=st.binary(max_size=20))
def test_whatever_a_crash_leaves_behind_the_complete_lines_survive(tmp_path_factory, cut, garbage):
    folder = tmp_path_factory.mktemp("journal")
    path = folder / FILE
    lines = [
        json.dumps({"kind": "trial", "key": str(i), "value": i}).encode() + b"\n" for i in range(4)
    ]
    content = b"".join(lines)[: -min(cut, len(lines[-1]))] + garbage
    path.write_bytes(content)
    with Journal(folder) as journal:
        assert [journal.get("trial", str(i)) for i in range(3)] == [0, 1, 2]
        journal.put("trial", "new", 9)
    assert read_entries(path)["trial", "new"] == 9
    assert path.read_bytes().endswith(b"\n")


def test_a_second_holder_is_refused(tmp_path):
    with Journal(tmp_path), pytest.raises(UsageError, match="in use by another process"):
        Journal(tmp_path)
    with Journal(tmp_path):
        pass
