"""assert_recipe, as a test suite calls it."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.testing import assert_recipe
from tiny import blobs, experiment, network

ROOT = Path(__file__).parents[2]


def softmaxed():
    return replace(experiment, model=lambda: nn.Sequential(network(), nn.Softmax(1)))


class Cut(nn.Module):
    """The gradient ends behind its first layer, or behind its last one."""

    def __init__(self, everything=False):
        super().__init__()
        self.first, self.last, self.everything = nn.Linear(2, 64), nn.Linear(64, 3), everything

    def forward(self, x):
        outputs = self.last(self.first(x).relu().detach())
        return outputs.detach() if self.everything else outputs


def made():
    return experiment


@pytest.fixture
def nowhere(tmp_path, tmp_path_factory, monkeypatch):
    """An empty folder, an empty cache; nothing may come to lie in them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECIPE_CACHE", str(tmp_path / "cache"))
    elsewhere = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    yield tmp_path
    assert not list(tmp_path.iterdir())
    assert not list(elsewhere.glob("recipe-*"))


@pytest.mark.parametrize(
    "target", [experiment, made, f"{ROOT}/tests/helpers/tiny.py:experiment"],
    ids=["experiment", "function", "target"],
)  # fmt: skip
def test_a_sound_experiment_passes_and_nothing_is_written(nowhere, target):
    before = torch.get_rng_state()
    result = assert_recipe(target)
    assert [s.status for s in result.steps[:3]] == ["pass"] * 3
    assert [s.name for s in result.steps if s.status != "skip"] == [
        "inspect", "initial_loss", "overfit_sample"
    ]  # fmt: skip
    assert torch.equal(torch.get_rng_state(), before)


def test_what_is_wrong_is_said_with_its_advice(nowhere):
    with pytest.raises(AssertionError) as caught:
        assert_recipe(softmaxed)
    text = str(caught.value)
    assert text.startswith("tiny does not pass the recipe (until overfit_sample, seed 0):\n  1. ")
    assert "1. softmax-before-loss (fail): The outputs are probabilities" in text
    assert "-> Remove the softmax from the model and return logits." in text
    assert "`recipe explain softmax-before-loss`" in text
    assert caught.value.__cause__ is None


def test_outputs_without_a_gradient_are_found():
    with pytest.raises(AssertionError, match=r"parameters-without-gradient \(fail\)") as caught:
        assert_recipe(replace(experiment, model=lambda: Cut(everything=True)))
    assert "look for detach" in str(caught.value)


def test_ignored_rules_do_not_count():
    known = {"parameters-without-gradient": "first is frozen on purpose"}
    cut = replace(experiment, model=Cut)
    result = assert_recipe(cut, ignore=known, until="inspect", strict=True)
    (found,) = (f for s in result.steps for f in s.findings if f.rule in known)
    assert found.ignored == "first is frozen on purpose"
    with pytest.raises(UsageError, match="softmax-befor"):
        assert_recipe(experiment, ignore={"softmax-befor-loss": "typo"})


def test_a_warning_fails_where_strict():
    cut = replace(experiment, model=Cut)
    result = assert_recipe(cut, until="inspect")
    assert result.verdict == "warn"
    with pytest.raises(AssertionError, match=r"parameters-without-gradient \(warn\)"):
        assert_recipe(cut, until="inspect", strict=True)


def test_until_and_seed():
    result = assert_recipe(experiment, until="inspect", seed=3)
    assert [s.status for s in result.steps] == ["pass"] + ["skip"] * (len(result.steps) - 1)
    assert (result.settings["until"], result.settings["seed"]) == ("inspect", 3)
    with pytest.raises(UsageError, match="inspct"):
        assert_recipe(experiment, until="inspct")


def test_a_model_that_cannot_be_used_is_an_assertion_with_its_reason():
    def loss(outputs, targets):
        raise ZeroDivisionError

    with pytest.raises(AssertionError, match="The loss raised ZeroDivisionError"):
        assert_recipe(Experiment(model=lambda: nn.Linear(2, 3), train=blobs(), loss=loss))


def test_something_else_is_named():
    with pytest.raises(UsageError, match="assert_recipe got int: pass an Experiment"):
        assert_recipe(3)
    with pytest.raises(UsageError, match="There is no data beside network"):
        assert_recipe(network)


SUITE = """
from tiny import experiment, network
from recipe.testing import assert_recipe
from torch import nn
from dataclasses import replace

def test_good():
    assert_recipe(experiment)

def test_bad():
    assert_recipe(replace(experiment, model=lambda: nn.Sequential(network(), nn.Softmax(1))))

def test_broken():
    assert_recipe(replace(experiment, model=lambda: nn.Linear(2, "three")))
"""


@pytest.mark.slow
def test_in_a_suite_the_failure_shows_the_users_line_and_none_of_ours(tmp_path):
    (tmp_path / "test_suite.py").write_text(SUITE)
    path = os.pathsep.join(str(ROOT / part) for part in (".", "steps", "tests/helpers"))
    environment = os.environ | {"PYTHONPATH": path + os.pathsep + os.environ.get("PYTHONPATH", "")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_suite.py"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "2 failed, 1 passed" in done.stdout, done.stdout
    assert "\n>       assert_recipe(replace(" in done.stdout or "\n>   assert_recipe" in done.stdout
    assert "AssertionError: tiny does not pass the recipe" in done.stdout
    assert "UsageError: The model factory raised TypeError" in done.stdout
    assert "(test_suite.py:14)" in done.stdout
    for ours in ("experiments.py", "steps.py", "api.py", "models.py"):
        assert ours not in done.stdout
    assert not (tmp_path / "reports").exists()
