import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.models.building import build_model, channels_last_works

CPU = torch.device("cpu")


def build(model, seed=0, **args):
    return build_model(Experiment(model=model, train=1, model_args=args), seed, CPU)


def test_weights_depend_on_the_seed_alone():
    torch.manual_seed(1)
    first = build(lambda: nn.Linear(3, 4), 5)
    torch.manual_seed(2)
    again, other = build(lambda: nn.Linear(3, 4), 5), build(lambda: nn.Linear(3, 4), 6)
    assert torch.equal(first.weight, again.weight)
    assert not torch.equal(first.weight, other.weight)


def test_the_factory_gets_the_models_arguments():
    assert build(lambda width: nn.Linear(3, width), width=7).weight.shape == (7, 3)


def broken(width):
    raise RuntimeError("no such width")


@pytest.mark.parametrize(
    ("factory", "args", "words"),
    [
        (broken, {"width": 3}, ["RuntimeError: no such width", "width=3", "test_building.py:"]),
        (lambda: 1 / 0, {}, ["ZeroDivisionError"]),
        (lambda: nn.Linear(2, 2), {"dropout": 0.1}, ["TypeError", "dropout=0.1"]),
        (lambda: None, {}, ["returned NoneType", "torch.nn.Module"]),
        (lambda: nn.Linear, {}, ["returned type"]),
    ],
)
def test_a_broken_factory_is_named(factory, args, words):
    with pytest.raises(UsageError) as caught:
        build(factory, **args)
    assert [word for word in words if word not in str(caught.value)] == []


class Convolution(nn.Module):
    def __init__(self, flatten):
        super().__init__()
        self.convolution, self.flatten = nn.Conv2d(3, 4, 3), flatten
        self.head = nn.Linear(4 * 6 * 6, 2)

    def forward(self, x):
        return self.head(self.flatten(self.convolution(x)))


@pytest.mark.parametrize(
    ("model", "shape", "works"),
    [
        (Convolution(lambda x: x.flatten(1)), (5, 3, 8, 8), True),
        (Convolution(lambda x: x.reshape(len(x), -1)), (1, 3, 8, 8), True),
        (Convolution(lambda x: x.view(x.shape[0], -1)), (5, 3, 8, 8), False),
        (nn.Linear(8, 2), (5, 3, 8, 8), False),
        (nn.Linear(8, 2), (5, 8), False),
    ],
)
@pytest.mark.parametrize("training", [True, False])
def test_channels_last_is_tried(model, shape, works, training):
    model.train(training)
    assert channels_last_works(model, torch.randn(shape)) is works
    assert model.training is training


def test_trying_channels_last_changes_nothing():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert channels_last_works(model, torch.randn(4, 3, 8, 8))
    assert all(torch.equal(before[n], v) for n, v in model.state_dict().items())
    assert model[0].weight.grad is None
