"""What user code leaves behind in torch, in the process or on the disk changes no result and loses
none in silence.
"""

import json
import signal
import subprocess
import sys
import time

import pytest
from attacks import DECLARED, ROOT, assert_told, command, runs, written

pytestmark = pytest.mark.torture

FACTORY = """\
def mlp():
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
    {}
    return model
"""
UNTIL_GRID = ("--until", "coarse_grid", "--exact", "--budget", "10epochs")


def without_times(value):
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k not in {"seconds", "proofs", "out", "settings"}}
        return {k: without_times(v) for k, v in kept.items()}
    return [without_times(item) for item in value] if isinstance(value, list) else value


def result_of(folder):
    (path,) = (folder / "reports").glob("*/result.json")
    return without_times(json.loads(path.read_text()))


@pytest.mark.slow
def test_settings_of_torch_that_a_factory_changes_are_put_back(tmp_path):
    changing = FACTORY.format(
        "if __import__('os').environ.get('CHANGED'):\n"
        "        torch.set_default_dtype(torch.float64); torch.set_grad_enabled(False)\n"
        "        torch.autograd.set_detect_anomaly(True)"
    )
    found = []
    for changed in ("", "yes"):
        folder = tmp_path / f"a{changed}"
        folder.mkdir()
        mine = written(folder, changing)
        assert command(folder, "run", mine.name, *UNTIL_GRID, env={"CHANGED": changed}).code == 0
        found.append(result_of(folder))
    assert found[0]["trials"] == found[1]["trials"]
    assert found[0]["best"] == found[1]["best"]


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_metric_that_never_gives_a_number_is_no_pass(tmp_path, value):
    metric = f"def metric(o, y): return float('{value}')\n"
    mine = written(tmp_path, metric, DECLARED.replace("lr=", "metric=metric, lr="))
    assert_told(command(tmp_path, "run", mine, *UNTIL_GRID), "'metric'", "no finite number")


def test_a_run_folder_that_is_deleted_is_told(tmp_path):
    deleting = FACTORY.format(
        "CALLS.append(1); len(CALLS) == 12 and __import__('shutil').rmtree('reports')"
    )
    mine = written(tmp_path, "CALLS = []\n" + deleting)
    assert_told(command(tmp_path, "run", mine, *UNTIL_GRID), "is gone", "What lay there is lost")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--seed", str(1 << 64)), ["4294967295, the largest seed"]),
        (("--budget", "99999999999999h"), ["more than a year"]),
        (("--only", "finish", "--skip", "finish"), ["leave no step to run"]),
        (("--only", "finish"), ["name coarse_grid in --only too"]),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(tmp_path, given, words):
    assert_told(command(tmp_path, "run", written(tmp_path), *given), *words)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory")
@pytest.mark.parametrize("kilobytes", [1_500_000, 3_000_000])
def test_no_room_for_the_libraries_is_the_machines(tmp_path, kilobytes):
    written(tmp_path)
    script = f"ulimit -v {kilobytes}; $RECIPE check mine.py"
    assert_told(command(tmp_path, script=script), "not enough memory")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="a parent process waits on Linux alone")
def test_code_that_ignores_signals_can_be_stopped(tmp_path):
    ignoring = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    mine = written(tmp_path, ignoring + "print('there', flush=True)\ntime.sleep(100)\n")
    work = subprocess.Popen(
        [sys.executable, "-m", "recipe", "check", mine], cwd=tmp_path, text=True,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'steps'}", "PATH": ""}, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    for line in work.stdout:
        if "there" in line:
            break
    for _ in range(3):
        work.send_signal(signal.SIGINT)
        time.sleep(1.6)
    said, _ = work.communicate(timeout=30)
    assert work.returncode == -signal.SIGINT
    assert "ended by SIGINT" in said
    assert not runs(tmp_path)
