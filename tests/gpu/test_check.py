"""The script of `make gpu`, tried without a GPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def run(*arguments):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "steps")])}
    return subprocess.run(
        [sys.executable, str(HERE / "check.py"), *arguments], cwd=ROOT, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so():
    done = run()
    assert done.returncode == 2
    assert done.stderr.startswith("There is no GPU that PyTorch can use here: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert not done.stdout


@pytest.mark.slow
@pytest.mark.heavy
def test_every_part_runs_on_a_processor():
    done = run("--device", "cpu", "--quick", "--minutes", "20")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, [line for line in lines if not line.get("ok", True)]
    checks = [line for line in lines if line["part"] == "correctness"]
    assert len(checks) == 8
    assert all(line["ok"] for line in checks)
    tables = {line["name"] for line in lines if line["part"] == "speed"}
    assert len(tables) == 4
    left_out = {line.get("way") or line.get("tool") for line in lines if "skipped" in line}
    assert left_out <= {"CUDA graph, TF32", "Optuna + Lightning"}


def test_a_page_is_made_of_the_lines():
    sys.path.insert(0, str(HERE))
    try:
        import check
    finally:
        sys.path.remove(str(HERE))
    text = check.page([
        {"part": "machine", "device": "H200", "cuda": None},
        {"part": "correctness", "name": "faults", "ok": False, "why": "no", "after s": 1.0},
        {"part": "speed", "name": "Eight trials", "tool": "recipe", "s": 0.0012},
        {"part": "speed", "name": "Eight trials", "tool": "loop", "skipped": "no time"},
    ])  # fmt: skip
    assert "| faults | **no** | why no | 1.0 |" in text
    assert "| tool | s | skipped |" in text
    assert "| recipe | 0.0012 |  |" in text
    assert "device H200." in text
