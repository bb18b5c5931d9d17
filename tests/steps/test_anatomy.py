"""Exact marks of common programming errors in a fresh model."""

import pytest
import torch
from test_inspect_step import inspect
from torch import nn

from step_samples import blobs


class Net(nn.Module):
    """Two layers; each subclass spoils its forward pass in one way."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(4, 32), nn.Linear(32, 3)

    def hidden(self, x):
        return torch.relu(self.first(x))

    def forward(self, x):
        return self.last(self.hidden(x))


class AlwaysDropout(Net):
    def hidden(self, x):
        return nn.functional.dropout(super().hidden(x), 0.5)


class LayersMadeAnew(Net):
    def hidden(self, x):
        return torch.relu(nn.Linear(4, 32)(x))


class View(Net):
    def forward(self, x):
        return super().forward(x.T.reshape(x.shape))


class SoftmaxOverBatch(Net):
    def hidden(self, x):
        return torch.softmax(super().hidden(x), 0)


class MeanOverBatch(Net):
    def hidden(self, x):
        return super().hidden(x) - super().hidden(x).mean()


class PlainList(Net):
    def __init__(self):
        super().__init__()
        self.more = [nn.Linear(32, 32)]

    def hidden(self, x):
        return torch.relu(self.more[0](super().hidden(x)))


class Detached(Net):
    def hidden(self, x):
        return super().hidden(x).detach()


class Forgotten(Net):
    def __init__(self):
        super().__init__()
        self.middle = nn.Linear(32, 32)


class Frozen(Net):
    def __init__(self):
        super().__init__()
        self.requires_grad_(requires_grad=False)


class FrozenBackbone(Net):
    def __init__(self):
        super().__init__()
        self.first.requires_grad_(requires_grad=False)


class ZeroHead(Net):
    def __init__(self):
        super().__init__()
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)


class Dropout(Net):
    def hidden(self, x):
        return nn.functional.dropout(super().hidden(x), 0.5, self.training)


class PlacesAlongTheBatch(Net):
    def __init__(self):
        super().__init__()
        self.places = nn.Parameter(torch.randn(512, 1))

    def hidden(self, x):
        return super().hidden(x) + self.places[: len(x)]


class SortedAndNotPutBack(Net):
    def hidden(self, x):
        return super().hidden(x[x.sum(1).argsort()])


class Normalised(Net):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(32)

    def hidden(self, x):
        return self.norm(super().hidden(x))


MODELS = {
    AlwaysDropout: {"nondeterministic-evaluation": "fail"},
    LayersMadeAnew: {"nondeterministic-evaluation": "fail",
                     "parameters-without-gradient": "warn"},
    View: {"batch-mixing": "fail"},
    SoftmaxOverBatch: {"batch-mixing": "fail"},
    MeanOverBatch: {"batch-mixing": "fail"},
    PlacesAlongTheBatch: {"batch-mixing": "fail"},
    SortedAndNotPutBack: {"batch-mixing": "fail"},
    PlainList: {"unregistered-parameters": "fail"},
    Detached: {"parameters-without-gradient": "warn"},
    Forgotten: {"parameters-without-gradient": "warn"},
    Frozen: {"frozen-parameters": "fail"},
    FrozenBackbone: {"frozen-parameters": "note"},
    ZeroHead: {},
    Dropout: {},
    Normalised: {},
}  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_model_is_told_by_its_marks(tmp_path, model):
    x, y = blobs()
    data = {"train": (x[:140], y[:140]), "val": (x[140:], y[140:])}
    _, found = inspect(tmp_path, model=model, **data)
    assert {name: f.severity for name, f in found.items()} == MODELS[model]


def test_a_recurrent_layer_that_takes_the_batch_for_time_mixes_items(tmp_path):
    class Recurrent(nn.Module):
        def __init__(self, batch_first):
            super().__init__()
            self.cell = nn.GRU(4, 8, batch_first=batch_first)
            self.last = nn.Linear(8, 2)

        def forward(self, x):
            return self.last(self.cell(x)[0][:, -1])

    x = torch.randn(300, 5, 4, generator=torch.Generator().manual_seed(0))
    for batch_first in (True, False):
        _, found = inspect(
            tmp_path / str(batch_first), model=lambda: Recurrent(batch_first),  # noqa: B023
            train=(x, torch.arange(300) % 2), val=0.5,
        )  # fmt: skip
        assert ("batch-mixing" in found) is not batch_first
