import pytest
import torch
from torch import nn

from recipe.data.datasets import TensorData
from recipe.testing import judge_scalars, open_context
from recipe_steps.learning_curves import LearningCurves
from recipe_steps.learning_curves.usual_settings import settings_marks
from recipe_steps.overfit_sample import OverfitSample
from recipe_steps.overfit_sample.optimizer_settings import outside, rate_factor, suspicious
from step_samples import blob_experiment, blobs, digits, digits_experiment

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


def settings(optimizer="sgd", **given):
    experiment = blob_experiment(optimizer=optimizer, lr=1e-3, **given).resolved()
    return outside(experiment, experiment.model())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"momentum": 0.99}, "momentum 0.99 (usual: 0 to 0.98)"),
        ({"momentum": 0.98}, None),
        ({"optimizer": sgd(momentum=0.995, nesterov=True)}, "momentum 0.995 (usual: 0 to 0.98)"),
        ({"optimizer": sgd()}, None),
        ({"optimizer": adam(eps=0.1)}, "eps 0.1 (usual: 1e-15 to 0.001)"),
        ({"optimizer": adam(eps=1e-3)}, None),
        ({"optimizer": adam(eps=0.0)}, "eps 0 (usual: 1e-15 to 0.001)"),
        ({"optimizer": adam(betas=(0.5, 0.9))}, None),  # adversarial training
        ({"optimizer": adam(betas=(0.9, 0.95))}, None),  # language models
        ({"optimizer": adam(betas=(0.9, 0.5))}, "beta2 0.5 (usual: 0.8 to 0.99999)"),
        ({"optimizer": adam(betas=(0.999, 0.9))}, "beta1 0.999 (usual: 0 to 0.98)"),
        ({"optimizer": "adam", "momentum": 0.99}, "beta1 0.99 (usual: 0 to 0.98)"),
        ({"optimizer": "rmsprop"}, None),
    ],
)
def test_what_is_outside_of_the_usual(given, said):
    found = settings(**given)
    assert found.get("unusual_settings") == said
    assert bool(found.get("betas_turned")) == (said == "beta1 0.999 (usual: 0 to 0.98)")


def test_of_an_unknown_optimizer_nothing_is_said():
    assert settings(lambda params, lr, _: torch.optim.Adagrad(params, lr=lr)) == {}


X, Y = digits(1000)


def whole(tmp_path, **given):
    """What a training of the declared setting shows beside one with usual settings."""
    experiment = digits_experiment(
        train=(X[:700], Y[:700]), val=(X[700:], Y[700:]), epochs=15, **given
    )
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        ctx.train_baseline()
        return settings_marks(ctx)


def told(found):
    return [(f.rule, f.severity) for f in judge_scalars(LearningCurves(), found)]


def test_momentum_that_spoils_a_training(tmp_path):
    found = whole(tmp_path, lr=0.2, momentum=0.99)
    assert found["usual_score"] > found["unusual_score"] + 0.05
    assert told(found) == [("optimizer-settings-unusual", "warn")]


def test_momentum_that_a_low_rate_makes_up_for_is_noted(tmp_path):
    """As trainings of segmentation do."""
    found = whole(tmp_path, lr=0.005, momentum=0.99)
    assert told(found) == [("optimizer-settings-unusual", "note")]


def test_usual_settings_are_not_trained_again(tmp_path):
    assert whole(tmp_path, lr=0.05) == {}
    assert whole(tmp_path / "2", optimizer="adam", lr=1e-3) == {}
