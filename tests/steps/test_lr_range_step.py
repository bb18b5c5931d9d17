import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from recipe.core.evidence import Evidence
from recipe.search.short_training import ShortResult
from recipe.testing import judge_scalars, measure, open_context
from recipe_steps.lr_range import LrRange
from recipe_steps.lr_range.candidates import (
    Candidates,
    TriedRate,
    _between,
    candidates,
    courses,
    untrained_course,
    warms_up,
)
from recipe_steps.lr_range.measure import _undecided
from step_samples import Cut, blob_experiment, blobs, digits_experiment, mlp


def lr_range(out, experiment):
    evidence = measure(LrRange(), experiment, out)
    return evidence, {f.rule: f.severity for f in judge_scalars(LrRange(), evidence.scalars)}


def plain_descent(params, lr, weight_decay):
    return torch.optim.SGD(params, lr=lr)


def test_the_bracket_lies_below_the_stability_limit_of_gradient_descent(tmp_path):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(256, 4, generator=generator) * torch.tensor([3.0, 1.0, 1.0, 1.0])
    y = x @ torch.tensor([1.0, -2.0, 0.5, 1.0])
    # mean squared error has the Hessian 2 x'x / n; descent is stable below 2 / its largest value
    limit = 2 / torch.linalg.eigvalsh(2 * x.T @ x / len(x)).max().item()
    experiment = blob_experiment(
        model=lambda: nn.Linear(4, 1, bias=False),
        train=(x, y),
        val=(x, y),
        task="regression",
        optimizer=plain_descent,
        batch_size=256,
        lr=30 * limit,
    )
    evidence, found = lr_range(tmp_path, experiment)
    assert evidence.flag("works")
    assert evidence.number("bracket_high") < limit
    assert limit / 100 < evidence.number("best_lr") < limit
    for lr, loss in zip(
        evidence.curve("candidate_lr"), evidence.curve("candidate_loss"), strict=True
    ):
        assert (loss is None) == (lr > limit), lr
    assert evidence.flag("declared_diverged")
    assert found["learning-rate-too-high"] == "fail"


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_healthy_network(tmp_path, optimizer):
    evidence, found = lr_range(tmp_path, digits_experiment(optimizer=optimizer))
    number = evidence.number
    assert evidence.flag("works")
    assert number("bracket_low") <= number("best_lr") <= number("bracket_high")
    assert number("best_drop") > 1
    assert 1e-4 < number("best_lr") < 1
    assert not evidence.flag("at_edge")
    assert 1e-5 < number("update_ratio") < 0.3
    assert evidence.number("declared_lr") is None
    assert evidence.curve("sweep_lr") == tuple(sorted(evidence.curve("sweep_lr")))
    assert len({len(evidence.curve(f"sweep_{c}")) for c in ("lr", "loss", "smooth")}) == 1
    assert not found


@pytest.mark.parametrize(
    ("lr", "rule"),
    [(1e-7, "learning-rate-too-low"), (1e4, "learning-rate-too-high"), (0.05, None)],
)
def test_declared_rate(tmp_path, lr, rule):
    evidence, found = lr_range(tmp_path, blob_experiment(lr=lr))
    assert lr in evidence.curve("candidate_lr")
    assert evidence.number("declared_lr") == lr
    found = {name for name in found if name.startswith("learning-rate")}
    assert found == ({rule} if rule else set())


@pytest.mark.parametrize("n", [20, 64])
def test_fewer_batches_than_iterations(tmp_path, n):
    train = blobs(n)
    evidence, _ = lr_range(tmp_path, blob_experiment(train=train, val=train, batch_size=8))
    assert evidence.flag("works")
    assert len(evidence.curve("sweep_loss")) > n // 8  # it went over the data more than once
    assert evidence.number("best_drop") > 0.3


class NoGradient(Cut):
    """The loss moves not at all: the one thing that learns does not matter."""

    def forward(self, x):
        return super().forward(x).detach() + 0 * self.last.bias.sum()


def test_no_useful_gradient(tmp_path):
    evidence, found = lr_range(tmp_path, blob_experiment(model=NoGradient, lr=None))
    assert evidence.scalars["works"] is False
    assert "no-learning-rate-works" in found


@pytest.mark.slow
def test_a_fall_is_measured_on_one_model_and_the_same_batches(tmp_path):
    """Whatever the seed, a rate that changes nothing has no fall."""
    for seed in range(3):
        evidence = measure(LrRange(), blob_experiment(lr=1e-12), tmp_path, seed=seed)
        assert evidence.number("declared_drop") == pytest.approx(0, abs=1e-4)
        assert evidence.number("declared_update_ratio") < 1e-9


def test_a_loss_that_may_be_negative(tmp_path):
    def similarity(outputs, targets):
        return -nn.functional.cosine_similarity(outputs, targets, 1).mean()

    x, y = blobs()
    one_hot = nn.functional.one_hot(y).float()
    evidence, found = lr_range(
        tmp_path, blob_experiment(train=(x, one_hot), task="regression", loss=similarity, lr=None)
    )
    assert evidence.flag("works")
    assert None not in evidence.curve("candidate_loss")[:3]
    assert not found


PAYS = SimpleNamespace(iterations=lambda *_, most, **__: most, pays=lambda *_: True)
"""What a step without a budget may spend."""


@pytest.fixture
def scripted(monkeypatch):
    """Candidates around 0.1 where `final(rate)` is what each ends with, from a start of 2."""

    def run(final, lr=None):
        def course(_, rates, *__):
            return [ShortResult([2.0] * 100, {"lr": rate}) for rate in rates]

        def tried(rate, *_):
            return TriedRate(rate, final(rate), 0.0, None, (final(rate),))

        monkeypatch.setattr("recipe_steps.lr_range.candidates.tried_of", tried)
        monkeypatch.setattr("recipe_steps.lr_range.candidates.courses", course)
        still = ShortResult([2.0] * 100, {})
        monkeypatch.setattr("recipe_steps.lr_range.candidates.untrained_course", lambda *_: still)
        return candidates(SimpleNamespace(experiment=SimpleNamespace(lr=lr)), 0.1, PAYS)

    return run


def test_a_loss_of_exactly_zero_is_the_best(scripted):
    found = scripted(lambda lr: 0.0 if lr == 0.1 else 1.0)
    assert isinstance(found, Candidates)
    assert found.start == 2.0
    assert found.exhausted is None
    assert [one.lr for one in found.tried] == [0.0316, 0.1, 0.316]


@pytest.mark.parametrize("best", [0.013, 0.05, 0.2, 2.0, 5e-4])
def test_the_minimum_between_candidates_is_found(scripted, best):
    found = scripted(lambda lr: math.log(lr / best) ** 2 / 50 if lr < 4 * best else None)
    lowest = min((one for one in found.tried if one.final is not None), key=lambda one: one.final)
    assert max(lowest.lr / best, best / lowest.lr) < 1.3
    assert len(found.tried) <= 3 + 5 + 2


def test_where_nothing_is_learnt_nothing_is_refined(scripted):
    found = scripted(lambda lr: 2.0 + abs(math.log(lr / 0.05)))
    assert [one.lr for one in found.tried] == [0.00999, 0.0316, 0.1, 0.316]


def test_a_rate_halfway_to_one_that_diverged_is_tried():
    def tried(*finals):
        return [TriedRate(10.0**k, final, 0.0, None, (final,)) for k, final in enumerate(finals)]

    assert _between(tried(1.0, 0.5, None)) == pytest.approx(31.6)
    assert _between(tried(None, 0.5, 1.0)) is None
    assert _between(tried(1.0, 0.5)) is None
    assert _between(tried(None, None, None)) is None


def test_what_it_cost_and_how_sure_it_is_are_told(tmp_path):
    with open_context(LrRange(), blob_experiment(), tmp_path) as ctx:
        evidence = LrRange().measure(ctx)
        assert evidence.number("cost_epochs") == ctx.meter.epochs > 0
    assert 0.5 < evidence.number("confidence") <= 1


def test_a_loss_that_is_never_finite(tmp_path):
    def loss(outputs, targets):
        return outputs.sum() * torch.nan

    evidence, found = lr_range(tmp_path, blob_experiment(loss=loss))
    assert evidence.scalars["works"] is False
    assert evidence.number("start_loss") is None
    assert found == {"no-learning-rate-works": "fail"}


def test_same_seed_same_evidence(tmp_path):
    first = measure(LrRange(), blob_experiment(), tmp_path)
    assert measure(LrRange(), blob_experiment(), tmp_path) == first
    assert measure(LrRange(), blob_experiment(), tmp_path, seed=1) != first


@pytest.mark.parametrize(("clip_norm", "found"), [(1e-4, True), (100.0, False)])
def test_clipping_is_compared_with_none(tmp_path, clip_norm, found):
    experiment = digits_experiment(clip_norm=clip_norm, lr=0.05)
    evidence, rules = lr_range(tmp_path, experiment)
    assert evidence.number("clipped_share") == (1.0 if found else 0.0)
    assert ("gradient-clipping-too-strong" in rules) == found
    if found:
        assert evidence.number("gradient_norm") > 10 * clip_norm
        assert evidence.number("clipped_drop") < 0.1 * evidence.number("unclipped_drop")


def test_without_clipping_nothing_is_compared(tmp_path):
    evidence, _ = lr_range(tmp_path, digits_experiment())
    assert "clipped_share" not in evidence.scalars


def uncertain_blobs(seed):
    """Clouds that overlap, and a share of labels that are wrong."""
    x, y = blobs(400, spread=1.5, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    wrong = torch.rand(len(y), generator=generator) < 0.15
    return x, torch.where(wrong, torch.randint(0, 3, (len(y),), generator=generator), y)


@pytest.mark.parametrize(("batch_size", "seed"), [(1, 1), (1, 2), (2, 1), (2, 3)])
def test_single_items_are_noisy_and_no_divergence(tmp_path, batch_size, seed):
    data = uncertain_blobs(seed)
    experiment = blob_experiment(train=data, val=data, batch_size=batch_size, lr=0.01)
    evidence, found = lr_range(tmp_path, experiment)
    assert evidence.scalars["declared_diverged"] is False
    assert evidence.flag("works")
    assert not found


@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_rate_that_diverges_on_single_items_is_told(tmp_path, batch_size):
    data = uncertain_blobs(1)
    experiment = blob_experiment(train=data, val=data, batch_size=batch_size, lr=10.0)
    evidence, found = lr_range(tmp_path, experiment)
    assert evidence.flag("declared_diverged")
    assert found["learning-rate-too-high"] == "fail"


def likelihood(outputs, targets):
    """Of a normal distribution: outputs are its mean and the logarithm of its spread."""
    mean, log = outputs[:, :1], outputs[:, 1:].clamp(-6, 6)
    return (log + 0.5 * ((targets - mean) / log.exp()) ** 2).mean()


def narrow_targets():
    """Targets whose likelihood under a fresh model is near one: a loss that starts at zero."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(400, 4, generator=generator)
    y = x @ torch.tensor([1.0, -2.0, 0.5, 1.0]) + 0.1 * torch.randn(400, generator=generator)
    return x, y[:, None] / 10


@pytest.mark.parametrize("batch_size", [1, 32])
@pytest.mark.parametrize("lr", [1e-3, 3.0])
def test_a_likelihood_that_starts_near_zero(tmp_path, batch_size, lr):
    data = narrow_targets()
    experiment = blob_experiment(
        model=mlp(4, 2), train=data, val=data, task="regression", loss=likelihood,
        batch_size=batch_size, lr=lr, optimizer="adam",
    )  # fmt: skip
    evidence, found = lr_range(tmp_path, experiment)
    assert abs(evidence.number("start_loss")) < 0.2
    assert evidence.number("best_drop") > 1
    assert evidence.flag("works")
    assert found == ({} if lr < 1 else {"learning-rate-too-high": "fail"})


def best(drop, noise, start, **more):
    return Evidence({"best_drop": drop, "noise": noise, "start_loss": start, **more})


@pytest.mark.parametrize(
    ("evidence", "undecided"),
    [
        (best(0.1, 0.07, 1.0), True),
        (best(0.1, 0.06, 1.0), False),  # so little noise hides nothing
        (best(0.1, 0.07, -1.0), True),
        (best(0.0, 0.5, 1.0), False),
        (best(-0.1, 0.5, 1.0), False),
        (best(float("nan"), 0.5, 1.0), False),
        (best(0.1, float("nan"), 1.0), False),
        (best(0.1, 0.5, 1.0, sample_lr=0.1), False),
        (Evidence(), False),
    ],
)
def test_when_a_longer_training_decides(evidence, undecided):
    assert _undecided(evidence) == undecided


def one_cycle(progress):
    return 0.04 + 0.96 * progress / 0.3 if progress < 0.3 else (1 - progress) / 0.7


@pytest.mark.parametrize(
    ("given", "warm"),
    [
        ({"schedule": one_cycle}, True),
        ({"schedule": lambda progress: 0.51 + 0.49 * progress}, False),
        ({"schedule": lambda progress: 0.49 + 0.51 * progress}, True),
        ({"schedule": lambda progress: 1 - progress}, False),
        ({"schedule": lambda progress: 1 + (progress > 0) / 2}, False),
        ({"schedule": "cosine"}, False),
        ({"schedule": "cosine", "warmup": 0.1}, True),
        ({}, False),
    ],
)
def test_rates_are_tried_as_warm_as_they_are_planned(given, warm):
    experiment = blob_experiment(**given)
    assert warms_up(experiment) == warm
    tried = []

    def run_short(shorts, *_):
        tried.extend(short.rates for short in shorts)
        return [ShortResult([1.0], {}) for _ in shorts]

    ctx = SimpleNamespace(experiment=experiment, seed_for=lambda _: 0, run_short=run_short)
    untrained_course(ctx)
    courses(ctx, [0.1])
    assert set(tried[0]) == {0.0}
    assert tried[1][-1] == 0.1
    assert (tried[1][0] < 0.01) == warm


@pytest.mark.slow
def test_a_rate_that_a_schedule_warms_up_to_is_not_called_too_high(tmp_path):
    """On w^4 / 4 from w = 2 a step diverges above 2 / w^2 = 0.5; small steps first lead to where
    the limit is higher.
    """

    def two():
        line = nn.Linear(1, 1, bias=False)
        nn.init.constant_(line.weight, 2.0)
        return line

    def quartic(outputs, targets):
        return ((outputs - targets) ** 4).mean() / 4

    data = torch.ones(64, 1), torch.zeros(64, 1)
    experiment = blob_experiment(
        model=two, train=data, val=data, task="regression", loss=quartic, lr=1.5,
        optimizer=plain_descent,
    )  # fmt: skip
    found = [
        lr_range(tmp_path / name, replace(experiment, schedule=schedule))[1]
        for name, schedule in [("cold", None), ("warm", one_cycle)]
    ]
    assert ["learning-rate-too-high" in rules for rules in found] == [True, False]
