import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from recipe.api import run
from recipe.core.errors import UsageError
from recipe.sources import text_file
from recipe.sources.by_name import experiment_by_name, kind_of


def test_the_kind_of_data_follows_from_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist").mkdir()  # what lies here goes before what could be downloaded
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    (tmp_path / "t.txt").write_text("text")
    (tmp_path / "t.xyz").write_text("?")
    assert [kind_of(n) for n in ("mnist", "t.csv", "t.txt", "CIFAR-10")] == [
        "images", "table", "text", "images"]  # fmt: skip
    with pytest.raises(UsageError, match="neither a folder of images nor a table"):
        kind_of("t.xyz")
    with pytest.raises(UsageError, match="name a folder of images"):
        kind_of("something else")
    with pytest.raises(UsageError, match="did you mean 'cifar10'"):
        kind_of("cifar1")


def test_an_image_folder_is_trained_by_name(tmp_path, draw):
    folder = draw(tmp_path / "photos", size=(8, 8), cat=12, dog=12)
    experiment, notes = experiment_by_name(str(folder), augment="shift")
    assert experiment.name == "photos-cnn"
    assert experiment.augment is not None
    assert notes == ("Data photos: 24 training images of 2 classes, 8 x 8 pixels each.",)
    result = run(experiment, until="initial_loss", out=tmp_path / "out", device="cpu")
    assert result.step("initial_loss").evidence.number("expected") == pytest.approx(0.693, abs=1e-3)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"target": "y"}, "--target y fits neither the folders"),
        ({"task": "binary"}, "--task is for tables"),
        ({"model": "transformer"}, "model for images"),
        ({"pretrained": True}, "no pretrained weights of 'cnn'"),
        ({"pretrained": True, "weights": Path("w.pt"), "model": "resnet18"}, "name one of them"),
        ({"weights": Path("w.pt")}, "'w.pt' cannot be read"),
    ],
)
def test_options_of_other_data_are_refused(tmp_path, draw, given, says):
    with pytest.raises(UsageError, match=says):
        experiment_by_name(str(draw(tmp_path, cat=2, dog=2)), **given)


def test_options_of_images_are_refused_for_a_table(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * 9)
    with pytest.raises(UsageError, match="--image-size is for images"):
        experiment_by_name(str(tmp_path / "t.csv"), target="b", image_size=32)


def test_a_text_becomes_windows_and_its_end_is_held_out(tmp_path):
    path = tmp_path / "book.txt"
    path.write_text("abcdefghij" * 900, "utf-8")
    data = text_file(path)
    (x, y), (val_x, _) = data.train, data.val
    assert torch.equal(x[:, 1:], y[:, :-1])
    assert (data.outputs, data.shape) == (10, (64,))
    assert len(val_x) == pytest.approx(len(x) / 9, abs=1)
    experiment, _ = experiment_by_name(str(path))
    assert experiment.model()(x[:2]).shape == (2, 64, 10)


def test_a_short_text_is_refused(tmp_path):
    path = tmp_path / "book.txt"
    path.write_text("abc", "utf-8")
    with pytest.raises(UsageError, match="3 characters"):
        text_file(path)


@pytest.mark.slow
def test_own_weights_begin_all_but_the_last_layer(tmp_path, draw, without_plots, recipe):
    folder = draw(tmp_path / "photos", size=(16, 16), cat=30, dog=30, cow=30)
    earlier = experiment_by_name(str(folder), model="cnn")[0].model
    state = earlier().state_dict()
    torch.save({"state_dict": state}, tmp_path / "w.pth")
    experiment, _ = experiment_by_name(str(folder), model="cnn", weights=tmp_path / "w.pth")
    assert (experiment.head, experiment.weights) == ("11", tmp_path / "w.pth")
    code, out, err = recipe(
        "run", "--data", folder, "--model", "cnn", "--weights", tmp_path / "w.pth", "--epochs", "1",
        "--only", "transfer", "--no-input", "--out", tmp_path / "out", "--device", "cpu",
    )  # fmt: skip
    assert code in (0, 1), err
    assert "Transfer what was learnt before" in out
    (ran,) = (tmp_path / "out").iterdir()
    settings = json.loads((ran / "result.json").read_text())["settings"]
    assert settings["weights"] == str(tmp_path / "w.pth")
    best = load_file(ran / "best.safetensors")
    frozen = torch.equal(best["0.weight"], state["0.weight"])
    start = json.loads((ran / "best.json").read_text())["params"]
    assert frozen == (start.get("freeze", 0) > 0 and start.get("begin_from") != "scratch")


def test_weights_of_another_model_are_one_sentence(tmp_path, draw, recipe):
    folder = draw(tmp_path / "photos", size=(16, 16), cat=6, dog=6)
    torch.save(
        experiment_by_name(str(folder), model="mlp")[0].model().state_dict(), tmp_path / "w.pt"
    )
    code, _, err = recipe(
        "run", "--data", folder, "--weights", tmp_path / "w.pt", "--out", tmp_path / "out", "--no-input"
    )  # fmt: skip
    assert code == 2
    assert "do not fit the model: the file lacks 0.weight" in err
    assert err.count("\n") <= 3
    assert not list((tmp_path / "out").glob("*"))
