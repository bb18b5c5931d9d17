import math

import torch
from torch import nn
from torch.nn import functional as F

from frameworks import prepared
from recipe import Experiment
from recipe.training.nan_replay import replayed_origin
from tiny import blobs

CPU = torch.device("cpu")


def origin(experiment, most=500):
    made, data, _ = prepared(experiment)
    return replayed_origin(made, data, seed=3, device=CPU, most=most)


class LogOfProbabilities(nn.Module):
    """Gives logarithms of probabilities, which reach zero as it learns."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(2, 3)

    def forward(self, x):
        return torch.log(torch.softmax(5 * self.last(x), 1))


def test_a_training_that_reaches_the_logarithm_of_zero():
    x, y = blobs(200)
    found = origin(
        Experiment(model=LogOfProbabilities, train=(x, y), lr=3.0, loss=F.nll_loss, epochs=4)
    )
    iteration, where = found
    assert iteration >= 1
    assert (where.cause, where.operation) == ("log-of-zero", "log")
    assert where.place.startswith("test_nan_replay.py:")


def test_a_gradient_that_ruins_the_weights_is_found_one_step_before():
    class Root(nn.Module):
        def __init__(self):
            super().__init__()
            self.last = nn.Linear(2, 3)

        def forward(self, x):
            return self.last(x) * (x - x.detach()).square().sum(1, keepdim=True).sqrt()

    x, y = blobs(200)
    experiment = Experiment(
        model=lambda: nn.Sequential(nn.Linear(2, 2), Root()), train=(x, y), lr=0.1, epochs=2
    )
    found = origin(experiment)
    assert found is not None
    assert (found[1].phase, found[1].operation, found[1].module) == ("backward", "sqrt", "1")


def test_a_rate_that_is_too_high():
    x, y = blobs(200)
    made = Experiment(
        model=lambda: nn.Sequential(nn.Linear(2, 8), nn.Linear(8, 1)), train=(x, y.float()[:, None]), task="regression",
        optimizer=lambda params, lr, weight_decay: torch.optim.SGD(params, lr), lr=100.0, epochs=30, schedule="constant",
    )  # fmt: skip
    iteration, where = origin(made)
    assert iteration > 1
    assert where.cause == "growth"


def test_a_training_that_stays_finite_has_none():
    x, y = blobs(100)
    assert origin(Experiment(model=lambda: nn.Linear(2, 3), train=(x, y), lr=0.1, epochs=2)) is None


def test_an_own_update_step_is_left_alone():
    x, y = blobs(100)

    def update(model, optimizer, batch):
        return torch.tensor(math.nan)

    assert (
        origin(
            Experiment(model=lambda: nn.Linear(2, 3), train=(x, y), lr=0.1, epochs=2, update=update)
        )
        is None
    )


def test_it_ends_after_so_many_iterations():
    x, y = blobs(200)
    made = Experiment(model=LogOfProbabilities, train=(x, y), lr=0.1, loss=F.nll_loss, epochs=400)
    assert origin(made, most=2) is None
