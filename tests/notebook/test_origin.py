"""Code that a run folder names is run where a run of the same user called it, or on request."""

import pytest

from recipe.core.errors import UsageError
from recipe.notebook import origin


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RECIPE_CACHE", str(tmp_path / "cache"))


def folder_of(tmp_path, name="run"):
    folder = tmp_path / name
    folder.mkdir()
    return folder


def test_what_was_run_from_here_is_ones_own(tmp_path):
    folder = folder_of(tmp_path)
    origin.sign(folder, "mine.py:experiment", tmp_path)
    origin.check(folder, "mine.py:experiment", tmp_path, trust=False)
    origin.check(folder, str(tmp_path / "mine.py:experiment"), tmp_path / "run", trust=False)
    assert (tmp_path / "cache" / origin.KEY).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("target", ["other.py", "mine.py:other", "os:abort", "mine.py", "run/a.py"])
def test_another_target_is_not(tmp_path, target):
    folder = folder_of(tmp_path)
    origin.sign(folder, "mine.py:experiment", tmp_path)
    with pytest.raises(UsageError, match="--trust"):
        origin.check(folder, target, tmp_path, trust=False)
    origin.check(folder, target, tmp_path, trust=True)


def test_the_same_name_in_another_folder_is_not(tmp_path):
    folder = folder_of(tmp_path)
    origin.sign(folder, "mine.py", tmp_path)
    assert not origin.is_own(folder, "mine.py", folder)


def test_a_folder_that_was_sent_is_not(tmp_path, monkeypatch):
    folder = folder_of(tmp_path)
    monkeypatch.setenv("RECIPE_CACHE", str(tmp_path / "of somebody else"))
    origin.sign(folder, "mine.py", tmp_path)
    monkeypatch.setenv("RECIPE_CACHE", str(tmp_path / "cache"))
    assert not origin.is_own(folder, "mine.py", tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"0" * 64])
def test_a_seal_that_was_made_up_is_none(tmp_path, content):
    folder = folder_of(tmp_path)
    (folder / origin.FILE).write_bytes(content)
    assert not origin.is_own(folder, "mine.py", tmp_path)


def test_what_is_built_in_is_trusted_and_a_cache_that_cannot_be_written_is_no_error(
    tmp_path, monkeypatch
):
    folder = folder_of(tmp_path)
    origin.check(folder, "digits", tmp_path, trust=False)
    (tmp_path / "file").touch()
    monkeypatch.setenv("RECIPE_CACHE", str(tmp_path / "file"))
    origin.sign(folder, "mine.py", tmp_path)
    assert not origin.is_own(folder, "mine.py", tmp_path)
