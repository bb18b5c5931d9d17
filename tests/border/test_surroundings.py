"""What code of users' does to the process that it runs in: the run goes on as if it had not."""

import json
import os
import threading
from pathlib import Path

import pytest
from user_files import assert_told, command, written

from recipe.border import surroundings

HARMLESS = {
    "another folder when it is imported": "import os; os.chdir('/')\n",
    "another folder in the factory": (
        "import os\n"
        "def mlp(made=mlp):\n"
        "    os.chdir('/')\n"
        "    return made()\n"
    ),
    "another folder in forward": (
        "import os\n"
        "class Elsewhere(Net):\n"
        "    def forward(self, x):\n"
        "        os.chdir('/')\n"
        "        return super().forward(x)\n"
        "mlp = Elsewhere\n"
    ),
    "float64 by default when it is imported": "torch.set_default_dtype(torch.float64)\n",
    "float64 by default in the factory": (
        "def mlp(made=mlp):\n"
        "    torch.set_default_dtype(torch.float64)\n"
        "    return made()\n"
    ),
    "a device by default": "torch.set_default_device('cpu')\n",
    "no gradients by default": "torch.set_grad_enabled(False)\n",
    "a seed in the factory": (
        "import random, numpy\n"
        "def mlp(made=mlp):\n"
        "    torch.manual_seed(0); random.seed(0); numpy.random.seed(0)\n"
        "    return made()\n"
    ),
    "deterministic algorithms": "torch.use_deterministic_algorithms(True)\n",
    "another number of threads": "torch.set_num_threads(1)\n",
    "warnings as errors": "import warnings; warnings.simplefilter('error')\n",
    "warnings as errors in forward": (
        "import warnings\n"
        "class Strict(Net):\n"
        "    def forward(self, x):\n"
        "        warnings.simplefilter('error')\n"
        "        return super().forward(x)\n"
        "mlp = Strict\n"
    ),
    "an empty environment": (
        "import os\n"
        "def mlp(made=mlp):\n"
        "    os.environ.clear()\n"
        "    return made()\n"
    ),
    "another cross-entropy": (
        "plain = F.cross_entropy\n"
        "F.cross_entropy = lambda *a, **k: plain(*a, **k)\n"
    ),
    "other generators": "torch.manual_seed = lambda seed: None\n",
    "another relu": "F.relu = lambda x, inplace=False: x.clamp(min=0)\n",
    "a thread that never ends": (
        "import threading, time\n"
        "threading.Thread(target=lambda: time.sleep(1e6)).start()\n"
    ),
    "threads that print": (
        "import threading, time\n"
        "def talk():\n"
        "    while True:\n"
        "        time.sleep(0.05); print('still here')\n"
        "threading.Thread(target=talk).start()\n"
    ),
    "its own handlers of signals": (
        "import signal\n"
        "for s in (signal.SIGTERM, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2):\n"
        "    signal.signal(s, lambda *_: None)\n"
    ),
    "a logger of everything": "import logging; logging.basicConfig(level=logging.DEBUG)\n",
    "its own excepthook": "import sys; sys.excepthook = lambda *_: print('gone')\n",
    "another recursion limit": "import sys; sys.setrecursionlimit(300)\n",
    "a patched print": "import builtins; builtins.print = lambda *_, **__: None\n",
}  # fmt: skip
END = "experiment = Experiment(model=mlp, name='mine', **DATA)\n"


def goes_on(tmp_path, name):
    ran = command(tmp_path, written(tmp_path, HARMLESS[name] + END), "--json")
    assert ran.code == 0, (ran.out[-3000:], ran.err[-3000:])
    assert "Traceback" not in ran.err
    result = json.loads(ran.out)
    assert result["verdict"] == "pass", [s["findings"] for s in result["steps"]]
    (folder,) = (tmp_path / "reports").glob("mine-*")
    assert (folder / "report.md").exists()
    assert f"Running mine in reports/{folder.name}" in ran.err or "print" in name


@pytest.mark.slow
@pytest.mark.parametrize("name", HARMLESS)
def test_a_run_goes_on(tmp_path, name):
    goes_on(tmp_path, name)


@pytest.mark.usefixtures("without_plots")
def test_a_factory_that_changes_the_folder(recipe, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, HARMLESS["another folder in the factory"] + END)
    code, out, err = recipe("check", path.name, "--no-input", "--exact")
    assert code == 0, err
    (folder,) = (tmp_path / "reports").glob("mine-*")
    assert (folder / "report.md").exists()
    assert f"Running mine in reports/{folder.name}" in out
    assert f"Report: reports/{folder.name}/report.md" in out
    assert Path.cwd() == tmp_path


@pytest.mark.slow
def test_what_users_print_is_no_part_of_the_json(tmp_path):
    text = (
        "import atexit, os, subprocess, sys\n"
        "def mlp(made=mlp):\n"
        "    print('by print'); os.write(1, b'by os.write\\n'); sys.stdout.write('by write\\n')\n"
        "    subprocess.run(['echo', 'by a child'])\n"
        "    return made()\n"
        "print('when imported')\n"
        "atexit.register(print, 'at the end')\n"
    )
    ran = command(tmp_path, written(tmp_path, text + END), "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["name"] == "mine"
    for said in (
        "by print",
        "by os.write",
        "by write",
        "by a child",
        "when imported",
        "at the end",
    ):
        assert said in ran.err


def test_standard_output_is_for_the_result_alone(monkeypatch, capfd):
    kept = os.dup(1)
    try:
        with open(1, "w", encoding="utf-8", closefd=False) as plain:
            monkeypatch.setattr("sys.stdout", plain)
            with surroundings.stdout_for_result() as out:
                os.write(1, b"aside\n")
                out.write("result\n")
            os.write(1, b"after\n")
    finally:
        os.dup2(kept, 1)
        os.close(kept)
    said = capfd.readouterr()
    assert said.out == "result\n"
    assert said.err == "aside\nafter\n"


def test_a_stream_that_is_no_file_is_left_alone(monkeypatch, capsys):
    with surroundings.stdout_for_result() as out:
        print("aside")
        out.write("result\n")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("result\n", "aside\n")


def test_filters_that_were_there_before_stay(recwarn):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        with surroundings.warnings_shown():
            warnings.simplefilter("error", UserWarning)
        with pytest.raises(DeprecationWarning):
            warnings.warn("old", DeprecationWarning, stacklevel=1)
        warnings.warn("new", UserWarning, stacklevel=1)
    assert [str(each.message) for each in recwarn] == ["new"]


def test_a_command_without_threads_of_others_ends_as_usual():
    done = threading.Thread(target=lambda: None)
    done.start()
    surroundings.leave(3)  # it would end the process
    assert not done.is_alive()


@pytest.mark.slow
def test_warnings_that_the_command_line_makes_errors(tmp_path):
    text = (
        "import warnings\n"
        "class Warns(Net):\n"
        "    def forward(self, x):\n"
        "        warnings.warn('take care')\n"
        "        return super().forward(x)\n"
        "experiment = Experiment(model=Warns, **DATA)\n"
    )
    ran = command(tmp_path, written(tmp_path, text), PYTHONWARNINGS="error::UserWarning")
    assert_told(ran, "take care", "mine.py:", "warnings are turned into errors here")
