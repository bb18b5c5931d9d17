"""The wizard, driven by keys through a real pseudo-terminal."""

import json
import re
import tomllib
from functools import partial

import pytest
from PIL import Image
from safetensors.torch import save_file
from torchvision.models import resnet18

from terminals import ended, started

UP, DOWN, ENTER, BACKSPACE = "\x1b[A", "\x1b[B", "\r", "\x7f"
CHECKS = UP + ENTER
"""The last way to go, but for `back`."""
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
SOUND = """
from tiny import blobs, network
from recipe import Experiment
experiment = Experiment(model=network, train=blobs(), batch_size=32, epochs=6)
"""
SOFT = """
import torch
from sklearn.datasets import load_digits
from torch import nn
from recipe import Experiment
images, labels = load_digits(return_X_y=True)
data = torch.tensor(images / 16, dtype=torch.float32), torch.tensor(labels)
experiment = Experiment(
    model=lambda: nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10), nn.Softmax(1)),
    train=data, batch_size=32, epochs=6, lr=0.05,
)
"""
ROWS = "\n".join(f"{i % 7},{(i * 5) % 11},{'yes' if i % 7 > 3 else 'no'}" for i in range(120))


@pytest.fixture
def wizard(tmp_path):
    """Start it in an empty folder."""
    return partial(started, tmp_path, PROMPT_TOOLKIT_NO_CPR="1")


def answer(child, question, keys=ENTER):
    child.expect_exact(question)
    child.expect(r"(>|\)|\?) ")  # the menu or the line is drawn
    child.send(keys)


def the_run(folder):
    (found,) = (path for path in (folder / "reports").iterdir() if path.is_dir())
    return found, json.loads((found / "result.json").read_text())


def test_from_an_empty_folder_to_a_report_on_digits_with_the_default_answers(wizard, tmp_path):
    child = wizard()
    answer(child, "What do you want to train?")
    answer(child, "How much should be done?")
    child.expect("A fresh model knows nothing")  # why a step is there, before it runs
    said, code = ended(child)
    assert code == 0, said
    folder, result = the_run(tmp_path)
    assert result["verdict"] == "pass"
    assert "Verdict: pass" in said
    assert f"Report: reports/{folder.name}/report.md" in said
    assert "Saved:  recipe.toml" in said
    assert "Again:  recipe run digits --no-input" in said
    assert tomllib.loads((tmp_path / "recipe.toml").read_text()) == {"target": "digits"}


@pytest.mark.slow
def test_a_table_with_a_wrong_answer_mended_and_the_way_back(wizard, tmp_path):
    (tmp_path / "animals.csv").write_text(f"legs,tails,tame\n{ROWS}\n")
    child = wizard()
    answer(child, "What do you want to train?")
    answer(child, "Which table?", "animals.csvx" + ENTER)  # in the place of the proposed name
    child.expect("There is no table 'animals.csvx'")
    answer(child, "Which table?", BACKSPACE + ENTER)
    answer(child, "Which column should be predicted?", UP + ENTER)  # tails
    answer(child, "Which rows should be held out for validation?", UP + ENTER)  # back
    answer(child, "Which column should be predicted?", DOWN + ENTER)  # from tails to tame
    answer(child, "Which rows should be held out for validation?", DOWN + ENTER)  # whole groups
    answer(child, "Which column names the group of a row", DOWN + ENTER)  # tails
    answer(child, "Which model?", UP + ENTER)  # back
    answer(child, "Which column names the group of a row", UP + UP + ENTER)  # back
    answer(
        child, "Which rows should be held out for validation?", UP + ENTER
    )  # from groups to at random
    answer(child, "Which model?")
    answer(child, "How much should be done?", UP + CHECKS)
    said, code = ended(child)
    assert code == 0, said
    settings = the_run(tmp_path)[1]["settings"]
    assert settings == {
        "data": "animals.csv", "target": "tame", "model": "mlp", "until": "lr_range",
    }  # fmt: skip
    saved = tomllib.loads((tmp_path / "recipe.toml").read_text())
    assert saved == {name: settings[name] for name in ("data", "target", "model")}


@pytest.mark.slow
def test_images_with_weights_of_a_file(wizard, tmp_path):
    for name, grey in (("dark", 40), ("light", 200)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for index in range(40):
            Image.new("RGB", (32, 32), (grey + index % 9,) * 3).save(
                tmp_path / "photos" / name / f"{index}.png"
            )
    save_file(resnet18(num_classes=5).state_dict(), tmp_path / "mine.safetensors")
    child = wizard()
    answer(child, "What do you want to train?")
    answer(child, "Which folder of images?")
    answer(child, "Which model?", 3 * DOWN + ENTER)  # resnet18
    answer(child, "Begin with", DOWN + DOWN + ENTER)
    answer(child, "Which weights file?", "mine.safetensorsx" + ENTER)
    child.expect("There is no file 'mine.safetensorsx'")
    answer(child, "Which weights file?", BACKSPACE + ENTER)
    answer(child, "How much should be done?", UP + CHECKS)
    said, code = ended(child)
    assert code == 0, said
    result = the_run(tmp_path)[1]
    assert result["settings"] == {
        "data": "photos", "model": "resnet18", "weights": "mine.safetensors",
        "until": "overfit_sample",
    }  # fmt: skip
    assert [step["name"] for step in result["steps"] if step["status"] == "pass"] == [
        "inspect", "initial_loss", "overfit_sample",
    ]  # fmt: skip


@pytest.mark.slow
def test_ctrl_c_leaves_a_run_that_the_next_start_goes_on_with(wizard, tmp_path):
    (tmp_path / "experiment.py").write_text(SOUND)
    child = wizard()
    answer(child, "What do you want to train?")
    answer(child, "How much should be done?")
    child.expect("== Coarse grid")
    child.sendintr()
    said, code = ended(child)
    assert code == 130, said
    folder, result = the_run(tmp_path)
    assert result["interrupted"] is True
    assert f"Go on:  recipe resume reports/{folder.name}" in said
    assert not (tmp_path / "recipe.toml").exists()
    child = wizard()
    answer(child, "Continue it?")
    said, code = ended(child)
    assert code == 0, said
    assert "known from an earlier run" in said
    assert the_run(tmp_path)[1]["interrupted"] is False


@pytest.mark.slow
def test_a_run_that_is_left_behind_is_not_gone_on_with(wizard, tmp_path):
    (tmp_path / "experiment.py").write_text(SOUND)
    child = wizard()
    answer(child, "What do you want to train?")
    answer(child, "How much should be done?", UP + CHECKS)
    child.expect("== Overfit a small sample")
    child.sendintr()
    ended(child)
    child = wizard()
    answer(child, "Continue it?", DOWN + ENTER)
    answer(child, "What do you want to train?")
    answer(child, "How much should be done?", UP + CHECKS)
    said, code = ended(child)
    assert code == 0, said
    assert "known from an earlier run" not in said
    assert len(list((tmp_path / "reports").iterdir())) == 2


@pytest.mark.slow
@pytest.mark.parametrize("width", [60, 200])
def test_a_remedy_is_applied_and_proved(wizard, tmp_path, width):
    (tmp_path / "experiment.py").write_text(SOFT)
    child = wizard(width=width)
    answer(child, "What do you want to train?")
    answer(child, "How much should be done?", UP + CHECKS)
    answer(child, "Check the initial loss: what now?")
    said, code = ended(child)
    assert code == 0, said
    result = the_run(tmp_path)[1]
    assert result["diagnosis"] == ["softmax-before-loss"]
    remedies = [f["remedy"] for s in result["steps"] for f in s["findings"] if f["remedy"]]
    assert all(remedy["applied"] and remedy["verified"] for remedy in remedies)
    assert [s["status"] for s in result["steps"] if s["name"] == "lr_range"] == ["pass"]
    words = " ".join(re.sub("[│╭╰─╮╯]", " ", said).split())
    after = f"{remedies[0]['after']:.4g}"
    assert re.search(rf"Proved: val_accuracy 0?\.?\d+ -> {after}, better \(\+", words), words
    assert "--mend softmax-before-loss" in words
    saved = tomllib.loads((tmp_path / "recipe.toml").read_text())
    assert saved == {"target": "experiment.py"}  # what was answered on the way is of one run


@pytest.mark.slow
def test_explained_then_mended_in_the_file_and_run_again(wizard, tmp_path):
    (tmp_path / "experiment.py").write_text(SOFT)
    child = wizard()
    answer(child, "What do you want to train?")
    answer(child, "How much should be done?", UP + CHECKS)
    answer(child, "Check the initial loss: what now?", 3 * DOWN + ENTER)
    child.expect("Why")
    answer(child, "Check the initial loss: what now?", 4 * DOWN + ENTER)
    child.expect(r"plots/initial_loss-loss\.png")
    (tmp_path / "experiment.py").write_text(SOUND)
    answer(child, "Check the initial loss: what now?", 2 * UP + ENTER)
    said, code = ended(child)
    assert code == 0, said
    assert "Verdict: pass" in said
    folders = sorted((tmp_path / "reports").iterdir())
    assert len(folders) == 2  # of the experiment as it was, and as it is


@pytest.mark.slow
def test_an_answer_is_changed_on_the_way(wizard, tmp_path):
    (tmp_path / "experiment.py").write_text(SOFT)
    child = wizard()
    answer(child, "What do you want to train?")
    answer(child, "How much should be done?", UP + CHECKS)
    answer(child, "Check the initial loss: what now?", UP + ENTER)
    answer(child, "What do you want to train?", UP + UP + ENTER)  # the built-in digits
    answer(child, "How much should be done?", UP + CHECKS)
    said, code = ended(child)
    assert code == 0, said
    assert "Again:  recipe run digits --until lr_range --no-input" in said


@pytest.mark.slow
def test_a_file_that_does_not_load_is_told_and_asked_for_again(wizard, tmp_path):
    (tmp_path / "experiment.py").write_text("import nowhere\nexperiment = Experiment()\n")
    child = wizard()
    answer(child, "What do you want to train?")
    answer(child, "How much should be done?", UP + CHECKS)
    child.expect("Error: experiment.py does not load: ModuleNotFoundError")
    (tmp_path / "experiment.py").write_text(SOUND)
    answer(child, "What do you want to train?")
    answer(child, "How much should be done?")
    said, code = ended(child)
    assert code == 0, said


@pytest.mark.slow
def test_what_recipe_toml_names_is_run_as_it_is(wizard, tmp_path):
    text = 'target = "digits"\nuntil = "overfit_sample"\n'
    (tmp_path / "recipe.toml").write_text(text)
    child = wizard()
    answer(child, "The configuration here names digits. Run it?")
    said, code = ended(child)
    assert code == 0, said
    assert (tmp_path / "recipe.toml").read_text() == text
    assert "the configuration here stays as it is" in " ".join(said.split())


@pytest.mark.slow
def test_plain_lines_and_numbers_where_the_cursor_cannot_move(wizard, tmp_path):
    (tmp_path / "experiment.py").write_text(SOFT)
    child = wizard(TERM="dumb")
    child.expect_exact("  1. experiment.py in this folder")
    child.expect_exact("Number [1]: ")
    child.send("99\r")
    child.expect_exact("'99' is no number from 1 to 7.")
    child.expect_exact("Number [1]: ")
    child.send("\r")
    child.expect_exact("Number (< = back) [1]: ")
    child.send("6\r")
    child.expect_exact("Check the initial loss: what now?")
    child.expect_exact("Number [1]: ")
    child.send("2\r")  # stop here
    said, code = ended(child)
    assert code == 1, said
    assert "\x1b" not in child.before
    assert "Verdict: fail" in said


@pytest.mark.slow
def test_no_colour_and_no_unicode(wizard, tmp_path):
    (tmp_path / "experiment.py").write_text(SOUND)
    child = wizard(NO_COLOR="1", PYTHONIOENCODING="ascii")
    answer(child, "What do you want to train?")
    answer(child, "How much should be done?")
    child.expect("== Inspect data and model")
    child.expect("Verdict: pass")
    run = child.before
    said, code = ended(child)
    assert code == 0, said
    assert run.isascii()
    coloured = [c for c in COLOUR.findall(run) if re.search(r"\b(3[0-7]|9[0-7])\b", c)]
    assert coloured == []


def test_without_a_terminal_it_shows_the_help(recipe):
    code, out, _ = recipe()
    assert code == 0
    assert "Usage: recipe" in out
