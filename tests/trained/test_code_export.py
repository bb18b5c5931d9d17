"""The winner of a run as a plain script: it runs where recipe cannot be imported, and reaches the
same score but for noise.
"""

import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from torch import nn

import recipe
from four_users import own, photos, table
from recipe import UsageError
from recipe.core.chosen_model import Chosen, Member
from recipe.core.settings import resolve
from recipe.engine.run_execution import execute
from recipe.notebook.run_folder import read_result, write_result
from recipe.sources.by_name import experiment_by_name
from recipe.sources.targets import load_target
from recipe.trained.code_export import export_code
from tiny import experiment

pytestmark = pytest.mark.usefixtures("without_plots")
WITHOUT_RECIPE = """
import runpy, sys
class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("recipe", "recipe_steps"):
            raise ImportError(name)
sys.meta_path.insert(0, Nowhere())
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def trained(script):
    """The score that the script says in the end."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_RECIPE, str(script)], cwd=script.parent, env=env,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return float(re.search(r"in validation: (-?[\d.]+)", done.stdout)[1]), done.stdout


def by_name(folder, data, **named):
    made, _ = experiment_by_name(data=str(data), **named)
    given = {
        "data": str(data),
        **named,
        "out": folder / "reports",
        "only": ["coarse_grid", "refine_grid"],
    }
    return execute(replace(made, lr=0.003), resolve({**given, "epochs": 4, "device": "cpu"}))


def of_file(folder, text, **options):
    path = folder / "experiment.py"
    path.write_text(text)
    settings = resolve(
        {
            "out": folder / "reports",
            "only": ["coarse_grid", "refine_grid"],
            "device": "cpu",
            **options,
        }
    )
    return execute(load_target(str(path)), settings, target=str(path))


@pytest.mark.slow
@pytest.mark.parametrize("augment", ["none", "flip"])
def test_photos_in_class_folders(tmp_path, augment):
    photos(tmp_path)
    result = by_name(tmp_path, tmp_path / "photos", image_size=32, augment=augment)
    written = export_code(result.folder, tmp_path / "train.py")
    score, said = trained(tmp_path / "train.py")
    assert written.notes == ()
    assert "nn.Conv2d(" in (tmp_path / "train.py").read_text()
    error = (0.25 / 18) ** 0.5  # of a share of 18 items, at most
    assert abs(score - result.best.val_score) <= 3 * error
    assert said.count("epoch ") == result.best.params["epochs"] > 1
    assert (tmp_path / "model.safetensors").exists()


@pytest.mark.slow
def test_a_table_of_prices(tmp_path):
    table(tmp_path)
    result = by_name(tmp_path, tmp_path / "flats.csv", target="price")
    export_code(result.folder, tmp_path / "train.py")
    score, _ = trained(tmp_path / "train.py")
    assert abs(score - result.best.val_score) <= 0.1


@pytest.mark.slow
def test_a_file_with_its_own_network(tmp_path):
    own(tmp_path)
    result = of_file(tmp_path, (tmp_path / "experiment.py").read_text(), epochs=6)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    export_code(result.folder, folder / "train.py", trust=True)
    score, _ = trained(folder / "train.py")
    assert "DECLARED.model(" in (folder / "train.py").read_text()
    assert abs(score - result.best.val_score) <= 3 * (0.05 / 113) ** 0.5


OWN_PARTS = """
import torch
from torch import nn
from recipe import Experiment
x = torch.randn(300, 4, generator=torch.Generator().manual_seed(0))
y = (x[:, 0] * x[:, 1] > 0).long()
def network():
    return nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 2))
def loss(outputs, targets):
    return nn.functional.cross_entropy(outputs, targets, label_smoothing=0.1)
def optimizer(params, lr, weight_decay):
    return torch.optim.NAdam(params, lr=lr, weight_decay=weight_decay)
experiment = Experiment(model=network, train=(x, y), loss=loss, optimizer=optimizer, lr=0.01,
    schedule=lambda progress: 1 - progress / 2, warmup=0.2, clip_norm=1.0, epochs=6, batch_size=32)
"""


@pytest.mark.slow
@pytest.mark.parametrize("average", ["", "exponential", "last epochs"])
def test_loss_optimizer_schedule_and_averages_of_ones_own(tmp_path, average):
    result = of_file(tmp_path, OWN_PARTS)
    if average:
        best = result.best
        member = Member(best.params, "best.safetensors", f"seed 0, averaged ({average})")
        chosen = Chosen("averaged", (member,), best.val_score, best.val_loss)
        write_result(replace(read_result(result.folder), chosen=chosen), result.folder)
    export_code(result.folder, tmp_path / "train.py", trust=True)
    score, _ = trained(tmp_path / "train.py")
    text = (tmp_path / "train.py").read_text()
    for part in ("DECLARED.loss", "DECLARED.optimizer", "DECLARED.schedule", "CLIP = 1.0"):
        assert part in text
    assert ("refreshed" in text) == bool(average)
    assert abs(score - result.best.val_score) <= 3 * (0.25 / 60) ** 0.5


def test_what_cannot_be_written_out_is_said(tmp_path):
    folder = recipe.run(
        experiment, out=tmp_path, only=["coarse_grid"], epochs=1, device="cpu"
    ).folder
    with pytest.raises(UsageError, match=r"name a file that ends in \.py"):
        export_code(folder, tmp_path / "train.txt", experiment)
    (tmp_path / "there.py").write_text("")
    with pytest.raises(UsageError, match="is there already"):
        export_code(folder, tmp_path / "there.py", experiment)
    for changed, words in (
        ({"freeze": 1}, "freeze=1"),
        ({"task": "multilabel"}, "multilabel"),
        ({"loss": nn.functional.cross_entropy}, "own loss is not"),
    ):
        with pytest.raises(UsageError, match=words):
            export_code(folder, tmp_path / "train.py", replace(experiment, **changed))
    assert not (tmp_path / "train.py").exists()
