"""What a loss and the layers below it show on made-up outputs."""

import itertools

import pytest
import torch
from test_initial_loss_step import quiet, summed
from torch import nn
from torch.nn import functional as F

from recipe import Experiment
from recipe.testing import judge_scalars, measure
from recipe_steps.initial_loss import InitialLoss
from recipe_steps.initial_loss.loss_behaviour import loss_marks
from recipe_steps.loss_expectations import signatures
from step_samples import blob_experiment, blobs, mlp


def deep(*, layers=6, activation=nn.ReLU, init=None, inputs=4, outputs=3, last=(), width=32):
    """A factory of a deep network, its weights drawn by `init`."""

    def make():
        sizes = [inputs, *[width] * layers]
        parts = [
            part for a, b in itertools.pairwise(sizes) for part in (nn.Linear(a, b), activation())
        ]
        model = nn.Sequential(*parts, nn.Linear(sizes[-1], outputs), *last)
        if init:
            for module in model:
                if isinstance(module, nn.Linear):
                    init(module)
        return model

    return make


def constant(value):
    return lambda module: nn.init.constant_(module.weight, value)


def normal(std):
    return lambda module: nn.init.normal_(module.weight, std=std)


def negative_bias(module):
    nn.init.constant_(module.bias, -20.0)


def bce(outputs, targets):
    return F.binary_cross_entropy(outputs.squeeze(1), targets.float())


def bce_logits(outputs, targets):
    return F.binary_cross_entropy_with_logits(outputs.squeeze(1), targets.float())


def one_hot_mse(outputs, targets):
    return F.mse_loss(outputs, F.one_hot(targets, 3).float())


def softmax_mse(outputs, targets):
    return F.mse_loss(outputs.softmax(1), F.one_hot(targets, 3).float())


def smoothed(outputs, targets):
    return F.cross_entropy(outputs, targets, label_smoothing=0.1)


def averaged(outputs, targets):
    return -(F.one_hot(targets, 3) * outputs.log_softmax(1)).mean()


def over_items(outputs, targets):
    """A softmax over the wrong dimension."""
    return F.nll_loss(outputs.log_softmax(0), targets)


def swapped_smoothing(outputs, targets, smoothing=0.1):
    """Its two amounts at each other's place."""
    classes = outputs.shape[1]
    share = torch.full_like(outputs, (1 - smoothing) / (classes - 1))
    share.scatter_(1, targets[:, None], smoothing)
    return -(share * outputs.log_softmax(1)).sum(1).mean()


def minus(outputs, targets):
    return -F.cross_entropy(outputs, targets)


def weighted(outputs, targets):
    return F.cross_entropy(outputs, targets, weight=torch.tensor([1.0, 5.0, 0.2]))


def hinge(outputs, targets):
    return F.multi_margin_loss(outputs, targets)


YES_NO = {"task": "binary", "train": (blobs()[0], (blobs()[1] > 0).float())}
REAL = {"task": "regression", "train": (blobs()[0], 3 * torch.randn(240, 1))}
AT_FIRST = {
    "healthy": ({}, None),
    "label smoothing": ({"loss": smoothed}, None),
    "class weights": ({"loss": weighted}, None),
    "hinge": ({"loss": hinge}, None),
    "log-softmax before cross-entropy": ({"model": mlp(4, 3, 32, nn.LogSoftmax(1))}, None),
    "log-softmax before nll": (
        {"model": mlp(4, 3, 32, nn.LogSoftmax(1)), "loss": F.nll_loss}, None),
    "deep relu": ({"model": deep()}, None),
    "deep tanh": ({"model": deep(activation=nn.Tanh)}, None),
    "zero head": ({"model": quiet(lambda: nn.Linear(4, 32), nn.ReLU, lambda: nn.Linear(32, 3))},
                  None),
    "zero linear model": ({"model": deep(layers=0, init=constant(0.0))}, None),
    "sigmoid and bce": ({**YES_NO, "model": mlp(4, 1, 32, nn.Sigmoid()), "loss": bce}, None),
    "logit and bce with logits": ({**YES_NO, "model": mlp(4, 1)}, None),
    "regression": ({**REAL, "model": mlp(4, 1)}, None),
    "softplus on positive targets": (
        {**REAL, "train": (REAL["train"][0], REAL["train"][1].abs()),
         "model": mlp(4, 1, 32, nn.Softplus())}, None),
    "absolute error far away": (
        {**REAL, "train": (REAL["train"][0], REAL["train"][1] / 3 + 3), "loss": F.l1_loss,
         "model": mlp(4, 1)}, None),
    "softmax": ({"model": mlp(4, 3, 32, nn.Softmax(1))}, "softmax-before-loss"),
    "softmax and smoothing": (
        {"model": mlp(4, 3, 32, nn.Softmax(1)), "loss": smoothed}, "softmax-before-loss"),
    "sigmoid before cross-entropy": ({"model": mlp(4, 3, 32, nn.Sigmoid())},
                                     "sigmoid-before-loss"),
    "sigmoid before bce with logits": ({**YES_NO, "model": mlp(4, 1, 32, nn.Sigmoid())},
                                       "sigmoid-before-loss"),
    "own bce with logits": (
        {**YES_NO, "model": mlp(4, 1, 32, nn.Sigmoid()), "loss": bce_logits},
        "sigmoid-before-loss"),
    "one unit softmax": ({**YES_NO, "model": mlp(4, 1, 32, nn.Softmax(1)), "loss": bce},
                         "single-unit-softmax"),
    "nll of softmax": ({"model": mlp(4, 3, 32, nn.Softmax(1)), "loss": F.nll_loss},
                       "nll-on-probabilities"),
    "nll of logits": ({"loss": F.nll_loss}, "nll-on-logits"),
    "sum": ({"loss": summed}, "loss-summed-over-batch"),
    "average over classes": ({"loss": averaged}, "loss-averaged-over-classes"),
    "squared error": ({"loss": one_hot_mse}, "wrong-loss-for-task"),
    "squared error of softmax": ({"loss": softmax_mse}, "wrong-loss-for-task"),
    "bce on real values": (
        {**REAL, "model": mlp(4, 1), "loss": F.binary_cross_entropy_with_logits},
        "wrong-loss-for-task"),
    "sign": ({"loss": minus}, "loss-sign-flipped"),
    "softmax over items": ({"loss": over_items}, "softmax-over-batch"),
    "swapped smoothing": ({"loss": swapped_smoothing}, "loss-sign-flipped"),
    "relu on logits": ({"model": mlp(4, 3, 32, nn.ReLU())}, "output-activation-limits-range"),
    "tanh in regression": ({**REAL, "model": mlp(4, 1, 32, nn.Tanh())},
                           "output-activation-limits-range"),
    "constant weights": ({"model": deep(layers=2, init=constant(0.1))},
                         "symmetric-initialization"),
    "zero weights": ({"model": deep(layers=2, init=constant(0.0))}, "symmetric-initialization"),
    "large weights": ({"model": deep(layers=2, init=normal(1.0))}, "initialization-too-large"),
    "large weights and tanh": (
        {"model": deep(layers=3, init=normal(1.0), activation=nn.Tanh)},
        "initialization-too-large"),
    "small weights": ({"model": deep(layers=3, init=normal(0.003))}, "initialization-too-small"),
    "dead": ({"model": deep(layers=2, init=negative_bias)}, "dead-units"),
    "deep sigmoid": ({"model": deep(layers=8, activation=nn.Sigmoid)}, "vanishing-gradients"),
}  # fmt: skip


@pytest.mark.parametrize("name", AT_FIRST)
def test_the_cause_leads(tmp_path, name):
    given, cause = AT_FIRST[name]
    evidence = measure(InitialLoss(), blob_experiment(**given), tmp_path)
    found = judge_scalars(InitialLoss(), evidence.scalars, evidence.curves)
    causes = [f.rule for f in found if f.counts and f.because is None]
    assert causes == ([cause] if cause else []), {f.rule: (f.because, f.message) for f in found}


ONE = torch.arange(40) % 3


@pytest.mark.parametrize(
    ("targets", "share"),
    [
        (F.one_hot(ONE, 3).float(), 1.0),
        (torch.full((40, 3), 1 / 3), 1.0),  # shares: their sum is 1 up to rounding
        (F.one_hot(ONE, 3)[:, :, None].expand(40, 3, 5).float(), 1.0),  # classes on axis 1
        ((torch.arange(40)[:, None] % torch.tensor([2, 3, 5]) == 0).float(), 0.5),
    ],
)
def test_rows_with_one_label(targets, share):
    experiment = Experiment(
        model=mlp(),
        train=(torch.zeros(40, 4), targets),
        task="multilabel",
        loss=F.binary_cross_entropy,
    )
    marks = loss_marks(experiment, torch.full_like(targets, 0.3), targets)
    assert marks["rows_of_one_label"] == pytest.approx(share)


@pytest.mark.parametrize("size", [1.0, 1e4, 1e8])
def test_marks_of_a_loss_do_not_depend_on_the_size_of_the_outputs(size):
    outputs = size * torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
    targets = torch.arange(64) % 3
    for loss, ignores, takes in ((None, True, False), (nn.NLLLoss(), False, True)):
        experiment = Experiment(model=mlp(), train=(outputs, targets), loss=loss)
        marks = signatures(experiment, outputs, targets)
        assert marks["loss_ignores_shift"] is ignores
        assert marks["loss_takes_log_probabilities"] is takes


def test_a_loss_that_takes_logarithms_is_told_by_its_least():
    counts = torch.poisson(torch.full((32, 1), 4.0))
    outputs = torch.randn(32, 1)
    wanted = {
        nn.PoissonNLLLoss(): True, nn.PoissonNLLLoss(log_input=False): False, nn.MSELoss(): False,
        nn.L1Loss(): False, nn.SmoothL1Loss(): False,
    }  # fmt: skip
    for loss, logs in wanted.items():
        made = Experiment(model=nn.Identity, train=1, task="regression", loss=loss)
        assert bool(loss_marks(made, outputs, counts).get("loss_takes_logs")) is logs, loss


def mixture(outputs, targets):
    """Two normal distributions: [weight logits, means, log deviations]."""
    weights, means, scales = outputs.split(2, dim=1)
    inside = torch.distributions.Normal(means, scales.exp()).log_prob(targets)
    return -(weights.log_softmax(1) + inside).logsumexp(1).mean()


def quantiles(outputs, targets):
    """Of a tenth, a half and nine tenths."""
    error = targets - outputs
    levels = torch.tensor([0.1, 0.5, 0.9])
    return torch.maximum(levels * error, (levels - 1) * error).mean()


def reinforced(outputs, targets):
    """Advantages, half of them below zero, of the first of three actions."""
    return -(targets * outputs.log_softmax(1)[:, :1]).mean()


def gaussian(sign_of_variance, sign_of_log=1, deviation=torch.exp):
    def loss(outputs, targets):
        mean, spread = outputs[:, :1], outputs[:, 1:]
        error = (targets - mean) ** 2
        variance = deviation(spread)
        return (sign_of_log * variance.log() + error * variance**sign_of_variance).mean()

    return loss


@pytest.mark.parametrize(
    ("width", "loss", "found"),
    [
        (2, gaussian(-1), ""),
        (2, gaussian(-1, deviation=F.softplus), ""),
        (2, gaussian(1), "2 falls"),
        (2, gaussian(1, deviation=F.softplus), "2 falls"),
        (2, gaussian(-1, sign_of_log=-1), "2 grows"),
        (6, mixture, ""),
        (3, quantiles, ""),
        (3, lambda o, y: -quantiles(o, y), "1 grows"),
        (3, reinforced, ""),
        (2, lambda o, y: nn.GaussianNLLLoss()(o[:, :1], y, F.softplus(o[:, 1:])), ""),
        (2, lambda o, y: F.mse_loss(o[:, :1], y) + 0.1 * o[:, 1:].abs().mean(), ""),
    ],
)
def test_a_loss_that_falls_forever_is_told_by_its_course(width, loss, found):
    generator = torch.Generator().manual_seed(0)
    outputs, targets = (torch.randn(64, n, generator=generator) for n in (width, 1))
    made = Experiment(model=nn.Identity, train=1, task="regression", loss=loss)
    assert loss_marks(made, outputs, targets).get("loss_falls_forever", "") == found
