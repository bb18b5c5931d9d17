"""Blocks of a model, and models whose lower blocks are frozen."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.data.datasets import Splits, TensorData
from recipe.models.blocks import find_blocks, freeze
from recipe.models.building import build_model
from recipe.speed.fused_training import FusedTraining
from recipe.training.loop import Training
from recipe.training.preparation import prepare
from recipe.training.weight_averaging import refresh_statistics

CPU = torch.device("cpu")


def stacked():
    return nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3),
    )  # fmt: skip


class Twisted(nn.Module):
    """Its parts are called in another order than they are registered in; a list holds some."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 2)
        self.late = nn.Linear(6, 6)
        self.scale = nn.Parameter(torch.ones(6))
        self.many = nn.ModuleList(nn.Linear(6, 6) for _ in range(3))
        self.early = nn.Linear(4, 6)

    def forward(self, x):
        x = self.early(x) * self.scale
        for part in self.many:
            x = F.dropout(part(x), training=self.training)
        return self.fc(self.late(x))


def test_norms_and_layers_without_weights_join_the_block_before():
    assert find_blocks(stacked(), "7", torch.zeros(2, 4)) == (("0", "1", "2", "3"), ("4", "5", "6"))
    assert find_blocks(stacked(), "7") == find_blocks(stacked(), "7", torch.zeros(2, 4))


def test_blocks_stand_in_the_order_of_their_call():
    found = find_blocks(Twisted(), "fc", torch.zeros(2, 4))
    assert found == (("scale", "early"), ("many.0",), ("many.1",), ("many.2",), ("late",))


def test_a_container_is_cut_until_there_are_three_blocks():
    body = nn.Sequential(*(nn.Linear(4, 4) for _ in range(4)))
    model = nn.Sequential(body, nn.Sequential(nn.ReLU(), nn.Linear(4, 2)))
    found = find_blocks(model, "1.1", torch.zeros(2, 4))
    assert found == (("0.0",), ("0.1",), ("0.2",), ("0.3", "1.0"))


def test_a_residual_network_has_its_stem_and_four_stages():
    from torchvision.models import resnet18

    found = find_blocks(resnet18(weights=None), "fc", torch.zeros(2, 3, 64, 64))
    assert [block[0] for block in found] == ["conv1", "layer1", "layer2", "layer3", "layer4"]
    assert found[0] == ("conv1", "bn1", "relu", "maxpool")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_frozen_blocks_stay_in_evaluation_mode_in_a_copy_too(count):
    model = stacked()
    freeze(model, find_blocks(model, "7"), count, "7")
    for one in (model, copy.deepcopy(model)):
        one.eval().train()
        still = [not part.training for part in one]
        assert still == [k < (0, 4, 7)[count] for k in range(8)]
        trained = {n for n, p in one.named_parameters() if p.requires_grad}
        assert trained == {
            n for n, _ in stacked().named_parameters() if int(n[0]) >= (0, 4, 7)[count]
        }


def test_with_all_blocks_frozen_the_forward_method_is_in_evaluation_mode():
    model = Twisted()
    freeze(model, find_blocks(model, "fc"), 5, "fc")
    model.train()
    assert [name for name, m in model.named_modules() if m.training] == ["fc"]
    assert {n for n, p in model.named_parameters() if p.requires_grad} == {"fc.weight", "fc.bias"}


def test_more_blocks_than_there_are_cannot_be_frozen():
    with pytest.raises(
        UsageError, match=r"freeze=3, but the model has 2 blocks below its head '7'"
    ):
        freeze(stacked(), find_blocks(stacked(), "7"), 3, "7")


@pytest.mark.parametrize(
    ("head", "says"), [("8", "Unknown head '8'"), ("6", "without parameters"), ("fcc", "known are")]
)
def test_the_head_is_checked_against_the_model(head, says):
    experiment = problem(head=head)
    with pytest.raises(UsageError, match=says):
        build_model(experiment, 0, CPU)


def points(n=96, seed=0):
    source = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 3
    return torch.randn(n, 4, generator=source) + 2 * F.one_hot(y, 4), y


def problem(**given):
    made = {"model": stacked, "train": points(), "val": points(48, 1), "batch_size": 16, "lr": 0.05,
            "epochs": 3, "head": "7", **given}  # fmt: skip
    return Experiment(**made).resolved()


def splits():
    return Splits(TensorData(*points()), TensorData(*points(48, 1)))


def trained(experiment):
    training = Training(experiment, splits(), seed=0, device=CPU, compared_after=(2,))
    before = {n: v.clone() for n, v in training.model.state_dict().items()}
    curves = [epoch.figures for epoch in training.epochs()]
    return before, dict(training.model.state_dict()), curves


@pytest.mark.parametrize("count", [1, 2])
def test_frozen_weights_and_statistics_do_not_move_in_training(count):
    before, after, _ = trained(problem(freeze=count))
    last = (4, 7)[count - 1]
    for name, value in before.items():
        assert torch.equal(value, after[name]) == (int(name[0]) < last), name


@pytest.mark.parametrize("count", [1, 2])
def test_fused_trials_freeze_what_single_ones_do(count):
    cells = [problem(freeze=count, lr=lr) for lr in (0.02, 0.1)]
    training = FusedTraining(cells, splits(), seed=0, device=CPU, compared_after=(2,))
    rows = [training.epoch() for _ in range(3)]
    training.trials.hold([0, 1])
    for k, cell in enumerate(cells):
        before, after, curves = trained(cell)
        held = training.trials.held(k)
        for name, value in after.items():
            assert torch.allclose(held[name].to(value.dtype), value, atol=1e-5), name
            if int(name[0]) < (4, 7)[count - 1]:
                assert torch.equal(held[name], before[name]), name
        for number, figures in enumerate(curves):
            for name in ("train_loss", "val_loss", "averaged_score"):
                if name in figures:
                    fused = rows[number][k].figures[name]
                    assert fused == pytest.approx(figures[name], rel=1e-3), name


def test_statistics_of_frozen_layers_are_not_read_anew():
    model = stacked()
    freeze(model, find_blocks(model, "7"), 1, "7")
    kept, moved = model[1].running_mean.clone(), model[5].running_mean.clone()
    refresh_statistics(model, [points()[0]])
    assert torch.equal(model[1].running_mean, kept)
    assert not torch.equal(model[5].running_mean, moved)


def test_the_run_finds_the_blocks_and_refuses_too_many():
    found, _ = prepare(problem(), splits())
    assert found.blocks == (("0", "1", "2", "3"), ("4", "5", "6"))
    with pytest.raises(UsageError, match="freeze=7"):
        prepare(problem(freeze=7), splits())
    assert prepare(problem(head=None), splits())[0].blocks == ()


def test_freeze_is_a_hyperparameter():
    experiment = problem(space={"freeze": [0, 1]})
    assert "freeze" not in experiment.params
    assert experiment.with_params({"freeze": 1}).params["freeze"] == 1
    assert replace(experiment, freeze=1) != experiment
    for wrong in (-1, True, 1.5, None):
        with pytest.raises(UsageError, match="freeze="):
            problem(freeze=wrong)
