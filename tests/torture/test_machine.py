"""What a machine refuses is one sentence and exit code 2, and what is finished is kept."""

import errno
import os
import resource
import signal
import subprocess
import sys

import pytest
from attacks import ROOT, assert_told, command, is_finished, runs, written

pytestmark = pytest.mark.torture
SHORT = ["--until", "lr_range"]


@pytest.fixture
def file(tmp_path):
    return written(tmp_path)


def test_a_file_that_may_not_grow_and_then_may(tmp_path, file):
    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))

    ended = command(tmp_path, "run", file, *SHORT, preexec=small)
    assert_told(ended, "cannot be written", "kept")
    (journal,) = runs(tmp_path)
    before = journal.read_bytes()
    assert before.endswith(b"\n")
    assert not is_finished(journal)
    again = command(tmp_path, "run", file, *SHORT)
    assert again.code in (0, 1), again.err
    assert "Resuming" in again.out
    assert runs(tmp_path) == [journal]
    assert journal.read_bytes().startswith(before)


@pytest.mark.slow
def test_a_run_folder_that_is_removed(tmp_path):
    removed = (
        "import shutil, pathlib\n"
        "def gone():\n"
        "    for p in pathlib.Path('reports').glob('*'): shutil.rmtree(p, ignore_errors=True)\n"
        "class M(nn.Module):\n"
        "    def __init__(self): super().__init__(); self.a = nn.Linear(4, 3)\n"
        "    def forward(self, x): gone(); return self.a(x)\n"
        "mlp = M\n"
    )
    ended = command(tmp_path, "run", written(tmp_path, removed), *SHORT)
    assert_told(ended, "cannot be written")


@pytest.mark.slow
def test_full_standard_output(tmp_path, file):
    ended = command(tmp_path, script=f"$RECIPE run {file} --until lr_range > /dev/full")
    assert_told(ended, "standard output")
    assert not is_finished(runs(tmp_path)[0])
    assert_told(command(tmp_path, script="$RECIPE rules > /dev/full"), "No space left")


CLOSED = {
    "input": "<&-", "output": ">&-", "errors": "2>&-", "all": "<&- >&- 2>&-",
}  # fmt: skip


@pytest.mark.parametrize("closed", CLOSED.values(), ids=CLOSED)
@pytest.mark.slow
def test_closed_streams(tmp_path, file, closed):
    ended = command(tmp_path, script=f"$RECIPE run {file} --until inspect {closed}")
    assert ended.code == 0, ended.err
    (journal,) = runs(tmp_path)
    assert is_finished(journal)  # and holds nothing else


@pytest.mark.parametrize(
    "line",
    ["$RECIPE rules | head -1", "$RECIPE rules --markdown | head -1", "$RECIPE schema | head -1"],
)
@pytest.mark.slow
def test_a_reader_that_is_gone_is_no_error_of_python(tmp_path, line):
    ended = command(tmp_path, script=f"set -o pipefail; {line}")
    assert ended.code in (0, 1), ended.err
    assert ended.err == ""


@pytest.mark.slow
def test_json_for_a_reader_that_is_gone(tmp_path, file):
    ended = command(
        tmp_path, script=f"set -o pipefail; $RECIPE run {file} --until inspect --json | head -1"
    )
    assert ended.code in (0, 1, 2)
    assert "Exception ignored" not in ended.err


ENVIRONMENTS = {
    "no home": {"HOME": None, "XDG_CACHE_HOME": None, "RECIPE_CACHE": None},
    "a home that is not there": {"HOME": "/nowhere", "RECIPE_CACHE": None},
    "no locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "no path": {"PATH": ""},
    "no terminal": {"TERM": None},
}


@pytest.mark.parametrize("env", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
@pytest.mark.slow
def test_poor_environments(tmp_path, file, env):
    ended = command(tmp_path, "run", file, "--until", "inspect", env=env)
    assert ended.code == 0, ended.err


@pytest.mark.slow
def test_a_path_that_is_no_utf8_is_run_and_resumed(tmp_path):
    folder = tmp_path / "caf\udce9"
    folder.mkdir()
    path = folder / "m\udce9.py"
    written(tmp_path).rename(path)
    out = folder / "out"
    ended = command(tmp_path, "run", path, "--until", "inspect", "--out", out, env={})
    assert ended.code == 0, ended.err
    (run,) = out.iterdir()
    journal = run / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))
    again = command(tmp_path, "resume", run, env={})
    assert again.code == 0, again.err
    assert "known from an earlier run" in again.out


@pytest.mark.slow
def test_a_name_with_delete_in_it_is_resumed(tmp_path):
    path = written(tmp_path, name="a\x7fb.py")
    assert command(tmp_path, "run", path, "--until", "inspect").code == 0
    (journal,) = runs(tmp_path)
    assert command(tmp_path, "resume", journal.parent).code == 0


def test_a_surrogate_in_an_error(tmp_path):
    path = written(tmp_path, r"raise ValueError('bad \udcff \ud800 name')" + "\n")
    assert_told(command(tmp_path, "check", path))


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
@pytest.mark.slow
def test_no_right_to_write(tmp_path, file):
    out = tmp_path / "out"
    out.mkdir(mode=0o500)
    assert_told(command(tmp_path, "run", file, "--out", out), "--out")


@pytest.mark.slow
def test_a_working_directory_that_is_gone(tmp_path, file):
    ended = command(
        tmp_path, script=f"mkdir gone; cd gone; rmdir ../gone; $RECIPE run {file} --until inspect"
    )
    assert_told(ended, "directory")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.slow
def test_a_signal_ends_it_with_a_word_and_the_same_command_goes_on(tmp_path, file, number):
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'steps'}", "CI": ""}
    process = subprocess.Popen(
        [sys.executable, "-m", "recipe", "run", str(file)], cwd=tmp_path, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    for line in process.stdout:
        if "initial_loss" in line:
            break
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    if number == signal.SIGINT:
        assert process.returncode == 130
    else:
        assert process.returncode == -number
        assert f"ended by {number.name}" in err
    assert not is_finished(runs(tmp_path)[0])
    again = command(tmp_path, "run", file, "--until", "lr_range")
    assert again.code in (0, 1)


def test_the_parent_costs_next_to_nothing(tmp_path):
    """As the command has it: before anything large is imported."""
    program = (
        "import os, time\n"
        "import recipe.ui.cli\n"
        "from recipe.ui.parent import supervised\n"
        "began = time.perf_counter()\n"
        "code = supervised(lambda: 7, os._exit, print, 2)\n"
        "print(code, time.perf_counter() - began)\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'steps'}"}
    taken = []
    for _ in range(3):  # other work may disturb one of them
        said = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True,
            check=True,
        ).stdout.split()  # fmt: skip
        assert said[0] == "7"
        taken.append(float(said[1]))
    assert min(taken) < 0.1


def test_errors_of_a_machine_are_known_by_what_the_system_says():
    from recipe.core.files import of_the_machine

    assert "not enough memory" in of_the_machine(MemoryError())
    assert "'a'" in of_the_machine(OSError(errno.ENOSPC, "No space left on device", "a"))
    assert of_the_machine(OSError(errno.ENOENT, "No such file", "a")) is None
    assert of_the_machine(ValueError()) is None
    caused = RuntimeError()
    caused.__cause__ = OSError(errno.EIO, "Input/output error")
    assert "Input/output" in of_the_machine(caused)
