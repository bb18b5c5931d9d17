import pytest
import torch
from torch import nn

from recipe.data.datasets import TensorData
from recipe.testing import open_context
from recipe_steps.overfit_sample import OverfitSample
from recipe_steps.overfit_sample.optimizer_settings import rate_factor, suspicious
from step_samples import blob_experiment, blobs

SAMPLE = TensorData(*blobs(64))


def factor(out, **given):
    with open_context(OverfitSample(), blob_experiment(**given), out) as ctx:
        return rate_factor(ctx, ctx.experiment, SAMPLE)


def adam(**settings):
    return lambda params, lr, decay: torch.optim.Adam(params, lr=lr, weight_decay=decay, **settings)


def sgd(**settings):
    return lambda params, lr, decay: torch.optim.SGD(params, lr=lr, weight_decay=decay, **settings)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", adam(), adam(eps=1e-6), sgd(momentum=0.95)])
def test_usual_settings_are_no_suspicion(tmp_path, optimizer):
    assert not suspicious(factor(tmp_path, optimizer=optimizer, lr=1e-3))


@pytest.mark.parametrize(
    ("momentum", "expected"), [(0.9, 1.0), (0.99, 10.0), (0.999, 100.0), (0.0, 1.0)]
)
def test_momentum_multiplies_the_rate(tmp_path, momentum, expected):
    found = factor(tmp_path, optimizer=sgd(momentum=momentum), lr=1e-4)
    assert found["rate_factor"] == pytest.approx(expected)
    assert found["usual_optimizer"] == "sgd"
    assert suspicious(found) == (expected > 5)


def test_momentum_of_a_named_optimizer(tmp_path):
    assert factor(tmp_path, optimizer="sgd", momentum=0.9) == {}
    assert factor(tmp_path, momentum=0.999, lr=1e-4)["rate_factor"] == pytest.approx(100)


def test_epsilon_divides_the_steps(tmp_path):
    found = factor(tmp_path, optimizer=adam(eps=100.0), lr=1e-3)
    # Gradients of this size: the root of the second moment is far below one.
    assert 0 < found["rate_factor"] < 0.01
    assert found["usual_optimizer"] == "adam"
    assert suspicious(found)


def test_an_optimizer_that_is_not_known(tmp_path):
    def adagrad(params, lr, _):
        return torch.optim.Adagrad(params, lr=lr)

    assert factor(tmp_path, optimizer=adagrad, lr=0.1) == {}


def test_an_update_step_of_ones_own_brings_its_own_optimizer(tmp_path):
    def update(model, optimizer, batch):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return loss

    assert factor(tmp_path, update=update, optimizer=adam(eps=1.0), lr=1e-3) == {}
