"""Fixtures shared by all tests."""

import gc
import os
from pathlib import Path

import pytest

from children import end_all

# Tests run side by side on few cores: more threads than cores cost minutes, not seconds.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def data_dir():
    """Folder of real data sets; tests that need one are skipped where it is missing."""
    folder = Path(os.environ.get("RECIPE_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no test data in {folder}: set RECIPE_TEST_DATA")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """What runs remember is kept apart from the user's, and shared by the runs of a session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECIPE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _what_is_imported_is_no_garbage():
    """A run looks for garbage before it freezes what exists, for a fifth of a second with torch: a
    thousand runs of one session need not. Their own objects are still collected.
    """
    import torch  # noqa: F401

    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _nothing_runs_on():
    """What a test started and did not wait for does not disturb the next one."""
    yield
    end_all()


@pytest.fixture
def without_plots(monkeypatch):
    """Runs that are not about plots need not draw fifteen of them."""
    monkeypatch.setattr("recipe.report.write.draw_plots", lambda *_, **__: ())
    monkeypatch.setattr("recipe.engine.drawing.can_fork", lambda _: False)


@pytest.fixture
def recipe(capsys):
    """Run a command line; returns exit code, standard output, standard error."""

    from recipe.ui.cli import main

    def call(*args):
        with pytest.raises(SystemExit) as stop:
            main([str(arg) for arg in args])
        said = capsys.readouterr()
        return stop.value.code, said.out, said.err

    return call
