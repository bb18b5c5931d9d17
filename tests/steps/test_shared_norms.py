"""One layer of batch normalisation in several places of a model."""

import json

import pytest
import torch
from torch import nn

import recipe
from recipe import Experiment
from recipe.models.norms_apart import norms_apart
from recipe.testing import open_context
from recipe_steps.inspect import Inspect
from recipe_steps.inspect.shared_norms import shared_norms


class Deep(nn.Module):
    """Three convolutions, normalised by one layer."""

    def __init__(self, width=8):
        super().__init__()
        self.first = nn.Conv2d(1, width, 3, padding=1)
        self.others = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.bn, self.head = nn.BatchNorm2d(width), nn.Linear(width, 2)

    def forward(self, x):
        x = self.bn(3 * self.first(x) + 2).relu()
        for layer in self.others:
            x = self.bn(layer(x)).relu()
        return self.head(x.mean((2, 3)))


class Twins(nn.Module):
    """The same branch for two halves of a picture."""

    def __init__(self):
        super().__init__()
        self.branch = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU())
        self.head = nn.Linear(16, 2)

    def forward(self, x):
        sides = [self.branch(part).mean((2, 3)) for part in x.chunk(2, 3)]
        return self.head(torch.cat(sides, 1))


def pictures(n=240):
    source = torch.Generator().manual_seed(0)
    y = torch.arange(n) % 2
    x = torch.randn(n, 1, 8, 12, generator=source)
    x[:, :, 2:6] += (y * 2.0 - 1)[:, None, None, None]
    return x, y


def marks(tmp_path, model):
    experiment = Experiment(model=model, train=pictures(), lr=0.05, epochs=2)
    with open_context(Inspect(), experiment, tmp_path) as ctx:
        net = model()
        before = {name: value.clone() for name, value in net.state_dict().items()}
        found = shared_norms(ctx, net.eval(), pictures()[0][:32])
        assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
        assert not net.training
        return found


def test_calls_are_counted_and_compared(tmp_path):
    found = marks(tmp_path, Deep)
    assert json.loads(found["norms_shared"]) == {"bn": 3}
    assert found["norm_apart"] > 1


def test_twins_are_alike(tmp_path):
    found = marks(tmp_path, Twins)
    assert json.loads(found["norms_shared"]) == {"branch.1": 2}
    assert found["norm_apart"] < 0.25


def test_other_models_have_nothing_to_tell(tmp_path):
    assert marks(tmp_path, lambda: nn.Sequential(nn.Flatten(), nn.Linear(96, 8), nn.BatchNorm1d(8),
                                                 nn.Linear(8, 2))) == {}  # fmt: skip


def test_each_place_has_its_own_layer_in_every_pass():
    torch.manual_seed(0)
    net = norms_apart(Deep, {"bn": 3})()
    x = pictures()[0][:64]
    for _ in range(3):
        net(x)
    layers = net.bn.layers
    assert [int(layer.num_batches_tracked) for layer in layers] == [3, 3, 3]
    assert not torch.allclose(layers[0].running_mean, layers[1].running_mean)
    assert len(list(net.parameters())) == len(list(Deep().parameters())) + 4


@pytest.mark.slow
def test_the_remedy_decides(tmp_path):
    result = recipe.run(
        Experiment(model=Deep, train=pictures(400), lr=0.1, momentum=0.9, optimizer="sgd", epochs=6,
                   batch_size=20),
        until="inspect", out=tmp_path, device="cpu", fresh=True, exact=True,
    )  # fmt: skip
    (found,) = [f for f in result.steps[0].findings if f.rule == "batch-norm-shared"]
    assert found.remedy is not None
    assert (found.severity == "warn") == bool(found.remedy.verified)
