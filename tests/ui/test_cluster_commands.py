"""The job script for SLURM: sound shell, and run where srun and scontrol are stand-ins."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

import sweeps
from children import start
from recipe.ui.cli import main

OPTIONS = ["--nodes", "3", "--cpus", "4", "--gpus", "2", "--partition", "long", "--time", "1:00:00"]


def script(capsys, *args):
    with pytest.raises(SystemExit) as end:
        main(["cluster", "slurm", *args])
    return end.value.code, capsys.readouterr()


def test_it_asks_slurm_for_what_was_said(capsys):
    code, said = script(capsys, *OPTIONS, "--setup", "module load cuda", "run", "a b.py:net",
                        "--budget", "2h", "--seed", "3")  # fmt: skip
    assert code == 0
    lines = said.out.splitlines()
    wanted = ["nodes=3", "cpus-per-task=4", "gpus-per-node=2", "partition=long", "time=1:00:00"]
    assert {f"#SBATCH --{each}" for each in wanted} < set(lines)
    assert "#SBATCH --job-name=a-b" in lines
    assert "module load cuda" in lines
    assert "recipe run 'a b.py:net' --budget 2h --seed 3 --no-input --ray \"$address\" &" in lines
    assert max(k for k, line in enumerate(lines) if line.startswith("#SBATCH")) < lines.index(
        "module load cuda"
    )


@pytest.mark.parametrize(
    "args", [["run", "digits"], [*OPTIONS, "fix", "x.py"], ["--nodes", "1", "run"]]
)
def test_it_is_sound_shell(capsys, tmp_path, args):
    _, said = script(capsys, *args)
    (tmp_path / "job.sh").write_text(said.out, "utf-8")
    subprocess.run(["bash", "-n", str(tmp_path / "job.sh")], check=True)
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", "-S", "error", str(tmp_path / "job.sh")], check=True)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["export", "x"], "A job runs 'recipe run', 'check' or 'fix', not 'export'"),
        (["run", "x.py", "--ray", "auto"], "The job script sets --ray itself: leave it out."),
        (["--setup", "a\nb", "run", "x.py"], "'a\\nb' has a line break in it: write one line."),
        (["--nodes", "0", "run", "x.py"], "Invalid value for '--nodes'"),
    ],
)
def test_what_no_job_can_run_is_one_sentence(capsys, args, said):
    code, shown = script(capsys, *args)
    assert code == 2
    assert said in shown.err
    assert shown.out == ""


STAND_INS = {
    "scontrol": "echo one; echo two; echo three",
    "srun": 'while [[ "$1" == --* ]]; do shift; done; exec "$@"',
    "hostname": "echo 127.0.0.1 10.0.0.1",
    "ray": 'echo "ray $*" >> calls; [[ "$1" == status ]] || exec sleep 60',
    # It waits for the nodes, as the real one does: the recipe may not end before they were called.
    "python": 'cat > /dev/null; until grep -q "address=.*:20041$" <(grep "^ray start" calls); '
    'do sleep 0.05; done; echo "python ${*:2}" >> calls',
    "recipe": 'echo "recipe $*" >> calls; exit 7',
}


def job(folder, text, stand_ins, **environment):
    """The script as a job, where these commands are stand-ins."""
    path = folder / "bin"
    path.mkdir()
    for name, body in stand_ins.items():
        (path / name).write_text(f"#!/bin/bash\n{body}\n", "utf-8")
        (path / name).chmod(0o755)
    (folder / "job.sh").write_text(text, "utf-8")
    named = {"SLURM_JOB_NODELIST": "x[1-3]", "SLURM_JOB_ID": "41", **environment}
    return start(
        ["bash", "job.sh"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**sweeps.environment(), **named, "PATH": f"{path}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip


def test_the_job_starts_ray_runs_the_recipe_and_ends_ray(capsys, tmp_path):
    _, said = script(capsys, "--cpus", "4", "run", "x.py")
    running = job(tmp_path, said.out, STAND_INS)
    running.communicate(timeout=60)
    assert running.returncode == 7  # as the recipe ended
    calls = (tmp_path / "calls").read_text().splitlines()
    head, status, *rest = calls
    if not head.startswith("ray start"):
        head, status = status, head
    assert head == (
        "ray start --block --num-cpus=4 --num-gpus=0 --disable-usage-stats --head "
        "--node-ip-address=127.0.0.1 --port=20041 --include-dashboard=false"
    )
    assert status == "ray status --address=127.0.0.1:20041"
    assert set(rest) == {
        "ray start --block --num-cpus=4 --num-gpus=0 --disable-usage-stats --address=127.0.0.1:20041",
        "python 127.0.0.1:20041 3",
        "recipe run x.py --no-input --ray 127.0.0.1:20041",
    }
    assert rest[-1].startswith("recipe run")


@pytest.mark.parametrize("broken", ["scontrol", "ray", "python"])
def test_a_job_whose_cluster_does_not_start_fails(capsys, tmp_path, broken):
    _, said = script(capsys, "run", "x.py")
    running = job(tmp_path, said.out, {**STAND_INS, broken: "cat > /dev/null; exit 3"})
    running.communicate(timeout=60)
    assert running.returncode not in (0, 7)
    calls = tmp_path / "calls"
    assert not calls.exists() or "recipe" not in calls.read_text()


def test_a_job_that_is_told_to_end_ends_all_it_started(capsys, tmp_path):
    _, said = script(capsys, "run", "x.py")
    waits = {**STAND_INS, "recipe": 'echo "recipe" >> calls; exec sleep 60'}
    running = job(tmp_path, said.out, waits)
    deadline = time.monotonic() + 60
    while not (tmp_path / "calls").exists() or "recipe" not in (tmp_path / "calls").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    out, _ = running.communicate(timeout=60)  # the pipe ends with the last of them
    assert running.returncode == 143, out


@pytest.mark.slow
@pytest.mark.heavy
def test_a_job_with_the_real_ray_runs_the_recipe_on_two_nodes(capsys, tmp_path):
    pytest.importorskip("ray", reason="ray is not installed")
    short = ["--epochs", "2", "--exact", "--until", "coarse_grid"]
    _, said = script(capsys, "--nodes", "2", "--cpus", "1", "run", "digits", *short)
    stand_ins = {
        "scontrol": "echo one; echo two",
        "srun": STAND_INS["srun"],
        "python": f'exec {sys.executable} "$@"',
        "recipe": f'exec {sys.executable} -m recipe "$@"',
        "ray": f'exec {sys.executable} -m ray.scripts.scripts "$@"',
    }
    running = job(tmp_path, said.out, stand_ins, SLURM_JOB_ID=str(os.getpid()))
    out, _ = running.communicate(timeout=300)
    assert running.returncode == 0, out
    assert "Verdict: pass" in out
