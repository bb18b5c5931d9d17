"""Injected faults, found before training by `watch.check` as `recipe check` finds them."""

import sys
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import recipe
from recipe.core.settings import resolve
from recipe.engine.run_execution import execute

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
from bases import BASES
from catalogue import FAULTS

CASES = [
    ("digits-mlp", "softmax-before-cross-entropy"),
    ("digits-mlp", "zero-weights"),
    ("digits-mlp", "nll-of-logits"),
    ("digits-mlp", "summed-over-the-batch"),
    ("digits-mlp", "inputs-times-1000"),
    ("digits-mlp", "layers-in-a-plain-list"),
    ("digits-mlp", "labels-from-one"),
    ("cancer-table", "sigmoid-before-logit-loss"),
    ("cancer-table", "detached"),
    ("diabetes-table", "missing-values"),
    ("diabetes-table", "broadcasting"),
    ("diabetes-table", "sigmoid-on-real-values"),
]
SHORT = ["inspect", "initial_loss", "overfit_sample"]
QUICK = {"softmax-before-cross-entropy", "detached", "missing-values"}


def broken(base, fault):
    made = next(b for b in BASES if b.name == base).make(0)
    return next(f for f in FAULTS if f.name == fault).inject(made)


def by_check(experiment, folder):
    """The first cause that `recipe check` gives in the same steps; or what it refuses."""
    settings = resolve({"out": folder, "until": SHORT[-1], "ci": True, "verify_budget": "off"})
    try:
        result = execute(experiment, settings)
    except recipe.UsageError as error:
        return f"refused: {error}"
    return result.diagnosis[0] if result.diagnosis else None


def by_watch(experiment, folder):
    """The same of a loop that trains this model on these data."""
    torch.manual_seed(0)
    model = experiment.model()
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    optimizer = kinds[experiment.optimizer](model.parameters(), experiment.lr)
    train, val = (
        DataLoader(TensorDataset(*part), experiment.batch_size, shuffle=part is experiment.train)
        for part in (experiment.train, experiment.val)
    )
    said = []
    watch = recipe.watch(model, optimizer, loss=experiment.loss, out=folder, say=said.append)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    try:
        causes = watch.check(train, val, task=experiment.task)
    except recipe.UsageError as error:
        return f"refused: {error}"
    finally:
        watch.close()
        assert torch.equal(state, torch.get_rng_state())
        for name, value in model.state_dict().items():
            assert torch.equal(value, before[name]), name
    assert not causes or causes[0].rule in said[0]
    return causes[0].rule if causes else None


@pytest.mark.parametrize(
    ("base", "fault"),
    [pytest.param(*case, marks=() if case[1] in QUICK else pytest.mark.slow) for case in CASES],
)
def test_the_first_cause_is_that_of_recipe_check(base, fault, tmp_path):
    experiment = broken(base, fault)
    wanted = by_check(experiment, tmp_path / "check")
    assert wanted is not None
    found = by_watch(experiment, tmp_path / "watch")
    if wanted.startswith("refused"):
        assert found.startswith("refused")
    else:
        assert found == wanted


@pytest.mark.parametrize("base", ["digits-mlp", "cancer-table", "diabetes-table"])
def test_a_healthy_loop_gets_no_finding(base, tmp_path):
    experiment = next(b for b in BASES if b.name == base).make(0)
    assert by_watch(experiment, tmp_path) is None
