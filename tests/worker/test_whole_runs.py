"""Whole runs on several workers of this machine against the same runs in one process."""

import json
import subprocess
import sys

import pytest

import sweeps
from lab import EXPERIMENT
from recipe import run
from recipe.core.errors import UsageError


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [("digits", ["--devices", "2"]), ("faulty", ["--devices", "cpu,cpu"])],
)
def test_a_run_on_workers_is_that_of_one_process(tmp_path, name, options):
    alone = sweeps.run(tmp_path / "a", name)
    assert sweeps.run(tmp_path / "b", name, *options) == alone
    if name == "faulty":
        assert '"applied": true' in alone[0]
        log = (tmp_path / "b" / "log.txt").read_text("utf-8")
        assert "softmax-before-loss repaired: " in log


TABLE = "a,b,c,label\n" + "".join(
    f"{k % 7},{k * 37 % 11},{k % 3},{'yes' if k * 37 % 11 > 5 else 'no'}\n" for k in range(400)
)


@pytest.mark.slow
def test_data_by_name_are_loaded_by_workers_too(tmp_path):
    found = []
    for name, options in (("a", []), ("b", ["--devices", "2"])):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "t.csv").write_text(TABLE, "utf-8")
        command = [sys.executable, "-m", "recipe", "run", "--data", "t.csv", "--target", "label",
                   "--epochs", "3", "--exact", "--no-input", *options]  # fmt: skip
        done = subprocess.run(command, cwd=folder, env=sweeps.environment(), capture_output=True,
                              text=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        found.append(sweeps.left(folder))
    assert found[0] == found[1]
    assert json.loads(found[0][0])["trials"]


def test_an_object_of_this_process_cannot_be_sent_and_that_is_one_sentence(tmp_path):
    with pytest.raises(UsageError) as error:
        run(EXPERIMENT, out=tmp_path, devices=2, device="cpu")
    assert str(error.value).startswith(
        "--devices and --ray need an experiment that other processes can load: write it into a file"
    )
    assert not list(tmp_path.iterdir())


def test_a_trial_on_several_devices_and_trials_on_several_are_told_apart(tmp_path):
    with pytest.raises(
        UsageError, match=r"parallel= and --parallel one trial on several: leave one"
    ):
        run(EXPERIMENT, out=tmp_path, devices=2, device="cpu", parallel="ddp")
