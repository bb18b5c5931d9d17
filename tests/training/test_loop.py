import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe import Experiment
from recipe.core.errors import RecipeError
from recipe.core.keys_and_seeds import derive_seed
from recipe.data.datasets import Splits, TensorData
from recipe.training.evaluation import evaluate
from recipe.training.execution_mode import PLAIN, ExecutionMode
from recipe.training.loop import Training
from recipe.training.monitors import ActivationMonitor
from recipe.training.plan import iterations_per_epoch, pause_in

CPU = torch.device("cpu")
SEED = 3


def cloud(n, seed=0, classes=3):
    source = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 4, generator=source)
    return TensorData(
        x, (x[:, :classes] + 0.3 * torch.randn(n, classes, generator=source)).argmax(1)
    )


DATA = Splits(cloud(50), cloud(30, 1))


def net():
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))


def experiment(**given):
    return Experiment(
        **{"model": net, "train": None, "lr": 0.05, "epochs": 3, "batch_size": 16,
           "schedule": "constant", "weight_decay": 0.0, **given}
    )  # fmt: skip


def training(data=DATA, seed=SEED, rates=None, mode=PLAIN, **given):
    return Training(experiment(**given), data, seed=seed, device=CPU, rates=rates, mode=mode)


def all_losses(made):
    return [loss for epoch in made.epochs() for loss in epoch.losses]


# The reference: one parameter after the other, by the formulas of the papers.


def descend(declared, p, g, state, lr, t):  # noqa: PLR0917 - as in the formulas
    name, decay = declared.optimizer, declared.weight_decay
    if name == "adamw":
        p = p * (1 - lr * decay)
    else:
        g = g + decay * p
    if name == "sgd":  # Nesterov momentum
        state["b"] = g if t == 1 else 0.9 * state["b"] + g
        return p - lr * (g + 0.9 * state["b"])
    if name == "rmsprop":
        state["v"] = 0.99 * state.get("v", 0) + 0.01 * g * g
        return p - lr * g / (state["v"].sqrt() + 1e-8)
    state["m"] = 0.9 * state.get("m", 0) + 0.1 * g
    state["v"] = 0.999 * state.get("v", 0) + 0.001 * g * g
    m, v = state["m"] / (1 - 0.9**t), state["v"] / (1 - 0.999**t)
    return p - lr * m / (v.sqrt() + 1e-8)


def reference(declared, data=DATA, seed=SEED):
    """Batch losses of a training, the slow and obvious way."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "weights"))
        model = declared.model()
    params, losses, t = list(model.parameters()), [], 0
    states = [{} for _ in params]
    n, size = len(data.train), declared.batch_size
    total = declared.epochs * math.ceil(n / size)
    for epoch in range(declared.epochs):
        order = list(range(n))
        if declared.shuffle:
            source = torch.Generator().manual_seed(derive_seed(seed, "order", epoch))
            order = torch.randperm(n, generator=source).tolist()
        for start in range(0, n, size):
            index = order[start : start + size]
            x = torch.stack([data.train.x[i] for i in index])
            y = torch.stack([data.train.y[i] for i in index])
            if declared.augment:
                x = declared.augment(x)
            log_p = model(x).log_softmax(1)
            loss = -sum(log_p[i, label] for i, label in enumerate(y)) / len(y)
            grads = torch.autograd.grad(loss, params)
            norm = math.sqrt(sum((g * g).sum().item() for g in grads))
            if declared.clip_norm and norm > declared.clip_norm:
                grads = [g * declared.clip_norm / norm for g in grads]
            factor = {
                "constant": 1.0,
                "cosine": 0.5 + 0.5 * math.cos(math.pi * t / total),
                "linear": 1 - t / total,
            }[declared.schedule]
            t += 1
            for p, g, state in zip(params, grads, states, strict=True):
                p.data = descend(declared, p.data, g, state, declared.lr * factor, t)
            losses.append(loss.item())
    return losses


@pytest.mark.parametrize(
    "given",
    [
        {"optimizer": "sgd"},
        {"optimizer": "adam"},
        {"optimizer": "adamw"},
        {"optimizer": "rmsprop"},
        {"optimizer": "sgd", "weight_decay": 0.1},
        {"optimizer": "adam", "weight_decay": 0.1},
        {"optimizer": "adamw", "weight_decay": 0.5},
        {"optimizer": "rmsprop", "weight_decay": 0.1},
        {"clip_norm": 0.05},
        {"clip_norm": 1e3},
        {"schedule": "cosine"},
        {"schedule": "linear", "optimizer": "adam"},
        {"shuffle": False},
        {"augment": lambda x: x * 2 - 1},
        {"batch_size": 64},
    ],
    ids="-".join,
)
def test_training_against_a_slow_reference(given):
    found = all_losses(training(**given))
    assert found == pytest.approx(reference(experiment(**given)), rel=2e-4, abs=2e-5)
    assert found[-1] < found[0]


def test_every_setting_makes_a_difference():
    runs = [training(), training(weight_decay=0.1), training(clip_norm=0.05), training(seed=4),
            training(schedule="cosine"), training(shuffle=False), training(augment=torch.neg)]  # fmt: skip
    assert len({tuple(all_losses(run)) for run in runs}) == len(runs)


def test_figures_of_an_epoch():
    made = training()
    epochs = list(made.epochs())
    assert [epoch.number for epoch in epochs] == [0, 1, 2]
    figures = epochs[-1].figures
    assert figures["train_loss"] == pytest.approx(sum(epochs[-1].losses) / 4)
    assert figures["lr"] == 0.05
    with torch.no_grad():
        outputs = made.model(DATA.val.x)
    assert figures["val_loss"] == pytest.approx(F.cross_entropy(outputs, DATA.val.y).item())
    right = (outputs.argmax(1) == DATA.val.y).float().mean().item()
    assert figures["val_score"] == pytest.approx(right)
    assert 0 < figures["train_score"] <= 1
    assert figures["grad_norm"] > 0
    assert figures["update_ratio"] > 0
    assert figures["saturated_units"] >= 0


def noisy():
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 3))


def jitter(x):
    return x + 0.1 * torch.randn_like(x)


def test_interleaved_trainings_are_the_same_as_one_after_the_other():
    def make():
        return [training(model=noisy, augment=jitter, seed=seed).epochs() for seed in (1, 2)]

    one, two = make()
    apart = list(one), list(two)
    one, two = make()
    pairs = []
    for first, second in zip(one, two, strict=True):
        torch.rand(5)  # the user's own draws change nothing either
        pairs.append((first, second))
    assert tuple(map(list, zip(*pairs, strict=True))) == apart
    assert apart[0] != apart[1]


def drawing(**given):
    def model():
        return nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 3)
        )

    return training(model=model, augment=lambda x: x + torch.randn_like(x), **given)


@pytest.mark.parametrize("pauses", [[0], [1], [3], [1, 2, 3], [2, 2]])
def test_an_epoch_that_pauses_ends_like_one_that_does_not(pauses):
    whole, paused, other = drawing(), drawing(), drawing(seed=9)
    expected, others = list(whole.epochs()), other.epochs()
    torch.manual_seed(1)
    for number in range(3):
        for pause in pauses:
            epoch = paused.epoch(pause)
            assert (epoch.number, epoch.part, epoch.figures) == (number, pause / 4, {})
            assert epoch.losses == expected[number].losses[:pause]
            torch.rand(5)
        next(others)  # another training draws numbers of its own
        assert paused.epoch() == expected[number]
    state = paused.model.state_dict()
    assert all(torch.equal(state[name], v) for name, v in whole.model.state_dict().items())


def test_a_loss_that_is_not_finite_before_the_pause_ends_the_epoch():
    loss, _ = explode(2, math.nan)
    epoch = training(loss=loss).epoch(3)
    assert (epoch.diverged, epoch.part, len(epoch.losses)) == (True, 1.0, 1)
    loss, _ = explode(2, math.nan)
    assert epoch.figures == next(training(loss=loss).epochs()).figures


@pytest.mark.parametrize(
    ("part", "iterations", "expected"),
    [(1 / 3, 9, 3), (1 / 3, 10, 3), (0.99, 10, 9), (0.01, 10, 0), (1.0, 10, None), (2.5, 10, None)],
)
def test_pause_in(part, iterations, expected):
    assert pause_in(part, iterations) == expected


def test_epochs_see_different_noise_and_order():
    dropped = training(model=noisy, lr=1e-30, shuffle=False)
    assert len({tuple(epoch.losses) for epoch in dropped.epochs()}) == 3
    shuffled = training(lr=1e-30)
    assert len({tuple(epoch.losses) for epoch in shuffled.epochs()}) == 3


def test_the_global_random_state_is_left_alone():
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    made = training(model=noisy, augment=jitter)
    for _ in made.epochs():
        pass
    made.losses(lambda _: False)
    assert torch.equal(torch.rand(3), expected)


def explode(at, value):
    """A loss that becomes `value` at its call number `at` in training."""
    calls = []

    def loss(outputs, targets):
        if outputs.requires_grad:
            calls.append(1)
        found = F.cross_entropy(outputs, targets)
        return found * value if len(calls) == at else found

    return loss, calls


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_ends_at_once_and_is_not_recorded(value):
    loss, calls = explode(6, value)
    epochs = list(training(loss=loss).epochs())
    assert len(calls) == 6
    assert [epoch.diverged for epoch in epochs] == [False, True]
    assert len(epochs[1].losses) == 1
    assert all(map(math.isfinite, epochs[1].losses))
    assert "val_loss" not in epochs[1].figures
    assert "train_score" not in epochs[1].figures

    loss, calls = explode(6, value)
    assert len(training(loss=loss).losses(lambda _: False)) == 5
    assert len(calls) == 6


def test_losses_are_those_of_the_epochs_and_stop_when_told():
    whole = training().losses(lambda _: False)
    assert whole == all_losses(training())
    assert training().losses(lambda losses: len(losses) == 5) == whole[:5]


def test_activations_are_read_in_evaluation_mode():
    model = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(0.9), nn.ReLU(), nn.Linear(4, 3)).train()
    monitor = ActivationMonitor()
    data = TensorData(torch.ones(8, 4), torch.zeros(8, dtype=torch.long))
    evaluate(model, experiment(), data, monitor=monitor)
    assert [share.item() for share in monitor.dead] == [0.0]
    assert model[0].num_batches_tracked == 0


def test_without_a_rate_the_losses_are_those_of_weights_that_stand_still():
    still, moved = training(rates=[0.0] * 12), training(rates=[1e-30] * 12)
    before = [p.clone() for p in still.model.parameters()]
    assert still.losses(lambda _: False) == moved.losses(lambda _: False)
    for old, new in zip(before, still.model.parameters(), strict=True):
        assert torch.equal(old, new)
        assert new.grad is None  # forward passes alone


@pytest.mark.parametrize("every", [1, 3, 10])  # an epoch has four iterations
def test_losses_are_watched_across_epochs(every):
    made = training()
    made.losses(lambda _: False, watch_every=every)
    assert len(made.monitor.samples) == 12 // every
    made = training()
    made.losses(lambda _: False)
    assert not made.monitor.flush()


def test_given_rates_replace_the_schedule():
    rates = [0.05] * 4 + [0.0] * 3
    epochs = list(training(rates=rates).epochs())
    assert [len(epoch.losses) for epoch in epochs] == [4, 3]
    assert [epoch.figures["lr"] for epoch in epochs] == [0.05, 0.0]
    assert epochs[0].figures["val_loss"] == epochs[1].figures["val_loss"]
    assert epochs[1].figures["update_ratio"] == 0


def image_net():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, 2),
    )  # fmt: skip


def test_channels_last_is_the_same_within_rounding():
    x = torch.randn(40, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    images = TensorData(x, (x.mean((1, 2, 3)) > 0).long())
    fast = training(Splits(images, images), model=image_net, mode=ExecutionMode(channels_last=True))
    plain = training(Splits(images, images), model=image_net)
    for a, b in zip(fast.epochs(), plain.epochs(), strict=True):
        assert a.losses == pytest.approx(b.losses, rel=1e-3)
        assert a.figures == pytest.approx(b.figures, rel=1e-2, abs=1e-4)


def test_a_metric_of_ones_own_sees_all_items_at_once():
    seen = []

    def worst(outputs, targets):
        seen.append(len(outputs))
        return -F.cross_entropy(outputs, targets, reduction="none").max().item()

    data = Splits(DATA.train, cloud(1100, 2))
    made = training(data, metric=worst, epochs=1)
    (epoch,) = made.epochs()
    assert seen == [1100]
    outputs = made.model(data.val.x).detach()
    assert epoch.figures["val_score"] == pytest.approx(worst(outputs, data.val.y))
    assert "train_score" not in epoch.figures


def test_evaluate_weighs_every_item_alike_and_switches_dropout_off():
    data = cloud(700, 4)  # evaluated in batches of 512 and 188
    model = noisy()
    loss, score = evaluate(model.train(), experiment(), data)
    outputs = model.eval()(data.x)
    assert loss == pytest.approx(F.cross_entropy(outputs, data.y).item(), rel=1e-5)
    assert score == pytest.approx((outputs.argmax(1) == data.y).double().mean().item())


def test_validation_does_not_change_the_model_or_the_data():
    def in_place():
        return nn.Sequential(nn.ReLU(inplace=True), nn.Linear(4, 3))

    data = Splits(cloud(50), cloud(30, 1))
    list(training(data, model=in_place, shuffle=False).epochs())
    for part, made in ((data.train, cloud(50)), (data.val, cloud(30, 1))):
        assert torch.equal(part.x, made.x)


@pytest.mark.parametrize(
    ("n", "size"), [(50, 16), (48, 16), (49, 16), (1, 16), (2, 16), (3, 1), (17, 16), (16, 16)]
)
def test_iterations_per_epoch_is_the_number_of_batches(n, size):
    data = cloud(n)
    assert iterations_per_epoch(data, size) == len(list(data.batches(size)))


def test_it_needs_a_resolved_experiment():
    for missing in ("lr", "epochs", "schedule"):
        with pytest.raises(RecipeError, match="resolved"):
            Training(replace(experiment(), **{missing: None}), DATA, seed=0, device=CPU)
