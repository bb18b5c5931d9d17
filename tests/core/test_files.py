import pytest

from recipe.core.errors import UsageError
from recipe.core.files import make_folder, to_json, write_bytes, write_text


def test_writes_and_replaces_and_leaves_nothing_beside(tmp_path):
    path = tmp_path / "a.json"
    write_text(path, "first")
    write_text(path, "größer ✓")
    assert path.read_bytes() == "größer ✓".encode()
    write_bytes(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.replace"])
def test_the_old_file_stays_when_writing_fails(tmp_path, monkeypatch, broken):
    path = tmp_path / "a.json"
    write_text(path, "old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(broken, fail)
    with pytest.raises(OSError, match="No space left"):
        write_text(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_make_folder_creates_parents_and_leaves_it_empty(tmp_path):
    folder = make_folder(tmp_path / "a" / "b")
    assert make_folder(folder) == tmp_path / "a" / "b"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("below", ["", "sub", "sub/deeper"])
def test_a_folder_below_a_file_is_refused_in_one_sentence(tmp_path, below):
    file = tmp_path / "file"
    file.write_text("x")
    folder = file / below
    with pytest.raises(UsageError) as caught:
        make_folder(folder)
    assert str(folder) in str(caught.value)
    assert "--out" in str(caught.value)
    assert file.read_text() == "x"


def test_json_is_strict_and_readable(tmp_path):
    assert (
        to_json({"a": [1, None, "ü"], "p": tmp_path})
        == f'{{"a": [1, null, "ü"], "p": "{tmp_path}"}}'
    )
    assert to_json([1], indent=2) == "[\n  1\n]"
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON"):
            to_json({"a": bad})
