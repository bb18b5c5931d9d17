"""The model of a run as a file for other programs: read again by these, it gives the same outputs."""

import json
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

import recipe
from recipe import Experiment, UsageError
from recipe.core.settings import resolve
from recipe.engine.run_execution import execute
from recipe.sources.by_name import experiment_by_name
from recipe.trained.model_export import METADATA, export_model
from recipe.trained.prediction import predict
from tiny import blobs, experiment, tested

pytestmark = pytest.mark.usefixtures("without_plots")


def short(declared, out, **options):
    return recipe.run(declared, out=out, only=["coarse_grid"], device="cpu", **options).folder


def on_table(path, out):
    """The folder of a short run on a table by name."""
    named = {"data": str(path), "target": "y"}
    made, _ = experiment_by_name(**named)
    given = {**named, "out": out, "only": ["coarse_grid"], "epochs": 2, "device": "cpu"}
    return execute(replace(made, lr=0.003), resolve(given)).folder


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """A run whose chosen model is several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recipe.report.write.draw_plots", lambda *_, **__: ())
        patch.setattr("recipe_steps.finish.measure.choose", lambda options, _: options[-1])
        out = tmp_path_factory.mktemp("together")
        return recipe.run(tested, out=out, ensemble=2, device="cpu").folder


def by_pt2(path, x):
    return torch.export.load(path).module()(x)


def by_onnx(path, x):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (outputs,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    return torch.from_numpy(outputs)


@pytest.mark.slow
@pytest.mark.parametrize(("suffix", "read"), [("pt2", by_pt2), ("onnx", by_onnx)])
def test_several_models_that_answer_together(together, tmp_path, suffix, read):
    file = tmp_path / f"model.{suffix}"
    written = export_model(together, file, tested)
    model = recipe.load(together, tested)
    assert type(model).__name__ == "Ensemble"
    assert (written.items, written.any_batch) == (64, True)
    x = tested.test[0]
    with torch.no_grad():
        for part in (x, x[:1], x[:7]):
            found, expected = read(file, part), model(part)
            assert torch.allclose(found, expected, atol=1e-5)
            assert suffix == "onnx" or torch.equal(found, expected)
    assert suffix == "onnx" or written.difference == 0
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


class OneByOne(nn.Module):
    """It cuts its batch into rows, which fixes their number."""

    def __init__(self):
        super().__init__()
        self.line = nn.Linear(2, 3)

    def forward(self, x):
        return torch.stack([self.line(row) for row in x])


class Choosy(nn.Module):
    """What it computes depends on what it sees."""

    def __init__(self):
        super().__init__()
        self.line = nn.Linear(2, 3)

    def forward(self, x):
        return self.line(x) if float(x.sum()) > 0 else self.line(-x)


def test_a_model_that_takes_one_item_at_a_time(tmp_path):
    made = replace(experiment, model=OneByOne)
    written = export_model(short(made, tmp_path), tmp_path / "m.pt2", made)
    assert not written.any_batch
    assert by_pt2(tmp_path / "m.pt2", blobs()[0][:1]).shape == (1, 3)


def test_a_model_that_cannot_be_traced_is_one_sentence(tmp_path):
    made = replace(experiment, model=Choosy)
    with pytest.raises(UsageError, match=r"cannot trace the model .*: use recipe\.load"):
        export_model(short(made, tmp_path), tmp_path / "m.pt2", made)
    assert not (tmp_path / "m.pt2").exists()


def test_outputs_that_differ_are_not_written(tmp_path, monkeypatch):
    folder = short(experiment, tmp_path)
    monkeypatch.setattr(
        "recipe.trained.model_export._open_pt2", lambda _: lambda x: torch.zeros(len(x), 3)
    )
    with pytest.raises(UsageError, match=r"differs from the model by .*nothing was written"):
        export_model(folder, tmp_path / "m.pt2", experiment)
    monkeypatch.setattr(
        "recipe.trained.model_export._open_pt2", lambda _: lambda x: torch.zeros(len(x), 2)
    )
    with pytest.raises(UsageError, match=r"shape \[1, 2\], the model \[1, 3\]"):
        export_model(folder, tmp_path / "m.pt2", experiment)
    assert not (tmp_path / "m.pt2").exists()


def test_files_that_cannot_be_written(tmp_path):
    with pytest.raises(UsageError, match=r"ends in \.pt2 or \.onnx"):
        export_model(tmp_path, tmp_path / "m.bin")
    (tmp_path / "m.onnx").write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="is there already"):
        export_model(tmp_path, tmp_path / "m.onnx")
    assert (tmp_path / "m.onnx").read_text("utf-8") == "mine"


def test_double_precision(tmp_path):
    x, y = blobs()
    made = Experiment(
        model=lambda: nn.Linear(2, 3).double(), train=(x, y), lr=0.1, epochs=2, batch_size=16
    )
    written = export_model(short(made, tmp_path), tmp_path / "m.onnx", made)
    assert written.difference < 1e-12


def test_data_by_name_on_the_command_line(tmp_path, request):
    path = tmp_path / "t.csv"
    path.write_text(
        "\n".join(["a,b,y", *(f"{k % 9},{k % 4},{k % 3}" for k in range(200))]), "utf-8"
    )
    folder = on_table(path, tmp_path / "runs")
    path.unlink()
    file = tmp_path / "m.onnx"
    call = request.getfixturevalue("recipe")  # the name is the package's here
    code, out, _ = call("export", folder, "--model", file)
    assert code == 0
    assert out.startswith(f"{file}: ")
    assert "on 64 items" in out
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    about = json.loads(session.get_modelmeta().custom_metadata_map[METADATA])
    assert about["classes"] == ["0", "1", "2"]
    assert about["means"].startswith("a score per class; softmax")
    assert about["outputs"] == 3
    assert about["inputs"] == ["a", "b"]
    assert [column["name"] for column in about["reader"]["numbers"]] == ["a", "b"]
    x = np.zeros((5, 2), np.float32)
    assert session.run(None, {"x": x})[0].shape == (5, 3)
    code, _, err = call("export", folder, "--model", file)
    assert code == 2
    assert "is there already" in err


def test_a_model_that_works_in_place(tmp_path):
    made = replace(experiment, model=lambda: nn.Sequential(nn.ReLU(inplace=True), nn.Linear(2, 3)))
    written = export_model(short(made, tmp_path), tmp_path / "m.pt2", made)
    assert written.difference == 0


def test_one_validation_item_fixes_no_number(tmp_path):
    x, y = blobs()
    made = replace(experiment, train=(x[1:], y[1:]), val=(x[:1], y[:1]))
    assert export_model(short(made, tmp_path), tmp_path / "m.pt2", made).any_batch


def test_a_file_that_the_other_program_cannot_run(tmp_path, monkeypatch):
    def fails(_):
        raise RuntimeError("NOT_IMPLEMENTED\nmore")

    folder = short(experiment, tmp_path)
    monkeypatch.setattr("recipe.trained.model_export._open_onnx", fails)
    with pytest.raises(UsageError, match=r"cannot be run \(RuntimeError: NOT_IMPLEMENTED\)"):
        export_model(folder, tmp_path / "m.onnx", experiment)
    assert not (tmp_path / "m.onnx").exists()


def test_what_the_outputs_mean(tmp_path):
    x, y = blobs()
    logits = replace(
        experiment,
        model=lambda: nn.Linear(2, 1),
        train=(x, (y > 0).float()[:, None]),
        task="binary",
    )
    shares = replace(
        logits, model=lambda: nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()), loss=nn.BCELoss()
    )
    for number, (made, says) in enumerate(
        [(logits, "the logarithm of the odds"), (shares, "probabilities of yes")]
    ):
        file = tmp_path / f"{number}.pt2"
        export_model(short(made, tmp_path / str(number)), file, made)
        found = {METADATA: ""}
        torch.export.load(file, extra_files=found)
        assert json.loads(found[METADATA])["means"].startswith(says)


def test_the_file_alone_says_how_a_row_becomes_inputs_and_outputs_an_answer(tmp_path):
    """As somebody would who has the file and nothing else."""
    rows = [(k % 9 if k % 5 else "", "rgb"[k % 3], 500.25 + 7 * (k % 9)) for k in range(200)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["a,colour,y", *(",".join(map(str, row)) for row in rows)]), "utf-8")
    folder = on_table(path, tmp_path / "runs")
    export_model(folder, tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    about = json.loads(session.get_modelmeta().custom_metadata_map[METADATA])
    assert about["inputs"] == ["a", "a missing", "colour=b", "colour=g", "colour=r"]
    (a,) = about["reader"]["numbers"]
    mean, std = about["scale"]
    assert about["means"] == "amounts, scaled: times scale[1], plus scale[0]"
    for number, (value, colour, _) in enumerate(rows[:7]):
        blank = value == ""
        x = [((a["median"] if blank else value) - a["mean"]) / a["std"],
             (blank - a["missing"][0]) / a["missing"][1], *(float(colour == c) for c in "bgr")]  # fmt: skip
        (answer,) = session.run(None, {"x": np.array([x], np.float32)})
        expected = list(predict(folder, str(path)))[number].answer
        assert mean + std * float(answer.squeeze()) == pytest.approx(float(expected), rel=1e-4)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="There is no folder"):
        export_model(tmp_path, tmp_path / "none" / "m.pt2")


def test_without_the_packages_it_says_which(tmp_path, monkeypatch):
    folder = short(experiment, tmp_path)
    monkeypatch.setitem(__import__("sys").modules, "onnxscript", None)
    with pytest.raises(UsageError, match=r"ONNX needs the package 'onnxscript': pip install"):
        export_model(folder, tmp_path / "m.onnx", experiment)


class Masked(nn.Module):
    """Takes words and their mask by name."""

    def __init__(self):
        super().__init__()
        self.words, self.head = nn.Embedding(12, 8), nn.Linear(8, 3)

    def forward(self, input_ids, attention_mask):
        shown = attention_mask[..., None].float()
        return self.head((self.words(input_ids) * shown).sum(1) / shown.sum(1))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["pt2", "onnx"])
def test_a_model_of_several_inputs_takes_them_by_name(tmp_path, suffix):
    ids = torch.randint(1, 12, (120, 7), generator=torch.Generator().manual_seed(0))
    mask = (torch.arange(7) < torch.randint(2, 8, (120, 1))).long()
    y = ids[:, 0] % 3
    made = Experiment(model=Masked, train=({"input_ids": ids, "attention_mask": mask}, y), lr=0.05,
                      epochs=2)  # fmt: skip
    folder = short(made, tmp_path)
    file = tmp_path / f"model.{suffix}"
    written = export_model(folder, file, made)
    assert written.any_batch
    with torch.no_grad():
        expected = recipe.load(folder, made)(ids, mask)
    if suffix == "pt2":
        model = torch.export.load(file).module()
        taken = {"input_ids": ids, "attention_mask": mask}
        about = json.loads(_metadata(file))
        found = model(*(taken[name] for name in about["shape"]))
    else:
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        assert {each.name for each in session.get_inputs()} == {"input_ids", "attention_mask"}
        fed = {"input_ids": ids.numpy(), "attention_mask": mask.numpy()}
        found = torch.from_numpy(session.run(None, fed)[0])
    assert torch.allclose(found, expected, atol=1e-5)


def _metadata(file):
    kept = {METADATA: ""}
    torch.export.load(file, extra_files=kept)
    return kept[METADATA]
