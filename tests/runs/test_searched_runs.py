"""Whole searches, from the range test to the refined grid, with spaces of every kind."""

import pytest
import torch
from torch import nn

import tiny
from recipe import Experiment, when
from recipe.core.exit_codes import exit_code
from recipe.core.settings import Settings
from recipe.engine.run_execution import execute
from recipe.report.search_views import importances, searched

pytestmark = pytest.mark.usefixtures("without_plots")


class Network(nn.Module):
    def __init__(self, gate=1.0, colour="red", width=16, norm="none", groups=1):
        super().__init__()
        if width == 13:
            raise RuntimeError("an unlucky width")
        middle = nn.GroupNorm(groups, width) if norm == "group" else nn.Identity()
        self.gate, self.colour = gate, colour
        self.layers = nn.Sequential(nn.Linear(2, width), middle, nn.ReLU(), nn.Linear(width, 3))

    def forward(self, x):
        return self.layers(self.gate * x)


def search(out, model=Network, skip=(), **given):
    fields = {"train": tiny.blobs(360), "batch_size": 16, "epochs": 4, **given}
    settings = Settings(
        out=out, until="refine_grid", skip=("initial_loss", "overfit_sample", *skip)
    )
    return execute(Experiment(model=model, name="search", **fields), settings)


def tried(result, step=None):
    return [t for t in result.trials if t.number > 0 and step in (None, t.step)]


def test_of_a_decisive_and_a_useless_parameter_it_finds_and_weighs_the_decisive_one(tmp_path):
    space = {"gate": [0.0, 1.0], "colour": ["red", "blue"]}
    result = search(tmp_path, space=space, lr=0.1)
    assert exit_code(result) == 0
    assert result.best.params["gate"] == 1.0
    assert {t.params["gate"] for t in tried(result, "refine_grid")} == {1.0}
    assert len({t.params["colour"] for t in tried(result, "coarse_grid")}) == 2
    shares = importances(searched(result))
    assert next(iter(shares)) == "gate"
    assert shares["gate"] > 0.5
    assert shares["colour"] < 0.1


def test_a_conditional_parameter_is_there_where_its_condition_holds(tmp_path):
    space = {
        "norm": ["none", "group"],
        "groups": when("norm", "group", [1, 2]),
        "width": [8, 16, 32],
    }
    result = search(tmp_path, space=space, lr=0.1)
    assert exit_code(result) == 0
    assert all(("groups" in t.params) == (t.params["norm"] == "group") for t in tried(result))
    assert {t.params["norm"] for t in tried(result, "coarse_grid")} == {"none", "group"}
    assert result.best.val_score > 0.8


def test_a_factory_that_fails_for_some_values_is_a_warning(tmp_path):
    result = search(tmp_path, space={"width": [8, 13]})
    assert exit_code(result) == 0
    assert exit_code(result, strict=True) == 1
    cells = tried(result, "coarse_grid")
    assert {(t.params["width"], t.status) for t in cells if t.params["width"] == 13} == {
        (13, "failed")
    }
    assert all("an unlucky width" in t.reason for t in cells if t.status == "failed")
    assert "trials-fail" in {f.rule for f in result.findings}
    assert result.step("coarse_grid").status == "warn"
    assert result.step("refine_grid").status == "pass"
    assert result.best.params["width"] == 8


@pytest.mark.parametrize(
    ("skip", "lr", "cause"),
    [((), None, "no-learning-rate-works"), (("lr_range",), 0.1, "most-trials-diverge")],
)
def test_where_every_cell_diverges_nobody_wins(tmp_path, skip, lr, cause):
    result = search(tmp_path, explosive, skip, lr=lr)
    assert {t.status for t in result.trials} <= {"diverged"}
    assert (len(result.trials) > 0) == (lr is not None)
    assert result.best is None
    assert exit_code(result) == 1
    assert cause in {f.rule for f in result.findings}
    assert not (result.folder / "best.safetensors").exists()
    report = (result.folder / "report.md").read_text("utf-8")
    assert report.startswith("# search: failed")
    assert ("No best setting" in report) == (lr is not None)


class Explosive(nn.Module):
    """Passes its input on until it was updated once."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return x * self.scale / (self.scale == 1)


def explosive():
    return nn.Sequential(nn.Linear(2, 3), Explosive())
