"""Runs on a local Ray cluster of three nodes against the same runs in one process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sweeps
from marks import heavy

pytest.importorskip("ray", reason="ray is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.heavy]
NODES = Path(__file__).parents[1] / "helpers" / "ray_nodes.py"


class Nodes:
    """A cluster in a process of its own."""

    def __init__(self, count):
        self.process = subprocess.Popen(
            [sys.executable, str(NODES), str(count)], stdin=subprocess.PIPE, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=sweeps.environment(),
            start_new_session=True,
        )  # fmt: skip
        self.address = self.process.stdout.readline().strip()
        self.last = count - 1
        assert self.address

    def ask(self, what):
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline().strip() == "done"

    def kill_one(self):
        """A node ends without a word; the next run has another one."""
        self.ask(f"kill {self.last}")

    def add(self):
        self.ask("add")
        self.last += 1

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def nodes():
    found = Nodes(3)
    yield found
    found.close()


@pytest.fixture(scope="module")
def alone(tmp_path_factory, data_dir):
    """What one process leaves of each sweep."""
    known = {}

    def of(name):
        if name not in known:
            known[name] = sweeps.run(tmp_path_factory.mktemp(name), name, data=data_dir)
        return known[name]

    return of


@pytest.mark.parametrize("name", sweeps.SWEEPS)
def test_a_run_on_three_nodes_is_that_of_one_process(tmp_path, nodes, alone, data_dir, name):
    assert sweeps.run(tmp_path, name, "--ray", nodes.address, data=data_dir) == alone(name)


def wait_for(folder, process, trials):
    """Until so many trials are in the journal; whether the run still goes on."""
    deadline = time.monotonic() + 300
    while sweeps.trials(folder) < trials and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process.poll() is None


MOMENTS = (0, 3, 7, 11, 14, 18, 22, 26, 30, 34)
"""Trials that are in the journal when a node is killed."""


@pytest.mark.parametrize("moment", [m if m in (3, 18) else heavy(m) for m in MOMENTS])
def test_a_node_that_is_killed_changes_nothing(tmp_path, nodes, alone, moment):
    process = sweeps.begin(tmp_path, "digits", "--ray", nodes.address)
    wait_for(tmp_path, process, moment)
    nodes.kill_one()
    try:
        assert process.wait(600) == 0, (tmp_path / "log.txt").read_text()
    finally:
        nodes.add()
    assert sweeps.left(tmp_path) == alone("digits")


def test_the_leading_process_is_killed_and_the_run_resumed(tmp_path, nodes, alone):
    process = sweeps.begin(tmp_path, "digits", "--ray", nodes.address)
    assert wait_for(tmp_path, process, 9)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (run,) = tmp_path.glob("reports/*")
    resumed = subprocess.run(
        [sys.executable, "-m", "recipe", "resume", str(run.relative_to(tmp_path))],
        cwd=tmp_path, env=sweeps.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert sweeps.left(tmp_path) == alone("digits")


def refused(folder, *options, code="pass", **environment):
    """What is said of a run that cannot begin."""
    (folder / "digits.py").write_text(sweeps.DIGITS, "utf-8")
    start = f"import sys; {code}; from recipe.ui.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", start, "run", "digits.py", "--no-input", *options], cwd=folder,
        env={**sweeps.environment(), **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    (said,) = (line for line in done.stderr.splitlines() if line.startswith("Error: "))
    assert not list(folder.glob("reports/*"))
    return said


def test_a_driver_outside_the_clusters_environment_is_told_so(tmp_path, nodes):
    said = refused(tmp_path, "--ray", nodes.address, code="import ray; ray.__version__ = '2.1.0'")
    assert f"Error: --ray {nodes.address}: this Python " in said
    assert "and its Ray are not those of the cluster" in said
    assert said.endswith("run recipe in the environment that the cluster was started in.")


def test_nodes_without_recipe_are_told_so(tmp_path):
    import recipe
    from recipe.core.errors import UsageError
    from recipe.machine.ray_cluster import RayWorkers

    with pytest.raises(UsageError, match=r"A node of the Ray cluster has no recipe: install"):
        RayWorkers._refuse(RuntimeError(f"No module named '{recipe.__name__}'"))


def test_no_cluster_is_one_sentence(tmp_path):
    said = refused(tmp_path, "--ray", "127.0.0.1:1", RAY_gcs_rpc_server_connect_timeout_s="1",
                   RAY_gcs_server_request_timeout_seconds="2")  # fmt: skip
    assert said.startswith("Error: --ray 127.0.0.1:1: no Ray cluster answers there: start one with")


def test_without_ray_it_is_said_what_to_install(tmp_path):
    said = refused(tmp_path, "--ray", "auto", code="sys.modules['ray'] = None")
    assert said == "Error: --ray needs Ray: pip install 'training-recipe[ray]'."


def test_a_list_of_devices_is_no_number_of_workers(tmp_path, nodes):
    said = refused(tmp_path, "--ray", nodes.address, "--devices", "cpu,cpu")
    assert said.startswith("Error: --devices cpu,cpu beside --ray: say how many workers")
