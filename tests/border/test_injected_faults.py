"""A fault in each callable of an experiment, at each of some calls, of each kind: what is said of it
is one sentence that names the line, and never a bug of ours.
"""

import itertools
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import faulty
import pytest

from recipe import Experiment

FILE = Path(faulty.__file__)
CALLS = (1, 2, 9)
KINDS = tuple(faulty.KINDS)
PER_CALL = 4
"""Kinds at each call of each site: another four the next time, so that all meet all sites alike."""
QUICK = 36


def combinations():
    kinds = itertools.cycle(KINDS)
    return [
        (site, call, next(kinds)) for site in faulty.SITES for call in CALLS for _ in range(PER_CALL)
    ]  # fmt: skip


ALL = combinations()
EVERY = len(ALL) // QUICK


def test_every_callable_of_an_experiment_is_a_site():
    """An argument that takes a function has a site here."""
    takes = {f.name for f in fields(Experiment) if "Callable" in str(f.type) or f.name in (
        "loss", "metric", "update", "train", "val", "test", "task")}  # fmt: skip
    given = {name for more in faulty.SITES.values() for name in more} | {"model", "test"}
    assert takes <= given
    assert len(ALL) >= 300


def shown(fault):
    return "-".join(map(str, fault))


def judge(code, out, err, *, fired):
    """What has to hold of any fault."""
    said = out + err
    assert "Traceback" not in said, said
    assert "bug of recipe" not in said, said
    assert "crashed" not in said, said
    assert code in (0, 1, 2), said
    if code == 2:
        lines = [line for line in err.splitlines() if line.startswith("Error: ")]
        assert len(lines) == 1, said
        assert "faulty.py:" in lines[0], lines[0]
        assert lines[0].endswith("."), lines[0]
    assert (code == 2) == fired, said


def inject(recipe, monkeypatch, tmp_path, fault):
    log = tmp_path / "fired"
    monkeypatch.setenv("FAULT", ",".join(map(str, fault)))
    monkeypatch.setenv("FAULT_LOG", str(log))
    monkeypatch.chdir(tmp_path)
    before = sys.modules.get("faulty")
    try:
        code, out, err = recipe("check", f"{FILE}:experiment", "--no-input", "--exact")
    finally:
        sys.modules["faulty"] = before
    judge(code, out, err, fired=log.exists())


@pytest.mark.filterwarnings("default")
@pytest.mark.usefixtures("without_plots")
@pytest.mark.parametrize("fault", ALL[::EVERY], ids=shown)
def test_a_fault_is_told(recipe, monkeypatch, tmp_path, fault):
    inject(recipe, monkeypatch, tmp_path, fault)


@pytest.mark.heavy
@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.usefixtures("without_plots")
@pytest.mark.parametrize("fault", [each for n, each in enumerate(ALL) if n % EVERY], ids=shown)
def test_any_fault_is_told(recipe, monkeypatch, tmp_path, fault):
    inject(recipe, monkeypatch, tmp_path, fault)


@pytest.mark.heavy
@pytest.mark.slow
@pytest.mark.parametrize(("site", "call", "kind"), ALL[7 :: len(ALL) // 12])
def test_the_command_tells_of_a_fault(tmp_path, site, call, kind):
    log = tmp_path / "fired"
    more = {"FAULT": f"{site},{call},{kind}", "FAULT_LOG": str(log)}
    command = [sys.executable, "-m", "recipe", "check", f"{FILE}:experiment", "--no-input"]
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | more, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    judge(done.returncode, done.stdout, done.stderr, fired=log.exists())
