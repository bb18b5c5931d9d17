"""Fused trials against the same trials one by one: losses, scores, monitors and weights."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe import Experiment
from recipe.data.datasets import Splits, TensorData
from recipe.speed.fused_training import FusedTraining
from recipe.speed.fusing import CannotFuse, fusion_group
from recipe.training.loop import Training
from recipe.training.schedules import SCHEDULES

CPU = torch.device("cpu")
SEED = 3


def data(shape=(6,), n=50, classes=3, tokens=False):
    source = torch.Generator().manual_seed(1)

    def part(n):
        x = torch.randn(n, *shape, generator=source)
        y = x.flatten(1)[:, :classes].argmax(1)
        return TensorData(torch.randint(0, 5, (n, *shape), generator=source) if tokens else x, y)

    return Splits(part(n), part(20))


def mlp(dropout=0.0):
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 3))


CELLS = [{"lr": 0.05, "weight_decay": 0.0}, {"lr": 0.01, "weight_decay": 0.1},
         {"lr": 0.2, "weight_decay": 0.01}]  # fmt: skip


def experiments(cells=CELLS, **given):
    base = Experiment(
        **{"model": mlp, "train": None, "lr": 0.1, "epochs": 3, "batch_size": 16,
           "schedule": "cosine", "weight_decay": 0.0, **given}
    )  # fmt: skip
    return [base.with_params(cell) for cell in cells]


def compare(made, splits, rel=1e-4):
    """Train fused and one by one; every curve, every loss and every weight has to agree."""
    given = {"seed": SEED, "device": CPU, "compared_after": (2,)}
    fused = FusedTraining(made, splits, **given)
    singles = [Training(e, splits, **given) for e in made]
    passes = [training.epochs() for training in singles]
    for _ in range(3):
        together = fused.epoch()
        for row, epoch in enumerate(together):
            single = next(passes[row])
            assert epoch.losses == pytest.approx(single.losses, rel=rel, abs=1e-5)
            assert epoch.figures.keys() == single.figures.keys()
            assert epoch.figures == pytest.approx(single.figures, rel=20 * rel, abs=1e-4)
    fused.trials.hold(range(fused.count))
    for row, training in enumerate(singles):
        snapshot, state = fused.trials.held(row), training.model.state_dict()
        assert snapshot.keys() == state.keys()
        for name, value in state.items():
            torch.testing.assert_close(snapshot[name], value, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
@pytest.mark.parametrize("momentum", [None, 0.0, 0.5])
def test_every_optimizer_with_its_own_rates_and_decays(optimizer, momentum):
    compare(experiments(optimizer=optimizer, momentum=momentum), data())


def test_momentum_of_each_trial():
    cells = [{"momentum": m, "lr": 0.05} for m in (0.0, 0.5, 0.95)]
    for optimizer in ("sgd", "adam", "adamw", "rmsprop"):
        rel = 1e-3 if optimizer == "rmsprop" else 1e-4
        compare(experiments(cells, optimizer=optimizer), data(), rel)


def test_second_beta_and_epsilon_of_each_trial():
    cells = [{"beta2": b, "epsilon": e, "lr": 0.01} for b, e in ((0.9, 1e-8), (0.999, 1e-3))]
    for optimizer in ("adam", "adamw"):
        compare(experiments(cells, optimizer=optimizer), data())
    compare(experiments(optimizer="adam", beta2=0.95, epsilon=1e-4), data())
    compare(experiments([{"epsilon": e} for e in (1e-8, 1e-2)], optimizer="rmsprop"), data(), 1e-3)


def test_schedule_of_each_trial():
    compare(experiments([{"schedule": name} for name in SCHEDULES], warmup=0.2), data())


def test_dropout_draws_what_it_draws_one_by_one():
    compare(experiments(model=lambda: mlp(0.5)), data())


def test_clipping_is_per_trial():
    compare(experiments(clip_norm=0.3), data())


def test_augmented_batches_and_dropout_share_the_random_numbers():
    compare(
        experiments(model=lambda: mlp(0.3), augment=lambda x: x + 0.1 * torch.randn_like(x)), data()
    )


class Scaled(nn.Module):
    """A parameter without dimensions, as a temperature is."""

    def __init__(self):
        super().__init__()
        self.body, self.scale = mlp(), nn.Parameter(torch.tensor(0.7))

    def forward(self, x):
        return self.scale * self.body(x)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
def test_a_parameter_without_dimensions(optimizer):
    compare(experiments(model=Scaled, optimizer=optimizer, weight_decay=1e-3), data())


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(5, 8)
        self.block = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
        self.out = nn.Linear(8, 3)

    def forward(self, x):
        return self.out(self.block(self.embed(x)).mean(1))


class Tied(nn.Module):
    """One weight under two names, and a parameter that is frozen."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 6)
        self.second = nn.Linear(6, 6)
        self.second.weight = self.first.weight
        self.out = nn.Linear(6, 3)
        self.out.bias.requires_grad_(False)

    def forward(self, x):
        return self.out(F.relu(self.second(F.relu(self.first(x)))))


def images(*layers):
    return lambda: nn.Sequential(*[make() for make in layers], nn.Flatten(), nn.LazyLinear(3))


LAYERS = {
    "batch norm": (lambda: nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(),
                                         nn.Linear(8, 3)), {}),
    "layer norm": (lambda: nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.GELU(),
                                         nn.Linear(8, 3)), {}),
    "sigmoid": (lambda: nn.Sequential(nn.Linear(6, 8), nn.Sigmoid(), nn.Linear(8, 3)), {}),
    "convolution": (lambda: nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Conv2d(4, 4, 3, groups=2), nn.GroupNorm(2, 4), nn.SiLU(), nn.AdaptiveAvgPool2d(1),
        nn.Dropout2d(0.2), nn.Flatten(), nn.Linear(4, 3)), {"shape": (2, 8, 8)}),
    "attention": (Attention, {"shape": (4,), "tokens": True}),
    "tied and frozen": (Tied, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_every_kind_of_layer(name):
    model, shape = LAYERS[name]
    compare(experiments(model=model), data(**shape))


@pytest.mark.parametrize("task", ["binary", "multilabel", "regression"])
def test_the_other_tasks(task):
    splits = data()

    def part(one):
        y = one.x[:, :3] if task == "regression" else (one.x[:, :3] > 0).float()
        return TensorData(one.x, y[:, :1] if task == "binary" else y)

    outputs = 1 if task == "binary" else 3
    compare(
        experiments(model=lambda: nn.Linear(6, outputs), task=task),
        Splits(part(splits.train), part(splits.val)),
    )


def test_a_metric_of_ones_own():
    def hinge(outputs, targets):
        return -F.multi_margin_loss(outputs, targets).item()

    compare(experiments(metric=hinge), data())


def test_a_diverging_trial_leaves_the_others_alone():
    cells = [{"lr": 0.05}, {"lr": 1e30}, {"lr": 0.01}]
    made = experiments(cells, model=lambda: nn.Linear(6, 3), task="regression")
    splits = data()
    splits = Splits(*(TensorData(d.x, d.x[:, :3]) for d in (splits.train, splits.val)))
    compare([made[0], made[2]], splits)
    fused = FusedTraining(made, splits, seed=SEED, device=CPU)
    alone = next(Training(made[1], splits, seed=SEED, device=CPU).epochs())
    epochs = fused.epoch()
    assert [epoch.diverged for epoch in epochs] == [False, True, False]
    assert epochs[1].losses == pytest.approx(alone.losses, rel=1e-3)
    assert "val_loss" not in epochs[1].figures
    fused.keep([0, 2])
    single = Training(made[2], splits, seed=SEED, device=CPU).epochs()
    next(single)
    assert fused.epoch()[1].losses == pytest.approx(next(single).losses, rel=1e-4)


def noisy():
    return FusedTraining(
        experiments(model=lambda: mlp(0.5), augment=lambda x: x + torch.randn_like(x)),
        data(), seed=SEED, device=CPU,
    )  # fmt: skip


def test_an_epoch_that_pauses_ends_like_one_that_does_not():
    whole, paused = noisy(), noisy()
    for _ in range(2):
        for pause in (1, 1, 3):
            epochs = paused.epoch(pause)
            assert {(epoch.part, len(epoch.losses)) for epoch in epochs} == {(pause / 4, pause)}
            torch.rand(5)
        assert paused.epoch() == whole.epoch()
    assert torch.equal(paused.trials.weights, whole.trials.weights)


def test_the_batch_shrinks_in_the_middle_of_an_epoch():
    whole, paused = noisy(), noisy()
    expected = whole.epoch()
    paused.epoch(2)
    paused.keep([2, 0])
    for epoch, row in zip(paused.epoch(), (2, 0), strict=True):
        assert epoch.losses == pytest.approx(expected[row].losses, rel=1e-5)
        assert epoch.figures == pytest.approx(expected[row].figures, rel=1e-3, abs=1e-5)


def test_a_trial_that_diverged_before_the_pause_is_not_paused():
    made = experiments(
        [{"lr": 0.05}, {"lr": 1e30}], model=lambda: nn.Linear(6, 3), task="regression"
    )
    splits = Splits(*(TensorData(d.x, d.x[:, :3]) for d in (data().train, data().val)))
    fine, diverged = FusedTraining(made, splits, seed=SEED, device=CPU).epoch(3)
    assert (fine.part, fine.diverged, fine.figures) == (0.75, False, {})
    alone = Training(made[1], splits, seed=SEED, device=CPU).epoch(3)
    assert (diverged.part, diverged.diverged) == (1.0, True)
    assert diverged.losses == pytest.approx(alone.losses)
    assert diverged.figures.keys() == alone.figures.keys()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_batch_shrinks_without_a_trace(optimizer):
    made, splits = experiments(optimizer=optimizer), data()
    whole = FusedTraining(made, splits, seed=SEED, device=CPU)
    less = FusedTraining(made, splits, seed=SEED, device=CPU)
    whole.epoch()
    less.epoch()
    less.keep([2, 0])
    assert less.count == 2
    full, part = whole.epoch(), less.epoch()
    assert part[0].losses == pytest.approx(full[2].losses, rel=1e-5)
    assert part[1].figures == pytest.approx(full[0].figures, rel=1e-4)


def test_losses_of_short_trainings_end_at_the_first_that_is_not_finite():
    splits = data()
    splits = Splits(*(TensorData(d.x, d.x[:, :3]) for d in (splits.train, splits.val)))
    made = experiments(CELLS[:2], model=lambda: nn.Linear(6, 3), task="regression")
    rates = [[0.01] * 10, [1e25] * 10]
    fused = FusedTraining(made, splits, seed=SEED, device=CPU, rates=rates)
    (losses, figures), (short, _) = fused.losses(10, watch_every=5)
    single = Training(made[0], splits, seed=SEED, device=CPU, rates=rates[0])
    assert losses == pytest.approx(single.losses(lambda _: False, watch_every=5), rel=1e-4)
    assert figures == pytest.approx(single.monitor.flush(), rel=1e-3)
    assert 1 <= len(short) < 10
    assert all(math.isfinite(loss) for loss in short)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"update": lambda *_: 0.0}, "own update step"),
        ({"optimizer": lambda p, lr, _: torch.optim.SGD(p, lr)}, "own optimizer"),
        ({"model": nn.ReLU}, "no trainable parameters"),
        ({"model": lambda: nn.Linear(6, 3).double()}, "not all float32"),
    ],
)
def test_what_cannot_be_fused_says_why(given, reason):
    with pytest.raises(CannotFuse, match=reason):
        FusedTraining(experiments(**given), data(), seed=SEED, device=CPU)


class OwnNorm(nn.Module):
    """A running mean that is replaced, not changed in place."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 3)
        self.register_buffer("mean", torch.zeros(3))

    def forward(self, x):
        out = self.layer(x)
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * out.detach().mean(0)
        return out - self.mean


class Unused(nn.Module):
    def __init__(self):
        super().__init__()
        self.used, self.idle = nn.Linear(6, 3), nn.Linear(6, 3)

    def forward(self, x):
        return self.used(x)


@pytest.mark.parametrize(
    ("model", "reason"), [(OwnNorm, "replaces a buffer"), (Unused, "does not reach all")]
)
def test_what_would_come_out_differently_is_not_fused(model, reason):
    fused = FusedTraining(experiments(model=model), data(), seed=SEED, device=CPU)
    with pytest.raises(CannotFuse, match=reason):
        fused.epoch()


def test_groups_differ_by_everything_but_what_may_vary():
    first, second = experiments(CELLS[:2])
    assert fusion_group(first) == fusion_group(second)
    assert fusion_group(first) == fusion_group(
        first.with_params({"schedule": "step", "momentum": 0.5})
    )
    for other in ({"batch_size": 8}, {"dropout": 0.2}, {"optimizer": "adam"}, {"clip_norm": 1.0}):
        assert fusion_group(first) != fusion_group(second.with_params(other))
