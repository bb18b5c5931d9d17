"""Files of any content beside a command are read, passed over or refused in one sentence."""

import os

import pytest

DEEP = "[" * 50_000
CONFIGS = {
    "pyproject.toml": [
        "tool = 1\n", "[tool]\nrecipe = 1\n", "tool = []\n", f"a = {DEEP}\n",
        "a = " + "9" * 5000 + "\n", "[tool.recipe]\nseed = []\n", "\0", "\ufeff[tool.recipe]\n",
    ],
    "recipe.toml": [
        'data = "a\\u0000b"\n', f'data = "{"x" * 300}"\n', 'target = "a\\u0000b.py"\n',
        f'target = "{"x" * 300}.py"\n', f"seed = {DEEP}\n", "seed = " + "9" * 5000 + "\n",
        "seed = 1e400\n", "epochs = inf\n", "column = 3\n", "ignore = [[1]]\n", "skip = {a = 1}\n",
        'out = "a\\u0000b"\n', "target = 7\n", "[data]\na = 1\n",
    ],
}  # fmt: skip


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in CONFIGS.items() for text in texts]
)
def test_a_configuration_is_read_or_refused(recipe, here, name, text):
    (here / name).write_text(text, "utf-8")
    code, _, err = recipe("check", "missing.py" if name == "pyproject.toml" else "--no-input")
    assert code == 2, err
    assert err.count("Error: ") == 1
    assert "\0" not in err


def test_a_configuration_that_is_no_file_is_never_waited_for(recipe, here):
    os.mkfifo(here / "recipe.toml")
    (here / "pyproject.toml").symlink_to("/dev/zero")
    code, _, err = recipe("check", "missing.py")
    assert code == 2
    assert "missing.py" in err


RESULTS = [
    "", "[]", "1", DEEP, '{"schema": 1}', '{"schema": 99}', '{"schema": ' + "9" * 5000 + "}",
    '{"schema": 1, "name": ' + DEEP, '{"schema": 1, "name": "a", "steps": 1}',
    '{"schema": 1, "name": "a", "steps": [[]]}', '{"schema": 1, "name": "a", "trials": [{}]}',
    '{"schema": 1, "name": "a", "cost": []}', '{"schema": 1, "name": "a", "best": [1]}',
    '{"schema": 1, "name": "a", "chosen": {"kind": "odd"}}', "\0\0",
]  # fmt: skip


@pytest.mark.parametrize("text", RESULTS, ids=range(len(RESULTS)))
def test_a_result_is_read_or_refused(recipe, here, text):
    run = here / "run"
    run.mkdir()
    (run / "result.json").write_text(text)
    for args in (
        ["report", run], ["compare", run, run], ["predict", run, "val"], ["export", run, "--csv", "-"],
        ["run", "digits", "--until", "inspect", "--against", run],
    ):  # fmt: skip
        code, _, err = recipe(*args)
        assert code == 2, (args, err)
        assert err.count("Error: ") == 1


def test_a_result_that_is_no_file_is_never_waited_for(recipe, here):
    for name, make in {
        "pipe": os.mkfifo,
        "device": lambda path: path.symlink_to("/dev/zero"),
        "folder": lambda path: path.mkdir(),
    }.items():
        (here / name).mkdir()
        make(here / name / "result.json")
        code, _, err = recipe("report", here / name)
        assert code == 2, err
        assert err.count("Error: ") == 1
