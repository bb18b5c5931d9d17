"""The running average of weights against the sum written out, and what it is compared by."""

import copy

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.data.splitting import load_splits
from recipe.speed.fused_training import FusedTraining
from recipe.training.epoch import AVERAGED
from recipe.training.loop import Training
from recipe.training.weight_averaging import (
    POWER,
    RunningAverage,
    exponential_weights,
    in_place_of,
    refresh_statistics,
    uniform_weights,
)

CPU = torch.device("cpu")
RANDOM = torch.Generator().manual_seed(0)
X = torch.randn(300, 64, generator=RANDOM)
Y = X[:, :10].argmax(1)


def mlp():
    return nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))


def normed():
    return nn.Sequential(
        nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 10)
    )


def experiment(**given):
    whole = {
        "model": mlp, "train": (X[:200], Y[:200]), "val": (X[200:], Y[200:]),
        "batch_size": 32, "lr": 0.1, "epochs": 4, **given,
    }  # fmt: skip
    return Experiment(**whole).resolved()


def by_hand(series):
    """The average by its definition: a_n = (1 - c_n) a_(n-1) + c_n w_n, c_n = (p + 1) / (n + p)."""
    average = series[0].double()
    for n, values in enumerate(series, 1):
        share = (POWER + 1) / (n + POWER)
        average = (1 - share) * average + share * values.double()
    return average


def test_average_is_the_sum_written_out():
    series = [torch.randn(3, 2, generator=torch.Generator().manual_seed(k)) for k in range(40)]
    average = RunningAverage([torch.zeros(3, 2)])
    for values in series:
        average.add([values])
    assert torch.allclose(average.values[0].double(), by_hand(series), atol=1e-6)


def test_the_first_weights_are_forgotten_and_a_constant_is_kept():
    average = RunningAverage([torch.full((2,), 9.0)])
    for _ in range(3):
        average.add([torch.ones(2)])
    assert torch.equal(average.values[0], torch.ones(2))


def test_a_plain_mean_and_an_exponential_one():
    series = [torch.randn(4, generator=torch.Generator().manual_seed(k)) for k in range(30)]
    mean, fading = (
        RunningAverage([torch.zeros(4)], uniform_weights),
        RunningAverage([torch.zeros(4)], exponential_weights(0.9)),
    )
    expected = torch.zeros(4)
    for n, values in enumerate(series, 1):
        mean.add([values])
        fading.add([values])
        # The mean of the first ten, which a decay of 0.9 goes on from.
        expected = torch.stack(series[:n]).mean(0) if n <= 10 else 0.9 * expected + 0.1 * values
    assert torch.allclose(mean.values[0], torch.stack(series).mean(0), atol=1e-6)
    assert torch.allclose(fading.values[0], expected, atol=1e-6)


def test_about_the_last_tenth_counts():
    average = RunningAverage([torch.zeros(1)])
    for n in range(1, 1001):
        average.add([torch.tensor([float(n)])])
    assert average.values[0].item() == pytest.approx(1000 * (1 - 1 / (POWER + 2)), rel=0.01)


def test_statistics_of_batch_norm_are_means_over_the_batches():
    model = normed().eval()
    batches = list(X[:96].split(32))
    refresh_statistics(model, batches)
    layer = model[1]
    hidden = [model[0](x) for x in batches]
    mean = torch.stack([h.mean(0) for h in hidden]).mean(0)
    variance = torch.stack([h.var(0) for h in hidden]).mean(0)
    assert torch.allclose(layer.running_mean, mean, atol=1e-5)
    assert torch.allclose(layer.running_var, variance, atol=1e-5)
    assert not layer.training
    assert layer.momentum == 0.1


def test_the_model_is_afterwards_as_it_was():
    model = normed()
    model(X[:32])
    before = copy.deepcopy(model.state_dict())
    values = [torch.zeros_like(p) for p in model.parameters()]
    with in_place_of(model, values, [X[:64]]) as averaged:
        assert not averaged.training
        assert not any(p.any() for p in averaged.parameters())
    assert model.training
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_training_is_the_same_with_and_without_the_comparison():
    given = experiment(model=normed)
    data = load_splits(given, CPU, 0)
    plain = Training(given, data, seed=1, device=CPU)
    compared = Training(given, data, seed=1, device=CPU, compared_after=(1, 3))
    for one, other in zip(plain.epochs(), compared.epochs(), strict=True):
        assert other.losses == one.losses
        assert other.figures["val_score"] == one.figures["val_score"]
        assert (AVERAGED in other.figures) == (other.number + 1 in {1, 3})


def test_the_score_is_that_of_the_averaged_weights():
    given = experiment()
    data = load_splits(given, CPU, 0)
    training = Training(given, data, seed=1, device=CPU, compared_after=(2,))
    weights = []
    training.optimizer.register_step_post_hook(
        lambda *_: weights.append([p.detach().clone() for p in training.model.parameters()])
    )
    (figures,) = [e.figures for e in training.epochs() if e.number == 1]
    so_far = weights[: 2 * training.iterations_per_epoch]
    model = training.model
    with torch.no_grad():
        for k, parameter in enumerate(model.parameters()):
            parameter.copy_(by_hand([step[k] for step in so_far]))
        score = (model.eval()(X[200:]).argmax(1) == Y[200:]).float().mean().item()
    assert figures[AVERAGED] == pytest.approx(score)
    assert training.average is None


@pytest.mark.parametrize("model", [mlp, normed])
def test_fused_trials_are_compared_as_single_ones(model):
    rates = (0.05, 0.2, 1e30)
    made = [experiment(model=model, lr=lr) for lr in rates]
    data = load_splits(made[0], CPU, 0)
    fused = FusedTraining(made, data, seed=1, device=CPU, compared_after=(1, 2))
    rows = [fused.epoch() for _ in range(3)]
    for k, given in enumerate(made[:2]):
        single = Training(given, data, seed=1, device=CPU, compared_after=(1, 2))
        for epoch in range(3):
            alone = single.epoch().figures
            together = rows[epoch][k].figures
            assert (AVERAGED in together) == (AVERAGED in alone) == (epoch < 2)
            if epoch < 2:
                assert together[AVERAGED] == pytest.approx(alone[AVERAGED], abs=0.011)
    assert AVERAGED not in rows[0][2].figures
