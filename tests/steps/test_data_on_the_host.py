"""Data that do not fit on the device stay on the host: what reaches the model has to be taken
there. Told apart by their values: those on the host lie a thousand higher.
"""

import traceback

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.data.datasets import TensorData
from recipe.testing import measure
from recipe_steps.inspect import Inspect
from step_samples import blobs

FAR = 1000.0


class Near(nn.Module):
    seen = 0

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))

    def forward(self, x):
        if float(x.abs().max()) > FAR / 2:
            raise AssertionError("the model was given data of the host")
        type(self).seen += 1
        return self.body(x)


@pytest.fixture
def on_the_host(monkeypatch):
    def there(self, x, y):
        return (x - FAR if float(x.abs().max()) > FAR / 2 else x), y

    monkeypatch.setattr(TensorData, "_there", there)


@pytest.mark.parametrize("classes", ["even", "rare"])
@pytest.mark.usefixtures("on_the_host")
def test_what_the_model_is_given_was_taken_to_the_device(classes, tmp_path, monkeypatch):
    x, y = blobs(600)
    if classes == "rare":
        kept = (y != 2) | (torch.arange(len(y)) % 45 == 2)
        x, y = x[kept], y[kept]
    refused = []
    own = Near.forward

    def forward(self, x):
        try:
            return own(self, x)
        except AssertionError as error:
            refused.append(error)
            raise

    monkeypatch.setattr(Near, "forward", forward)
    experiment = Experiment(model=Near, train=(x + FAR, y), batch_size=32, lr=0.05, epochs=2)
    measure(Inspect(), experiment, tmp_path)
    assert Near.seen
    assert not refused, ["".join(traceback.format_exception(r)) for r in refused]
