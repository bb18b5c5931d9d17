"""The journal: complete lines count, torn ones are cut, one process at a time."""

import errno
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe.core.checksums import checksum
from recipe.core.errors import UsageError
from recipe.core.files import CannotWriteError
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


def test_a_changed_digit_is_noticed(tmp_path):
    with Journal(tmp_path) as journal:
        journal.put("step", "a", {"best_lr": 0.05})
        journal.put("step", "b", {"best_lr": 0.1})
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes().replace(b"0.05", b"5.05"))
    assert read_entries(path) == {("step", "b"): {"best_lr": 0.1}}
    with Journal(tmp_path) as journal:
        assert journal.get("step", "a") is None
        assert (journal.damaged, journal.repaired) == (1, False)
        journal.put("step", "a", {"best_lr": 0.05})
    assert read_entries(path)["step", "a"] == {"best_lr": 0.05}


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_flipped_bit_changes_a_value(tmp_path_factory, place, bit):
    folder = tmp_path_factory.mktemp("journal")
    with Journal(folder) as journal:
        for number in range(3):
            journal.put("trial", str(number), {"lr": number + 0.25, "kind": "é"})
        before = dict(journal.entries)
    path = folder / FILE
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1 << bit
    path.write_bytes(content)
    assert read_entries(path).items() <= before.items()
    assert len(read_entries(path)) >= 1
    with Journal(folder) as journal:
        assert journal.entries.items() <= before.items()


def test_lines_of_earlier_versions_have_no_checksum_and_stand_before_those_that_do(tmp_path):
    path = tmp_path / FILE
    old = json.dumps({"kind": "trial", "key": "old", "value": 1}).encode() + b"\n"
    path.write_bytes(old)
    with Journal(tmp_path) as journal:
        assert journal.get("trial", "old") == 1
        journal.put("trial", "new", 2)
    assert read_entries(path) == {("trial", "old"): 1, ("trial", "new"): 2}
    path.write_bytes(path.read_bytes() + old.replace(b"old", b"odd"))
    assert read_entries(path) == {("trial", "old"): 1, ("trial", "new"): 2}


STRANGE = {
    "a list as kind": b'{"kind": [], "key": "a", "value": 1}\n',
    "nested too deep": b'{"kind": "a", "key": "a", "value": ' + b"[" * 100_000 + b"\n",
    "a number of many digits": b'{"kind": "a", "key": "a", "value": ' + b"1" * 5000 + b"}\n",
    "no UTF-8": b'{"kind": "\xff", "key": "a", "value": 1}\n',
    "no object": b"17\n",
    "a field more, unsealed": b'{"kind": "a", "key": "a", "value": 1, "more": 2}\n',
}


@pytest.mark.parametrize("line", STRANGE.values(), ids=STRANGE)
def test_strange_lines_are_passed_over(tmp_path, line):
    path = tmp_path / FILE
    path.write_bytes(line)
    assert read_entries(path) == {}
    with Journal(tmp_path) as journal:
        journal.put("trial", "a", 1)
    assert read_entries(path) == {("trial", "a"): 1}


def test_a_field_of_a_later_version_is_passed_over(tmp_path):
    body = b'{"kind": "trial", "key": "a", "value": 1, "when": "later"}'
    line = b'%b, "sum": "%b"}\n' % (body[:-1], checksum(body).encode())
    (tmp_path / FILE).write_bytes(line)
    assert read_entries(tmp_path / FILE) == {("trial", "a"): 1}


def test_a_folder_a_link_or_a_pipe_instead_of_the_file_is_refused_and_never_waited_for(tmp_path):
    outside = tmp_path / "outside"
    outside.write_bytes(b"")
    for name, make in {
        "folder": lambda path: path.mkdir(),
        "link": lambda path: path.symlink_to(outside),
        "pipe": os.mkfifo,
    }.items():
        folder = tmp_path / name
        folder.mkdir()
        make(folder / FILE)
        assert read_entries(folder / FILE) == {}
        with pytest.raises(UsageError, match="no plain file"):
            Journal(folder)
    assert outside.read_bytes() == b""


def test_a_lock_that_is_none_is_refused(tmp_path):
    (tmp_path / ".lock").mkdir()
    with pytest.raises(UsageError, match="cannot be written to"):
        Journal(tmp_path)


def test_what_cannot_be_written_leaves_no_half_line_and_nothing_more_is_written(
    tmp_path, monkeypatch
):
    with Journal(tmp_path) as journal:
        journal.put("trial", "a", 1)
        before = (tmp_path / FILE).read_bytes()

        def full(_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(CannotWriteError, match="No space left"):
            journal.put("trial", "b", 2)
        monkeypatch.undo()
        assert (tmp_path / FILE).read_bytes() == before
        with pytest.raises(CannotWriteError):
            journal.put("finished", "run", "pass")
    with Journal(tmp_path) as journal:
        assert journal.get("trial", "a") == 1
        assert journal.get("trial", "b") is None
        journal.put("trial", "b", 2)


def test_bytes_of_file_names_come_back(tmp_path):
    name = b"caf\xe9.py".decode(errors="surrogateescape")
    with Journal(tmp_path) as journal:
        journal.put("run", "identity", {"target": name})
    assert read_entries(tmp_path / FILE)["run", "identity"] == {"target": name}


def test_what_a_kill_left_beside_a_file_is_removed(tmp_path):
    (tmp_path / "plots").mkdir()
    for name in (".result.json.71.tmp", "plots/.a.png.9.tmp", ".mine.tmp", "a.1.tmp"):
        (tmp_path / name).touch()
    with Journal(tmp_path):
        left = {path.name for path in tmp_path.rglob("*tmp")}
    assert left == {".mine.tmp", "a.1.tmp"}
