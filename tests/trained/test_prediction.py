"""Answers for new data: from arrays, images and the experiment's own splits, as the model gives them."""

import csv
import io
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

import recipe
from recipe import Experiment, UsageError
from recipe.data.splitting import load_splits
from recipe.trained.prediction import predict
from tiny import blobs, experiment, network

TRANSFORM = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    return recipe.run(experiment, out=out, only=["coarse_grid"], device="cpu").folder


def by_hand(folder, x):
    with torch.no_grad():
        return recipe.load(folder, experiment)(x).softmax(1)


@pytest.mark.parametrize("suffix", ["npy", "safetensors"])
def test_arrays(tiny, tmp_path, suffix):
    x = blobs()[0][:50]
    file = tmp_path / f"x.{suffix}"
    if suffix == "npy":
        np.save(file, x.numpy())
    else:
        save_file({"x": x}, file)
    found = list(predict(tiny, str(file), experiment))
    shares = by_hand(tiny, x)
    assert [each.item for each in found] == [str(index) for index in range(50)]
    assert [each.answer for each in found] == [str(int(k)) for k in shares.argmax(1)]
    assert [each.probability for each in found] == pytest.approx(shares.max(1).values.tolist())


@pytest.mark.parametrize("model", [network, lambda: network().double()])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_real_inputs_in_another_precision(tmp_path, model, kind):
    made = replace(experiment, model=model)
    folder = recipe.run(made, out=tmp_path, only=["coarse_grid"], device="cpu").folder
    x = blobs()[0][:20]
    np.save(tmp_path / "x.npy", x.numpy().astype(kind))
    weights = next(recipe.load(folder, made).parameters()).dtype
    with torch.no_grad():
        expected = recipe.load(folder, made)(x.to(weights)).argmax(1).tolist()
    found = predict(folder, str(tmp_path / "x.npy"), made)
    assert [int(each.answer) for each in found] == expected


def test_the_splits_of_the_experiment(tiny):
    assert len(list(predict(tiny, "train", experiment))) == 192
    assert len(list(predict(tiny, "val", experiment))) == 48
    with pytest.raises(UsageError, match="has no test data"):
        predict(tiny, "test", experiment)


def test_data_that_changed_since_the_run_are_told(tiny):
    said = []
    list(predict(tiny, "val", experiment, say=said.append))
    assert said == []
    x, y = experiment.train
    shuffled = replace(experiment, train=(x.flip(0), y.flip(0)))
    list(predict(tiny, "val", shuffled, say=said.append))
    (told,) = said
    assert told.startswith("The training and validation data of the experiment are no longer")


def test_inputs_far_beyond_those_of_training_are_told(tmp_path):
    folder = recipe.run(experiment, out=tmp_path, until="coarse_grid", device="cpu").folder
    x, said = experiment.train[0][:20], []
    for factor in (1, 255):
        np.save(tmp_path / "x.npy", (factor * x).numpy())
        list(predict(folder, str(tmp_path / "x.npy"), experiment, say=said.append))
    (told,) = said
    assert "those of training from" in told


def test_images_with_the_transform_of_the_training_data(tmp_path):
    for name, grey in (("dark", 20), ("light", 230)):
        folder = tmp_path / "images" / name
        folder.mkdir(parents=True)
        for index in range(20):
            Image.new("RGB", (8, 8), (grey + index % 10,) * 3).save(folder / f"{index}.png")
    made = Experiment(
        model=lambda: nn.Sequential(nn.Flatten(), nn.Linear(192, 2)),
        train=ImageFolder(str(tmp_path / "images"), TRANSFORM), lr=0.1, epochs=3, batch_size=8,
    )  # fmt: skip
    folder = recipe.run(made, out=tmp_path / "runs", only=["coarse_grid"], device="cpu").folder
    found = list(predict(folder, str(tmp_path / "images"), made))
    assert [each.answer for each in found] == ["dark"] * 20 + ["light"] * 20
    assert found[0].item.endswith("0.png")
    (tmp_path / "nothing").mkdir()
    (one,) = predict(folder, str(tmp_path / "images" / "dark" / "0.png"), made)
    assert one.answer == "dark"
    with pytest.raises(UsageError, match="no images in"):
        predict(folder, str(tmp_path / "nothing"), made)


@pytest.mark.parametrize(
    ("data", "said"),
    [("nowhere", "There is no data 'nowhere'"), (".", "have no `transform`")],
)
def test_data_that_cannot_be_used(tiny, data, said):
    with pytest.raises(UsageError, match=said):
        predict(tiny, data, experiment)


def test_arrays_that_cannot_be_used(tiny, tmp_path):
    np.save(tmp_path / "wide.npy", np.zeros((3, 7), np.float32))
    with pytest.raises(UsageError, match=r"inputs of shape \[7\]"):
        list(predict(tiny, str(tmp_path / "wide.npy"), experiment))
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(UsageError, match="cannot be read as an array"):
        predict(tiny, str(tmp_path / "objects.npy"), experiment)
    save_file({}, tmp_path / "none.safetensors")
    with pytest.raises(UsageError, match="holds no tensor"):
        predict(tiny, str(tmp_path / "none.safetensors"), experiment)
    save_file({"a": torch.zeros(1), "b": torch.zeros(2)}, tmp_path / "odd.safetensors")
    with pytest.raises(UsageError, match=r"unequal numbers of items \(a 1, b 2\)"):
        predict(tiny, str(tmp_path / "odd.safetensors"), experiment)
    save_file({"a": torch.zeros(1), "b": torch.zeros(1)}, tmp_path / "two.safetensors")
    with pytest.raises(UsageError, match="holds 2 tensors"):
        predict(tiny, str(tmp_path / "two.safetensors"), experiment)


@pytest.mark.slow
def test_yes_or_no_and_amounts(tmp_path):
    x = torch.randn(120, 2, generator=torch.Generator().manual_seed(0))
    for task, y in (("binary", (x[:, 0] > 0).float()), ("regression", x.sum(1))):
        made = Experiment(
            model=lambda: nn.Linear(2, 1), train=(x, y), task=task, lr=0.1, epochs=3, batch_size=8
        )
        folder = recipe.run(made, out=tmp_path / task, only=["coarse_grid"], device="cpu").folder
        found = list(predict(folder, "val", made))
        assert len(found) == 24
        if task == "binary":
            assert {each.answer for each in found} == {"0", "1"}
            assert all((each.probability > 0.5) == (each.answer == "1") for each in found)
        else:
            assert all(each.probability is None for each in found)
            held = load_splits(made.resolved(), torch.device("cpu"), 0).val.x
            with torch.no_grad():
                expected = recipe.load(folder, made)(held).flatten().tolist()
            assert [float(each.answer) for each in found] == pytest.approx(expected, rel=1e-5)


def test_the_command_line(tmp_path, recipe, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, _ = recipe("run", "tiny", "--only", "coarse_grid", "--out", "runs", "--device", "cpu")
    assert code == 0
    (folder,) = (tmp_path / "runs").glob("tiny-*")
    code, out, _ = recipe("predict", str(folder), "val")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 48
    assert list(rows[0])[:3] == ["item", "answer", "probability"]
    assert {"truth", "right", "p(0)"} <= set(rows[0])
    assert all((row["right"] == "yes") == (row["answer"] == row["truth"]) for row in rows)
    assert recipe("predict", str(folder), "val", "--out", "a.csv")[0] == 0
    assert (tmp_path / "a.csv").read_text() == out
    code, _, err = recipe("predict", str(folder), "val", "--out", "a.csv")
    assert (code, "is there already" in err) == (2, True)
    code, out, err = recipe("predict", str(folder), "nothing")
    assert (code, out) == (2, "")
    assert network().training


def by_name(tmp_path, data, **options):
    """The folder of a short run on data by name, which are taken away after it."""
    from recipe.core.settings import resolve
    from recipe.engine.run_execution import execute
    from recipe.sources.by_name import experiment_by_name

    named = {"data": str(data), **options}
    made, _ = experiment_by_name(**named)
    given = {
        **named,
        "out": tmp_path / "runs",
        "epochs": 4,
        "only": ["coarse_grid"],
        "device": "cpu",
    }
    result = execute(replace(made, lr=0.003), resolve(given))
    val = load_splits(made.resolved(), torch.device("cpu"), 0).val
    with torch.no_grad():
        outputs = recipe.load(result.folder, made)(val.x)
    return result.folder, val, outputs


def table(path, answers):
    lines = [
        "size,colour,y",
        *(f"{k % 50},{'abc'[k % 3]},{answers[k % len(answers)]}" for k in range(300)),
    ]
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answers", "task"),
    [(("yes", "no"), "binary"), (("low", "mid", "high"), "classification"),
     (tuple(1000 + 3.5 * (k % 50) for k in range(50)), "regression")],
)  # fmt: skip
def test_a_table_where_the_training_data_are_gone(tmp_path, answers, task):
    path = table(tmp_path / "t.csv", answers)
    folder, _, _ = by_name(tmp_path, path, target="y")
    before = [each.answer for each in predict(folder, str(path))]
    assert len(before) == 300
    splits = [each.answer for name in ("train", "val") for each in predict(folder, name)]
    assert sorted(splits) == sorted(before)
    new = tmp_path / "new.csv"
    new.write_text("colour,size\na,0\nb,1\nc,2\n", "utf-8")
    path.unlink()
    found = list(predict(folder, str(new)))
    assert [each.answer for each in found] == before[:3]
    if task == "regression":
        assert all(900 < float(each.answer) < 1300 for each in found)
        assert {each.probability for each in found} == {None}
    else:
        assert {each.answer for each in found} <= set(answers)
        assert all(1 / 3 <= each.probability <= 1 for each in found)
    with pytest.raises(UsageError, match="There is no data"):
        predict(folder, "val")


@pytest.mark.slow
def test_a_text_goes_on(tmp_path):
    book = tmp_path / "book.txt"
    book.write_text("abcd" * 3000, "utf-8")
    folder, _, _ = by_name(tmp_path, book)
    book.unlink()
    prompt = tmp_path / "prompt.txt"
    for text, after in (("cdab", "c"), ("abcd" * 30, "a")):
        prompt.write_text(text, "utf-8")
        (found,) = predict(folder, str(prompt))
        assert (found.answer, found.item) == (after, str(prompt))
        assert found.probability > 0.5


def test_a_folder_of_images_where_the_training_data_are_gone(tmp_path):
    for name, grey in (("dark", 20), ("light", 230)):
        folder = tmp_path / "images" / name
        folder.mkdir(parents=True)
        for index in range(30):
            Image.new("RGB", (16, 16), (grey + index % 10,) * 3).save(folder / f"{index}.png")
    run, val, outputs = by_name(tmp_path, tmp_path / "images", model="linear")
    found = list(predict(run, "val"))
    assert [each.answer for each in found] == [("dark", "light")[k] for k in outputs.argmax(1)]
    assert len(found) == len(val)
    one = (tmp_path / "images" / "light" / "3.png").rename(tmp_path / "one.png")
    shutil.rmtree(tmp_path / "images")
    assert [each.answer for each in predict(run, str(one))] == ["light"]
    assert not any(p.requires_grad is False for p in recipe.load(run).parameters())


def test_data_that_have_changed_since_the_run(tmp_path):
    path = table(tmp_path / "t.csv", tuple(1000 + 3.5 * (k % 50) for k in range(50)))
    folder, _, _ = by_name(tmp_path, path, target="y")
    before = [each.answer for each in predict(folder, str(path))]
    rows = path.read_text("utf-8")
    path.write_text(rows + "".join(f"\n{9000 + k},a,5" for k in range(90)), "utf-8")
    assert [each.answer for each in predict(folder, str(path))][:300] == before
    with pytest.raises(UsageError, match="are not those that the run was trained on"):
        predict(folder, "train")
    path.write_text(rows, "utf-8")
    assert len(list(predict(folder, "train"))) == 240


def test_an_older_run_without_what_is_kept(tmp_path):
    path = table(tmp_path / "t.csv", ("yes", "no"))
    folder, _, _ = by_name(tmp_path, path, target="y")
    expected = list(predict(folder, str(path)))
    (folder / "inputs.json").unlink()
    assert list(predict(folder, str(path))) == expected
    new = path.rename(tmp_path / "new.csv")
    with pytest.raises(UsageError, match=r"training data of the run are needed .*There is no data"):
        predict(folder, str(new))


@pytest.mark.slow
def test_data_by_name_that_were_run_from_python(tmp_path):
    from recipe.sources.by_name import experiment_by_name

    path = table(tmp_path / "t.csv", ("yes", "no"))
    made, _ = experiment_by_name(str(path), target="y")
    made = replace(made, lr=0.003, epochs=2)
    given = {"only": ["coarse_grid"], "device": "cpu"}
    folder = recipe.run(made, out=tmp_path / "own", **given).folder
    other = replace(made, model=lambda: nn.Linear(4, 1))  # of the user's own, on the same inputs
    another = recipe.run(other, out=tmp_path / "other", **given).folder
    path = path.rename(tmp_path / "new.csv")
    assert {each.answer for each in predict(folder, str(path))} <= {"yes", "no"}
    assert {each.answer for each in predict(another, str(path), other)} <= {"yes", "no"}
    with pytest.raises(UsageError, match="pass its experiment too"):
        predict(another, str(path))


def test_inputs_are_set_by_data_by_name_alone():
    with pytest.raises(UsageError, match=r"Experiment\(inputs=5\)"):
        replace(experiment, inputs=5)


def test_an_array_of_one_number(tiny, tmp_path):
    np.save(tmp_path / "one.npy", np.float32(3))
    with pytest.raises(UsageError, match="holds one number"):
        predict(tiny, str(tmp_path / "one.npy"), experiment)
