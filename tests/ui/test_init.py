"""`recipe init`: by flags, by questions, and never over a file that is there."""

import tomllib
from functools import partial

import pytest

from terminals import ended, started

DOWN, UP, ENTER = "\x1b[B", "\x1b[A", "\r"
STYLES = r"(?:\x1b\[[0-9;]*m)*"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "\n".join(f"{i % 7},{i % 2}" for i in range(60))
    (tmp_path / "table.csv").write_text(f"x,y\n{rows}\n")
    return tmp_path


@pytest.fixture
def terminal(here):
    return partial(started, here, "init", PROMPT_TOOLKIT_NO_CPR="1")


def written(folder):
    return sorted(p.name for p in folder.iterdir() if p.name != "table.csv")


def test_flags_answer_everything(here, recipe):
    code, out, _ = recipe("init", "--data", "table.csv", "--target", "y", "--model", "linear")
    assert code == 0
    assert "Wrote experiment.py and recipe.toml." in out
    text = (here / "experiment.py").read_text()
    assert '"table.csv"' in text
    assert '"y"' in text
    assert tomllib.loads((here / "recipe.toml").read_text()) == {"target": "experiment.py"}


def test_own_code(here, recipe):
    assert recipe("init", "--own")[0] == 0
    assert written(here) == ["experiment.py", "recipe.toml"]


@pytest.mark.parametrize("name", ["experiment.py", "recipe.toml"])
def test_nothing_is_overwritten(here, recipe, name):
    (here / name).write_text("mine")
    code, _, err = recipe("init", "--own")
    assert code == 2
    assert f"{name!r} is there already" in err
    assert (here / name).read_text() == "mine"
    assert written(here) == [name]


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ((), "There is nobody to ask: name --data"),
        (("--own", "--data", "table.csv"), "--own and --data exclude each other"),
        (("--target", "y"), "--target goes with --data"),
        (("--data", "table.csv", "--target", "z"), "'z'"),
        (("--data", "table.csv", "--model", "cnn"), "Unknown model for table 'cnn'"),
        (("--data", "tabel.csv"), "There is no data 'tabel.csv'"),
    ],
)
def test_bad_flags_are_one_sentence_and_write_nothing(here, recipe, flags, complaint):
    code, _, err = recipe("init", *flags)
    assert code == 2
    assert complaint in err
    assert written(here) == []


@pytest.mark.slow
def test_questions_with_a_wrong_answer_and_the_way_back(here, terminal):
    child = terminal()
    child.expect("What is the experiment about")
    child.expect(rf"> {STYLES}a table")  # what lies here is proposed
    child.send(ENTER)
    child.expect("Which table")
    child.send("table.csvx" + ENTER)
    child.expect("There is no table 'table.csvx'")
    child.send("\x7f" + ENTER)
    child.expect("Which column")
    child.expect(rf"> {STYLES}y")
    child.send(ENTER)
    child.expect("Which rows should be held out for validation")
    child.send(UP + ENTER)  # back
    child.expect("Which column")
    child.send(ENTER)
    child.expect("Which rows should be held out for validation")
    child.send(ENTER)
    child.expect("Which model")
    child.send(DOWN + ENTER)
    said, code = ended(child)
    assert code == 0, said
    assert "Wrote experiment.py and recipe.toml" in said
    assert '"y"' in (here / "experiment.py").read_text()


def test_ctrl_c_writes_nothing(here, terminal):
    child = terminal()
    child.expect("What is the experiment about")
    child.sendintr()
    said, code = ended(child)
    assert code == 130, said
    assert written(here) == []
