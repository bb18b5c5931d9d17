"""`recipe doctor`, `recipe cache`, `recipe completion`, `--version`."""

import subprocess
from types import SimpleNamespace

import pytest

from recipe.core.version import VERSION
from recipe.ui import machine_commands


def test_the_version_names_torch_and_imports_nothing(recipe):
    code, out, _ = recipe("--version")
    assert code == 0
    assert VERSION in out
    assert machine_commands.installed("torch") in out


def test_doctor_says_that_all_is_well_or_what_is_not(recipe, monkeypatch):
    monkeypatch.setattr("os.getloadavg", lambda: (0.1, 0.1, 0.1))
    code, out, _ = recipe("doctor")
    assert (code, out.strip().splitlines()[-1]) == (0, "All is well.")
    assert "processors" in out
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=2**20))
    monkeypatch.setattr(
        machine_commands, "installed", lambda name: None if name == "optuna" else "1.0"
    )
    code, out, _ = recipe("doctor")
    assert code == 1
    assert "! only 1 MiB are free" in out
    assert "! optuna is not installed: pip install optuna" in out


def test_the_cache_is_cleared_but_for_the_key(recipe, tmp_path, monkeypatch):
    monkeypatch.setenv("RECIPE_CACHE", str(tmp_path / "cache"))
    assert recipe("cache", "clear")[0] == 0  # nothing there
    folder = tmp_path / "cache" / "data" / "a"
    folder.mkdir(parents=True)
    (folder / "x").write_bytes(bytes(3 * 2**20))
    (tmp_path / "cache" / machine_commands.KEY).write_text("secret")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").write_text("mine")
    (tmp_path / "cache" / "link").symlink_to(tmp_path / "elsewhere")
    assert "3.0 MiB" in recipe("cache", "show")[1]
    assert "Cleared 3.0 MiB" in recipe("cache", "clear")[1]
    assert [f.name for f in (tmp_path / "cache").iterdir()] == [machine_commands.KEY]
    assert (tmp_path / "elsewhere" / "kept").read_text() == "mine"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_that_names_the_command(recipe, shell):
    code, out, _ = recipe("completion", shell)
    assert code == 0
    assert "_RECIPE_COMPLETE" in out
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=out, text=True, check=False).returncode == 0
