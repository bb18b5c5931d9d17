"""Marks of model and data that rest on a second look: another seed, moved weights, made-up outputs."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe.data.datasets import TensorData
from recipe.testing import judge_scalars, measure, open_context
from recipe_steps.inspect import Inspect
from recipe_steps.inspect.splits import repeats_by_chance, repeats_of_classes
from recipe_steps.overfit_sample import OverfitSample
from recipe_steps.overfit_sample.attempts import passes_over, sample_size
from recipe_steps.overfit_sample.failure_causes import linearity, train_mode_score
from step_samples import blob_experiment, blobs, digits, digits_experiment, mlp

REAL = torch.linspace(-1, 1, 120)[torch.randperm(120, generator=torch.Generator().manual_seed(1))]
TABLE = blobs(120)[0]


def rules(step, evidence):
    return {f.rule: f.severity for f in judge_scalars(step, evidence.scalars, evidence.curves)}


def squeezed(outputs, y):
    return F.huber_loss(outputs.squeeze(1), y)


def broadcasting(outputs, y):
    return ((outputs - y) ** 2).mean()


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize(("loss", "found"), [(squeezed, False), (broadcasting, True)])
def test_an_own_loss_that_compares_all_with_all(tmp_path, loss, found):
    evidence = measure(
        Inspect(),
        blob_experiment(model=mlp(4, 1), train=(TABLE, REAL), task="regression", loss=loss),
        tmp_path,
    )
    assert ("outputs-do-not-match-targets" in rules(Inspect(), evidence)) == found


def frozen_body(*, drawn):
    """A head on a body that is frozen, at weights of another seed or at always the same."""

    def make():
        body = nn.Sequential(nn.Linear(64, 8), nn.Tanh())
        if not drawn:
            with torch.no_grad():
                body[0].weight.copy_(torch.sin(torch.arange(512.0)).reshape(8, 64))
                body[0].bias.zero_()
        return nn.Sequential(body.requires_grad_(requires_grad=False), nn.Linear(8, 10))

    return make


def test_weights_frozen_at_random(tmp_path):
    evidence = measure(Inspect(), digits_experiment(model=frozen_body(drawn=True)), tmp_path)
    assert evidence.number("random_frozen_share") > 0.8
    assert evidence.number("unfrozen_gain") > 0.15
    assert rules(Inspect(), evidence)["frozen-parameters"] == "warn"


def test_weights_that_are_always_the_same_were_trained_before(tmp_path):
    evidence = measure(Inspect(), digits_experiment(model=frozen_body(drawn=False)), tmp_path)
    assert evidence.number("random_frozen_share") == 0
    assert rules(Inspect(), evidence)["frozen-parameters"] == "note"


class ReadsOne(nn.Module):
    """A recurrent layer of which one step is read."""

    def __init__(self, step):
        super().__init__()
        self.step, self.cell, self.head = step, nn.GRU(8, 16, batch_first=True), nn.Linear(16, 10)

    def forward(self, x):
        return self.head(self.cell(x)[0][:, self.step])


@pytest.mark.parametrize(("step", "share"), [(0, 7 / 8), (3, 4 / 8), (-1, 0)])
def test_steps_that_are_not_read(tmp_path, step, share):
    x, y = digits(200)
    experiment = digits_experiment(model=lambda: ReadsOne(step), train=(x.reshape(-1, 8, 8), y))
    evidence = measure(Inspect(), experiment, tmp_path)
    assert evidence.number("ignored_steps") == share
    assert ("inputs-ignored" in rules(Inspect(), evidence)) == (share >= 0.5)


def test_repeats_of_a_class_that_was_sampled_twice():
    x, y = blobs(90)
    rare = y == 2
    doubled = torch.cat([x, x[rare]])
    found = repeats_of_classes(doubled, torch.cat([y, y[rare]]))
    assert (found["repeats_least"], found["repeats_most"]) == (0, 1)
    assert repeats_by_chance(doubled) < 1e-3


def test_repeats_of_a_table_of_few_distinct_rows():
    x = torch.randint(0, 2, (400, 3), generator=torch.Generator().manual_seed(0)).float()
    y = (x.sum(1) > 1).long()
    found = repeats_of_classes(x, y)
    others = (x[:, None] == x[None]).double().sum((0, 1)) - 400  # without each item itself
    slow = 400 * (others / (400 * 399)).prod()
    assert repeats_by_chance(x) == pytest.approx(slow.item(), rel=1e-5)
    assert found["repeats_least"] > 0.9


class ZeroBranch(nn.Module):
    """Linear until its branch leaves zero."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.head = nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 3)
        nn.init.zeros_(self.b.weight)

    def forward(self, x):
        x = self.a(x)
        return self.head(x + self.b(torch.relu(x)))


def linear():
    return nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 3))


@pytest.mark.parametrize(("model", "bends"), [(ZeroBranch, True), (linear, False)])
def test_a_branch_that_starts_at_zero_is_not_linear(tmp_path, model, bends):
    with open_context(OverfitSample(), blob_experiment(model=model), tmp_path) as ctx:
        found = linearity(ctx, TensorData(*blobs(32)))["nonlinearity"]
    assert (found > 1e-3) if bends else (found < 1e-5)


@pytest.mark.parametrize(
    ("model", "size"),
    [(mlp(4, 3, 128), (128, 16)), (lambda: nn.Linear(4, 3), (8, 4)), (mlp(4, 3, 16), (32, 4))],
)
def test_a_sample_is_no_larger_than_the_model_can_hold(tmp_path, model, size):
    with open_context(OverfitSample(), blob_experiment(model=model), tmp_path) as ctx:
        assert sample_size(ctx) == size


def test_small_samples_are_passed_more_often():
    assert passes_over(TensorData(*blobs(128)), 16) == (60, 240)
    assert passes_over(TensorData(*blobs(32)), 16) == (240, 960)
    assert passes_over(TensorData(*blobs(4)), 4) == (480, 6000)


def test_a_logistic_regression_on_noisy_rows_is_sound(tmp_path):
    x, y = blobs(200, classes=2, spread=3.0)
    experiment = blob_experiment(model=lambda: nn.Linear(4, 2), train=(x, y))
    evidence = measure(OverfitSample(), experiment, tmp_path)
    assert not rules(OverfitSample(), evidence)


def slow_statistics():
    return nn.Sequential(nn.BatchNorm1d(64, momentum=1e-6), nn.Linear(64, 32), nn.Tanh(),
                         nn.Linear(32, 10))  # fmt: skip


@pytest.mark.slow
def test_running_statistics_that_never_arrive(tmp_path):
    x, y = digits()
    experiment = digits_experiment(model=slow_statistics, train=(20 * x + 50, y))
    evidence = measure(OverfitSample(), experiment, tmp_path)
    assert evidence.number("train_mode_progress") > 0.9
    assert rules(OverfitSample(), evidence)["evaluation-differs-from-training"] == "fail"


def test_the_score_in_training_mode_needs_layers_that_normalise_by_batch(tmp_path):
    sample = TensorData(*digits(64))
    with open_context(OverfitSample(), digits_experiment(), tmp_path) as ctx:
        assert train_mode_score(mlp(64, 10)(), ctx.task, sample, 16) is None
        model = slow_statistics().train()
        right = sum((model(x).argmax(1) == y).sum().item() for x, y in sample.batches(16))
        assert train_mode_score(model, ctx.task, sample, 16) == right / 64


@pytest.mark.slow
def test_a_sample_that_is_learnt_on_standardised_inputs_only(tmp_path):
    x, y = digits()

    def model():
        return nn.Sequential(nn.Linear(64, 16), nn.Sigmoid(), nn.Linear(16, 10))

    experiment = digits_experiment(model=model, train=(x + 3000, y), optimizer="adam")
    evidence = measure(OverfitSample(), experiment, tmp_path)
    assert evidence.flag("learnt_on_standard_inputs")
    assert rules(OverfitSample(), evidence)["inputs-not-scaled"] == "fail"


def normed(*, frozen, still=False):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU())
            self.fc = nn.Linear(16, 10)
            if frozen:
                self.body.requires_grad_(False)

        def train(self, mode=True):
            super().train(mode)
            if still:
                self.body.eval()
            return self

        def forward(self, x):
            return self.fc(self.body(x))

    return Net


@pytest.mark.parametrize(
    ("given", "moving"),
    [
        ({"model": normed(frozen=True)}, 1),
        ({"model": normed(frozen=True, still=True)}, 0),
        ({"model": normed(frozen=False), "head": "fc", "freeze": 1}, 0),
        ({"model": normed(frozen=False)}, None),
    ],
)
def test_batch_norm_that_is_frozen_and_moves(tmp_path, given, moving):
    evidence = measure(Inspect(), digits_experiment(**given), tmp_path)
    assert evidence.number("moving_norms") == moving
    found = rules(Inspect(), evidence).get("frozen-batch-norm-in-training-mode")
    assert found == ("warn" if moving else None)
    if moving:
        assert evidence.text("moving_norm_names") == "body.1"
