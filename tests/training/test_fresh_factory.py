"""A factory has to give a model of its own at every call."""

import copy

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.training.fresh_factory import check_fresh, shared
from tiny import blobs

BODY = nn.Sequential(nn.Linear(2, 8), nn.ReLU())
NORM = nn.BatchNorm1d(2, affine=False)
RELU, WHOLE = nn.ReLU(), nn.Linear(2, 3)
MEAN, WEIGHT = torch.zeros(2), torch.randn(8, 2)


class Scaled(nn.Module):
    """A constant that every model may share."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", MEAN)
        self.layer = nn.Linear(2, 3)

    def forward(self, x):
        return self.layer(x - self.mean)


def from_one_tensor():
    layer = nn.Linear(2, 8)
    layer.weight = nn.Parameter(WEIGHT)
    return nn.Sequential(layer, nn.Linear(8, 3))


def view_of_one_tensor():
    layer = nn.Linear(2, 8)
    layer.weight.data = WEIGHT[:]
    return nn.Sequential(layer, nn.Linear(8, 3))


def tied():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 3))
    model[1].weight = model[0].weight
    return model


FRESH = {
    "new layers": lambda: nn.Sequential(nn.Linear(2, 3)),
    "a copy of a body": lambda: nn.Sequential(copy.deepcopy(BODY), nn.Linear(8, 3)),
    "a constant": Scaled,
    "weights tied within": tied,
    "layers without weights": lambda: nn.Sequential(nn.Linear(2, 3), RELU),
    "lazy layers": lambda: nn.Sequential(nn.LazyLinear(3), nn.LazyBatchNorm1d()),
    "no elements": lambda: nn.Sequential(nn.Linear(2, 3), nn.Linear(0, 0)),
}
SHARED = {
    "a body": (lambda: nn.Sequential(BODY, nn.Linear(8, 3)), "share 0.0.weight, 0.0.bias"),
    "a parameter of one tensor": (from_one_tensor, "share 0.weight"),
    "memory of one tensor": (view_of_one_tensor, "share 0.weight"),
    "statistics": (lambda: nn.Sequential(NORM, nn.Linear(2, 3)), "share 0.running_mean"),
    "the whole": (lambda: WHOLE, "one and the same Linear"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Initializing zero-element")
@pytest.mark.parametrize("name", FRESH)
def test_a_fresh_model_is_taken(name):
    check_fresh(Experiment(model=FRESH[name], train=blobs()))


@pytest.mark.parametrize("name", SHARED)
def test_a_model_that_shares_is_refused(name):
    factory, said = SHARED[name]
    with pytest.raises(UsageError, match=r"go on with the weights of the one before") as refused:
        check_fresh(Experiment(model=factory, train=blobs()))
    assert said in str(refused.value)
    assert "(test_fresh_factory.py:" in str(refused.value)


def test_names_of_what_is_shared():
    one, other = (nn.ModuleDict({"body": BODY, "own": nn.Linear(2, 2)}) for _ in range(2))
    assert shared(one, other) == ["body.0.weight", "body.0.bias"]
