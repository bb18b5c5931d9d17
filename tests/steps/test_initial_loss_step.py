import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe import Experiment
from recipe.testing import judge_scalars, measure
from recipe_steps.initial_loss import InitialLoss
from recipe_steps.initial_loss.scale_free import takes_any_scale
from step_samples import blob_experiment, blobs, digits_experiment, mlp


def initial_loss(out, experiment):
    """The evidence, and the severity of each rule that fires."""
    evidence = measure(InitialLoss(), experiment, out)
    found = judge_scalars(InitialLoss(), evidence.scalars, evidence.curves)
    return evidence, {f.rule: f.severity for f in found}


def test_log_of_the_number_of_classes(tmp_path):
    evidence, found = initial_loss(tmp_path, digits_experiment())
    assert evidence.number("expected") == pytest.approx(math.log(10))
    assert evidence.number("loss") == pytest.approx(math.log(10), rel=0.05)
    assert evidence.number("floor") == pytest.approx(math.log(10), rel=0.01)
    assert evidence.number("n_outputs") == 10
    assert len(set(evidence.curve("eval_loss"))) == 3  # three different models
    assert not found


def summed(outputs, targets):
    return F.cross_entropy(outputs, targets, reduction="sum")


def quiet(*layers):
    """A model whose last linear layer starts small, so that its outputs are near zero."""

    def make():
        model = nn.Sequential(*(layer() for layer in layers))
        for p in model.parameters():
            p.data *= 0.1
        return model

    return make


def language(n=64, length=6, vocabulary=11):
    tokens = torch.randint(vocabulary, (n, length + 1), generator=torch.Generator().manual_seed(0))
    return tokens[:, :-1], tokens[:, 1:]


X = blobs(200)[0]
TASKS = {
    "binary": (quiet(lambda: nn.Linear(4, 1)), (X, torch.arange(200) % 2), math.log(2)),
    "multilabel": (
        quiet(lambda: nn.Linear(4, 5)),
        (X, torch.arange(1000).reshape(200, 5) % 3 == 0),
        math.log(2),
    ),
    "regression": (quiet(lambda: nn.Linear(4, 1)), (X, X[:, 0] / X[:, 0].std() + 3), None),
    "language_model": (
        quiet(lambda: nn.Embedding(11, 8), lambda: nn.Linear(8, 11)),
        language(),
        math.log(11),
    ),
}


@pytest.mark.parametrize("task", TASKS)
def test_each_task(tmp_path, task):
    model, (x, y), expected = TASKS[task]
    split = 3 * len(x) // 4
    train = x[:split], y[:split]
    expected = expected or train[1].square().mean().item()
    evidence, found = initial_loss(
        tmp_path, blob_experiment(task=task, model=model, train=train, val=(x[split:], y[split:]))
    )
    assert evidence.number("expected") == pytest.approx(expected, rel=1e-4)
    assert evidence.number("loss") == pytest.approx(expected, rel=0.1)
    assert not found


@pytest.mark.parametrize("last", [nn.Softmax(1), nn.Sequential(nn.Softmax(1), nn.Dropout(0.5))])
def test_softmax_before_cross_entropy(tmp_path, last):
    _, found = initial_loss(tmp_path, blob_experiment(model=mlp(4, 3, 32, last)))
    assert found["softmax-before-loss"] == "fail"


@pytest.mark.parametrize(
    ("last", "loss"),
    [
        (nn.LogSoftmax(1), None),  # a second log-softmax changes nothing
        (nn.LogSoftmax(1), F.nll_loss),
        (nn.Softmax(1), lambda p, y: F.nll_loss(p.log(), y)),  # a loss that takes probabilities
        (nn.Sigmoid(), None),
    ],
)
def test_softmax_that_belongs_there(tmp_path, last, loss):
    evidence, found = initial_loss(tmp_path, blob_experiment(model=mlp(4, 3, 32, last), loss=loss))
    assert "softmax-before-loss" not in found
    assert evidence.number("loss") == pytest.approx(math.log(3), abs=0.3)


def test_own_loss_expects_its_value_at_outputs_that_prefer_nothing(tmp_path):
    evidence, _ = initial_loss(
        tmp_path, blob_experiment(model=mlp(4, 3, 32, nn.LogSoftmax(1)), loss=F.nll_loss)
    )
    assert evidence.number("expected") == pytest.approx(math.log(3), rel=1e-4)


def test_own_loss_on_probabilities_of_yes(tmp_path):
    x, y = blobs(classes=2)
    evidence, found = initial_loss(
        tmp_path,
        blob_experiment(
            model=mlp(4, 1, 32, nn.Sigmoid(), nn.Flatten(0)),
            train=(x, y.float()),
            task="binary",
            loss=F.binary_cross_entropy,
        ),
    )
    assert evidence.number("expected") == pytest.approx(math.log(2), rel=1e-5)
    assert not found


def test_a_loss_that_may_be_negative(tmp_path):
    x, y = blobs()

    def similarity(outputs, targets):
        return -F.cosine_similarity(outputs + 5, targets + 5).mean()

    _, found = initial_loss(
        tmp_path,
        blob_experiment(train=(x, F.one_hot(y).float()), task="regression", loss=similarity),
    )
    assert not found


class Spread(nn.Module):
    """The mean and the deviation of a distribution."""

    def __init__(self):
        super().__init__()
        self.both = nn.Linear(4, 2)

    def forward(self, x):
        mean, size = self.both(x).unbind(1)
        return torch.stack([mean, F.softplus(size)], 1)


def test_a_loss_that_refuses_outputs_that_prefer_nothing(tmp_path):
    def likelihood(outputs, targets):
        mean, deviation = outputs.unbind(1)
        return -torch.distributions.Normal(mean, deviation).log_prob(targets).mean()

    experiment = blob_experiment(model=Spread, train=(X, X[:, 1]), task="regression",
                                 loss=likelihood)  # fmt: skip
    evidence, found = initial_loss(tmp_path, experiment)
    assert evidence.number("loss") > 0
    assert evidence.number("expected") is None
    assert not found


@pytest.mark.parametrize("ignored", [-100, 255])
def test_ignored_labels_are_no_class(tmp_path, ignored):
    x, y = blobs(200)
    y[::5] = ignored
    loss = nn.CrossEntropyLoss(ignore_index=ignored)
    for given in [{"loss": loss}, *([{}] if ignored == -100 else [])]:
        experiment = blob_experiment(model=mlp(), train=(x, y), **given)
        evidence, found = initial_loss(tmp_path / str(len(given)), experiment)
        assert evidence.number("loss") == pytest.approx(math.log(3), rel=0.3)
        assert evidence.number("loss_towards_targets") < 0
        assert evidence.number("floor") in (None, pytest.approx(math.log(3), rel=0.01))
        assert not found


def rare(n=400):
    x, _ = blobs(n, classes=2)
    return x, (torch.arange(n) % 20 == 0).long()


def with_bias(bias):
    def make():
        model = mlp(4, len(bias))()
        model[-1].weight.data.zero_()
        model[-1].bias.data = torch.tensor(bias)
        return model

    return make


def test_declared_output_bias_lowers_the_expectation_to_the_entropy(tmp_path):
    prior = with_bias([math.log(0.95), math.log(0.05)])
    evidence, found = initial_loss(tmp_path, blob_experiment(model=prior, train=rare()))
    entropy = -(0.95 * math.log(0.95) + 0.05 * math.log(0.05))
    assert evidence.number("expected") == pytest.approx(entropy, rel=0.02)
    assert evidence.number("loss") == pytest.approx(entropy, rel=0.02)
    assert not found


def test_declared_output_bias_of_a_binary_task(tmp_path):
    prior = with_bias([math.log(0.05 / 0.95)])
    evidence, found = initial_loss(
        tmp_path, blob_experiment(model=prior, train=rare(), task="binary")
    )
    assert evidence.number("expected") == pytest.approx(0.1985, rel=0.02)
    assert not found


@pytest.mark.parametrize(("size", "severity"), [(0.2, None), (2.0, "warn"), (20.0, "fail")])
def test_weights_that_are_too_large(tmp_path, size, severity):
    def model():
        made = nn.Linear(4, 3)
        made.weight.data.normal_().mul_(size)
        return made

    train = torch.randn(400, 4, generator=torch.Generator().manual_seed(0)), torch.arange(400) % 3
    _, found = initial_loss(tmp_path, blob_experiment(model=model, train=train))
    assert found.get("initial-loss-too-high") == severity


def test_leaking_target(tmp_path):
    x, y = blobs()
    x = torch.cat([x, 20.0 * F.one_hot(y)], 1)

    class Leak(nn.Linear):
        def forward(self, x):
            return 0 * super().forward(x[:, :4]) + x[:, 4:]

    _, found = initial_loss(tmp_path, blob_experiment(model=lambda: Leak(4, 3), train=(x, y)))
    assert found == {"initial-loss-too-low": "fail"}


class Onwards(nn.Module):
    """What a network says is added to the last inputs."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.outputs = outputs
        self.change = mlp(inputs, outputs)()

    def forward(self, x):
        return x[:, -self.outputs :] + self.change(x)


def walk(n=600, window=8):
    """Windows of a series and the value that follows; much like the last one."""
    values, source = [0.0], torch.Generator().manual_seed(0)
    for step in (0.2 * torch.randn(n + window, generator=source)).tolist():
        values.append(0.98 * values[-1] + step)
    series = torch.tensor(values)
    series = (series - series.mean()) / series.std()
    return series.unfold(0, window, 1)[:-1], series[window:, None]


PAST, NEXT = walk()
CLEAN = torch.randn(600, 16, generator=torch.Generator().manual_seed(0))
NOISY = CLEAN + 0.2 * torch.randn(600, 16, generator=torch.Generator().manual_seed(1))
NEAR = {
    "forecast": ((PAST, NEXT), 8, 1, "note"),
    "denoising": ((NOISY, CLEAN), 16, 16, "note"),
    "autoencoder": ((CLEAN, CLEAN), 16, 16, "note"),
    "a column of targets": ((torch.cat([PAST, NEXT], 1), NEXT), 9, 1, "fail"),
    "other targets": ((CLEAN, NEXT[:600]), 16, 1, None),
}


@pytest.mark.parametrize("name", NEAR)
def test_a_regression_that_adds_to_its_inputs(tmp_path, name):
    train, inputs, outputs, severity = NEAR[name]
    experiment = blob_experiment(
        train=train, task="regression", model=lambda: Onwards(inputs, outputs)
    )
    evidence, found = initial_loss(tmp_path, experiment)
    assert found.get("initial-loss-too-low") == severity
    assert (evidence.number("loss_without_weights") is None) == (severity is None)


class Normed(nn.Module):
    """Weights that are divided by their norm."""

    def __init__(self):
        super().__init__()
        self.net = mlp(16, 1)()
        for layer in (self.net[0], self.net[2]):
            nn.utils.parametrizations.weight_norm(layer)

    def forward(self, x):
        return self.net(x)


@pytest.mark.parametrize("task", ["regression", "classification"])
@pytest.mark.parametrize("norm", [False, True])
def test_weights_that_were_trained_before(tmp_path, task, norm):
    torch.manual_seed(0)
    real = task == "regression"
    net = Normed() if norm else mlp(16, 1)()
    model = net if real else nn.Sequential(net, nn.Linear(1, 2))
    y = CLEAN[:, :1] - CLEAN[:, 1:2]
    y = y if real else (y[:, 0] > 0).long()
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(200):
        optimizer.zero_grad()
        (F.mse_loss if real else F.cross_entropy)(model(CLEAN), y).backward()
        optimizer.step()
    weights = model.state_dict()

    def checkpoint():
        fresh = Normed() if norm else mlp(16, 1)()
        fresh = fresh if real else nn.Sequential(fresh, nn.Linear(1, 2))
        fresh.load_state_dict(weights)
        return fresh

    _, found = initial_loss(
        tmp_path, blob_experiment(train=(CLEAN, y), task=task, model=checkpoint)
    )
    assert found["initial-loss-too-low"] == "note"


OWN = torch.optim
ANY_SCALE = {
    OWN.Adam: True, OWN.AdamW: True, OWN.NAdam: True, OWN.Adamax: True, OWN.RMSprop: True,
    OWN.Adagrad: True, OWN.Adadelta: True, OWN.Rprop: True, OWN.LBFGS: True,
    OWN.SGD: False, OWN.ASGD: False, OWN.RAdam: False,
}  # fmt: skip


@pytest.mark.parametrize("kind", ANY_SCALE, ids=lambda kind: kind.__name__)
def test_optimizers_that_take_a_loss_of_any_scale(kind):
    experiment = blob_experiment(optimizer=lambda params, lr, _: kind(params, lr=lr))
    assert takes_any_scale(experiment) is ANY_SCALE[kind]


def test_optimizers_that_cannot_be_tried_are_not_said_to_take_any_scale():
    fussy = lambda params, lr, _: OWN.Adam([{"params": params[1], "lr": lr}])  # noqa: E731
    still = lambda params, *_: OWN.Adam(params, lr=0.0)  # noqa: E731
    nowhere = lambda params, *_: OWN.Adam(params, lr=math.nan)  # noqa: E731
    for optimizer in (fussy, still, nowhere, "adam"):
        assert takes_any_scale(blob_experiment(optimizer=optimizer)) is False


@pytest.mark.parametrize(
    ("kind", "severity"),
    [(OWN.Adam, "note"), (OWN.RAdam, "note"), (OWN.Adagrad, "note"), (OWN.SGD, "warn")],
)
def test_a_sum_under_an_own_optimizer(tmp_path, kind, severity):
    experiment = blob_experiment(loss=summed, optimizer=lambda params, lr, _: kind(params, lr=lr))
    _, found = initial_loss(tmp_path, experiment)
    assert found["loss-summed-over-batch"] == severity


def test_loss_of_nan(tmp_path):
    def loss(outputs, targets):
        return F.cross_entropy(outputs, targets) + (-outputs.abs() - 1).log().mean()

    evidence, found = initial_loss(tmp_path, blob_experiment(loss=loss))
    assert evidence.number("nonfinite") == 3
    assert evidence.number("loss") is None
    assert found == {"initial-loss-not-finite": "fail"}


def test_the_training_mode_loss_is_taken_without_dropout(tmp_path):
    model = mlp(4, 3, 32, nn.Dropout(0.9))
    evidence, _ = initial_loss(tmp_path, blob_experiment(model=model))
    assert evidence.curve("train_mode_loss") == pytest.approx(evidence.curve("eval_loss"), rel=0.1)


@pytest.mark.slow
def test_a_network_that_overflows_with_larger_weights_is_not_bounded(tmp_path):
    models = pytest.importorskip("torchvision.models")
    x = torch.randn(24, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    data = x, torch.arange(24) % 5
    experiment = Experiment(
        model=lambda: models.efficientnet_b0(weights=None, num_classes=5),
        train=data, val=data, batch_size=8,
    )  # fmt: skip
    evidence, found = initial_loss(tmp_path, experiment)
    assert evidence.number("output_bound") is None
    assert "output-activation-limits-range" not in found
