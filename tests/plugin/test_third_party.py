"""A package of somebody else, installed beside ours, whose code knows `recipe.plugin` alone."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "helpers" / "third_party" / "third_party.py"
ENTRY_POINTS = "[recipe.steps]\nrates = third_party:Rates\n"
METADATA = "Metadata-Version: 2.1\nName: third-party\nVersion: 1.0\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the package as an installer leaves it."""
    folder = tmp_path_factory.mktemp("site")
    (folder / SOURCE.name).write_text(SOURCE.read_text("utf-8"), "utf-8")
    info = folder / "third_party-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    return folder


def recipe(folder, cwd, *args):
    paths = [str(folder), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "CI": "true"}
    return subprocess.run([sys.executable, "-m", "recipe", *args], capture_output=True, text=True,
                          cwd=cwd, env=env, check=False)  # fmt: skip


def test_it_imports_nothing_of_ours_but_the_door():
    ours = {
        node.module for node in ast.walk(ast.parse(SOURCE.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0].startswith("recipe")
    }  # fmt: skip
    assert ours == {"recipe.plugin"}


def test_its_step_and_its_rule_are_listed(installed, tmp_path):
    steps = recipe(installed, tmp_path, "steps")
    assert "third-party" in steps.stdout, steps.stderr
    explained = recipe(installed, tmp_path, "explain", "nearly-no-rate")
    assert "below a ten-thousandth" in explained.stdout, explained.stderr


def test_its_task_is_trained_and_its_remedy_is_proved(installed, tmp_path):
    only = ["--only", "inspect", "--only", "rates"]
    done = recipe(installed, tmp_path, "run", "third_party:experiment", *only)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = tmp_path.glob("reports/*/result.json")
    result = json.loads(path.read_text("utf-8"))
    assert result["metric"] == "hits"
    (step,) = (step for step in result["steps"] if step["name"] == "rates")
    (found,) = step["findings"]
    assert found["rule"] == "nearly-no-rate"
    assert found["remedy"]["verified"]
    assert found["remedy"]["after"] > found["remedy"]["before"] + 0.2
    assert (path.parent / "plots" / "rates-targets.png").exists()


def test_its_reader_reads_new_data(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(SOURCE.parent))
    from third_party import parabola

    file = tmp_path / "numbers.txt"
    file.write_text("1\n2\n")
    names, x = parabola().reader.read(file)
    assert names == ["1", "2"]
    assert x.tolist() == [[1.0], [2.0]]
