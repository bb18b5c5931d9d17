"""What `recipe init` writes runs unchanged."""

import ast
import random
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from recipe.sources.targets import load_target
from recipe.starters import KINDS, experiment_file, options_file


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with some data of every kind."""
    monkeypatch.chdir(tmp_path)
    dice = random.Random(0)
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for index in range(8):
            colour = tuple(dice.randrange(256) for _ in range(3))
            Image.new("RGB", (16, 16), colour).save(tmp_path / "photos" / name / f"{index}.png")
    rows = "\n".join(f"{i % 7},{i % 11},{i % 2}" for i in range(60))
    (tmp_path / "it's a table.csv").write_text(f"x,who,y\n{rows}\n", "utf-8")
    rows = "\n".join(f"it was {'good' if i % 2 else 'bad'} {i},{i % 2}" for i in range(60))
    (tmp_path / "reviews.csv").write_text(f"text,label\n{rows}\n", "utf-8")
    words = " ".join(dice.choice(["red", "green", "blue"]) for _ in range(4000))
    (tmp_path / "book.txt").write_text(words, "utf-8")
    return tmp_path


ANSWERS = [
    ("images", {"data": "photos", "model": "cnn", "augment": "flip"}),
    ("images", {"data": "photos", "model": "mlp"}),
    ("images", {"data": "photos", "model": "linear", "image_size": 8}),
    ("images", {"data": "photos", "model": "resnet18"}),
    ("torchvision", {"data": "fake", "model": "cnn"}),
    ("torchvision", {"data": "fake", "model": "squeezenet1_1"}),
    ("table", {"data": "it's a table.csv", "target": "y", "model": "mlp"}),
    ("table", {"data": "it's a table.csv", "target": "y", "model": "linear", "task": "binary"}),
    ("table", {"data": "it's a table.csv", "target": "y", "model": "mlp", "group": "who"}),
    ("table", {"data": "reviews.csv", "target": "label", "model": "bag"}),
    ("text", {"data": "book.txt"}),
    ("own", {}),
]


def test_every_kind_is_tried_below():
    assert {kind for kind, _ in ANSWERS} == set(KINDS)


@pytest.mark.parametrize(("kind", "answers"), ANSWERS)
def test_it_is_python_as_a_formatter_writes_it_and_makes_an_experiment(here, kind, answers):
    text = experiment_file(kind, answers)
    Path("experiment.py").write_text(text, "utf-8")
    asked = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--select",
        "E,F,W,I",
        "--line-length",
        "100",
    ]
    checked = subprocess.run([*asked, "experiment.py"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    experiment = load_target("experiment.py")
    model = experiment.model()
    item = experiment.train[0] if isinstance(experiment.train, tuple) else [experiment.train[0][0]]
    import torch

    x = torch.as_tensor(item[0])[None]
    assert model.eval()(x).shape[-1] == (1 if kind == "table" else model(x).shape[-1])


@pytest.mark.parametrize(
    ("kind", "answers"), [ANSWERS[0], *ANSWERS[6:7], *ANSWERS[8:]], ids=lambda v: str(v)[:9]
)
def test_it_runs_unchanged(here, recipe, without_plots, kind, answers):
    Path("experiment.py").write_text(experiment_file(kind, answers), "utf-8")
    Path("recipe.toml").write_text(options_file("experiment.py"), "utf-8")
    code, said, err = recipe("check", "--until", "initial_loss")
    assert code == 0, said + err
    assert "Verdict: pass" in said


def test_what_the_comments_offer_works_when_it_is_taken(here):
    for kind, answers in ANSWERS:
        text = experiment_file(kind, answers)
        for line in text.splitlines():
            bare = line.replace("    # ", "    ", 1)
            if bare != line and bare.strip().startswith(("lr=", "weight_decay=", "space=")):
                text = text.replace(line, bare)
        Path("other.py").write_text(text, "utf-8")
        experiment = load_target("other.py")
        assert experiment.lr == 0.1
        for name, values in experiment.space.items():
            for value in values:
                experiment.model(**{name: value})


def test_options_are_the_defaults_and_parse_when_they_are_taken():
    text = options_file("experiment.py")
    assert tomllib.loads(text) == {"target": "experiment.py"}
    taken = "\n".join(
        line.removeprefix("# ") if " = " in line else "" for line in text.splitlines()
    )
    from recipe.core.settings import Settings, resolve

    values = tomllib.loads(taken)
    assert values.pop("target") == "experiment.py"
    shown = resolve(values)
    assert (shown.seed, shown.device, shown.strict) == (
        Settings().seed, Settings().device, Settings().strict)  # fmt: skip


def test_a_name_with_quotes_is_no_hole():
    for name in ("it's", 'say "hi"', "back\\slash", "new\nline"):
        tree = ast.parse(experiment_file("images", {"data": name, "model": "cnn"}))
        found = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)}
        assert name in found
