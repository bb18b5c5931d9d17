"""Random validation items, momentum of batch norms, labels under odd numbers: found, and nothing said
of their sound twins.
"""

import pytest
import torch
from test_inspect_step import inspect
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader

from label_variations import Listed
from step_samples import blob_experiment, blobs, mlp

X, Y = blobs(240)
TRAIN = X[:160], Y[:160]


def with_norm(**given):
    """A factory of a network with a batch norm."""
    return lambda: nn.Sequential(
        nn.Linear(4, 32), nn.BatchNorm1d(32, **given), nn.ReLU(), nn.Linear(32, 3)
    )


def frozen_with_statistics():
    model = with_norm(momentum=0.0)()
    model[1].running_mean += 0.3  # as pretrained ones are
    return model


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (with_norm(momentum=1.0), "a momentum of 1:"),
        (with_norm(momentum=0.99), "a momentum of 0.99"),
        (with_norm(momentum=0.0), "momentum 0: their running statistics never change"),
        (with_norm(momentum=1.0, affine=False), "a momentum of 1:"),
        (with_norm(), None),
        (with_norm(momentum=0.01), "74% of a batch norm's running statistics"),
        (with_norm(momentum=0.2), None),
        (with_norm(momentum=None), None),
        (with_norm(momentum=1.0, track_running_stats=False), None),
        (frozen_with_statistics, None),
    ],
)
def test_momentum_of_batch_norms(tmp_path, model, words):
    _, found = inspect(tmp_path, model=model, train=TRAIN, val=(X[160:], Y[160:]))
    said = found.get("batch-norm-momentum-unusual")
    assert (said is None) == (words is None)
    if said is not None:
        assert words in said.message
        assert said.severity == ("note" if words.startswith("74%") else "warn")


def noisy(i):
    return X[160 + i] + 0.1 * torch.randn(4), int(Y[160 + i])


def masked(i):
    return X[160 + i] * (torch.rand(4) > 0.2), int(Y[160 + i])


def plain(i):
    return X[160 + i], int(Y[160 + i])


@pytest.mark.parametrize(
    ("val", "random"),
    [
        (Listed(noisy, 80), True),
        (DataLoader(Listed(masked, 80), 16), True),
        (lambda: Listed(noisy, 80), True),
        (Listed(plain, 80), False),
        (DataLoader(Listed(plain, 80), 16), False),
    ],
)
def test_validation_items_that_are_random(tmp_path, val, random):
    _, found = inspect(tmp_path, train=TRAIN, val=val)
    assert ("validation-items-random" in found) == random


def test_a_part_of_random_training_data_is_no_mistake_of_validation(tmp_path):
    train = Listed(lambda i: (X[i] + 0.1 * torch.randn(4), int(Y[i])), 240)
    _, found = inspect(tmp_path, train=train, val=0.25)
    assert "validation-items-random" not in found
    assert found["random-dataset-items"].severity == "note"


@pytest.mark.parametrize(
    ("change", "values"),
    [
        (lambda y: y + 1, "1, 2, 3 become 0, 1, 2"),
        (lambda y: 10 * y, "0, 10, 20 become 0, 1, 2"),
        (lambda y: y - 1, "-1, 0, 1 become 0, 1, 2"),
    ],
)
def test_labels_under_other_numbers_are_named_and_numbered(tmp_path, change, values):
    experiment = blob_experiment(train=(X, change(Y)))
    evidence, found = inspect(tmp_path, train=(X, change(Y)))
    said = found["targets-out-of-range"]
    assert values in said.advice
    mended = _mended(experiment, evidence, tmp_path)
    assert sorted(set(mended.train[1].tolist())) == [0, 1, 2]
    assert set(mended.val[1].tolist()) <= {0, 1, 2}


def _mended(experiment, evidence, folder):
    from recipe.plugin.remedy import RemedyInput
    from recipe.testing import open_context
    from recipe_steps.inspect import Inspect, remedies

    with open_context(Inspect(), experiment, folder / "mended") as ctx:
        subject = RemedyInput(ctx.experiment, ctx.data, evidence, ctx.device)
        return remedies.number_from_zero.apply(subject)


def test_more_labels_than_outputs_are_not_numbered_anew(tmp_path):
    evidence, found = inspect(tmp_path, train=(X, 2 * torch.arange(240) % 10 + 1), model=mlp(4, 3))
    assert evidence.text("label_values") is None
    assert not {"targets-out-of-range", "outputs-do-not-match-targets"}.isdisjoint(found)


class Recomputed(nn.Module):
    """Blocks that are computed again in the backward pass."""

    def __init__(self, reentrant, unused=False):
        super().__init__()
        self.first, self.last = nn.Linear(4, 16), nn.Linear(16, 3)
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(16, 16), nn.ReLU()) for _ in range(3))
        self.spare = nn.Linear(16, 16) if unused else None
        self.reentrant = reentrant

    def forward(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = x + checkpoint(block, x, use_reentrant=self.reentrant)
        return self.last(x)


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("unused", [True, False])
def test_parameters_of_blocks_that_are_computed_again(tmp_path, reentrant, unused):
    _, found = inspect(tmp_path, model=lambda: Recomputed(reentrant, unused))
    said = found.get("parameters-without-gradient")
    assert (said is not None) == unused
    if said is not None:
        assert "(spare.weight, spare.bias)" in said.message
