"""Sound runs that look ill: none of them may raise an alarm."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from bases import BASES, Base, digit_images, mlp, split, standardised
from catalogue import drawn, ending, inputs, targets, updating, wrapped
from healthy import deep
from more_bases import MORE_BASES, normed, source
from shapes_of_models import Bounded, Fixup, Shared, UnitOutputs, WithoutBias
from torch import Tensor, nn
from torch.nn import functional as F

from recipe import Experiment

Make = Callable[[int], Experiment]
Sound = tuple[str, str, Make]
"""Name, base and experiment."""
BY_NAME = {b.name: b for b in (*BASES, *MORE_BASES)}


def changed(base: str, name: str, **fields: object) -> Sound:
    made = BY_NAME[base]
    return name, base, lambda seed: replace(made.make(seed), **fields)


def of(base: str, name: str, change: Callable[[Experiment], Experiment]) -> Sound:
    made = BY_NAME[base]
    return name, base, lambda seed: change(made.make(seed))


def own(name: str, make: Make) -> Sound:
    return name, "", make


def as_it_is(base: Base) -> Sound:
    return "as it is", base.name, base.make


def table(x: Tensor, y: Tensor, seed: int, **given: object) -> Experiment:
    return Experiment(**{**split(x, y, seed), "batch_size": 16, "optimizer": "adam", "lr": 3e-3,
                         "epochs": 15} | given)  # fmt: skip


def normal(n: int, width: int, seed: int) -> Tensor:
    return torch.randn(n, width, generator=source(seed))


# Linear data, and scores at their ceiling


def plain_line(seed: int) -> Experiment:
    x = normal(300, 5, 90)
    return table(x, x @ torch.tensor([[0.6], [-0.5], [0.4], [0.3], [-0.3]]), seed,
                 model=lambda: nn.Linear(5, 1), task="regression", lr=2e-2)  # fmt: skip


def two_linear_layers_on_a_line(seed: int) -> Experiment:
    x = normal(300, 5, 91)
    return table(x, standardised(x[:, :1] - x[:, 1:2] + 0.5 * normal(300, 1, 92)), seed,
                 model=lambda: nn.Sequential(nn.Linear(5, 3), nn.Linear(3, 1)), task="regression",
                 lr=1e-2)  # fmt: skip


def separated_by_a_line(seed: int) -> Experiment:
    x = normal(400, 4, 93)
    x = x[x[:, 0].abs() > 0.4]
    return table(x, (x[:, 0] > 0).float(), seed, task="binary", lr=1e-2,
                 model=lambda: nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 1)))  # fmt: skip


def logistic_regression(seed: int) -> Experiment:
    e = BY_NAME["cancer-table"].make(seed)
    return replace(e, model=lambda: nn.Linear(30, 1), lr=1e-2)


def softmax_regression(seed: int) -> Experiment:
    e = BY_NAME["wine-table"].make(seed)
    return replace(e, model=lambda: nn.Linear(13, 3), lr=1e-2)


def low_rank_factor(seed: int) -> Experiment:
    """A bottleneck without activation, by design."""
    e = BY_NAME["digits-mlp"].make(seed)
    return replace(e, model=lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(64, 12, bias=False), nn.Linear(12, 64), nn.ReLU(),
        nn.Linear(64, 10)))  # fmt: skip


def linear_autoencoder(seed: int) -> Experiment:
    e = BY_NAME["digits-autoencoder"].make(seed)
    return replace(e, model=lambda: nn.Sequential(nn.Linear(64, 16), nn.Linear(16, 64)))


def perfect_at_once(seed: int) -> Experiment:
    y = torch.arange(900) % 2
    x = normal(900, 3, 94) + 8 * y[:, None] - 4
    return table(x, y, seed, model=mlp(3, 2, 32), epochs=3)


def perfect_at_a_low_rate(seed: int) -> Experiment:
    y = torch.arange(900) % 3
    x = 5 * F.one_hot(y, 3).float() - 1.7 + 0.5 * normal(900, 3, 95)
    return table(x, y, seed, model=mlp(3, 3), lr=4e-4, epochs=12)


# Noise at its ceiling


def coin_with_a_bias(seed: int) -> Experiment:
    x = normal(800, 2, 96)
    y = torch.rand(800, generator=source(97)) < (0.7 * x[:, 0]).sigmoid()
    return table(x, y.float(), seed, model=mlp(2, 1, 16), task="binary", epochs=6)


def a_third_explained(seed: int) -> Experiment:
    x = normal(700, 3, 98)
    return table(x, standardised(x[:, :1] + 1.4 * normal(700, 1, 99)), seed, model=mlp(3, 1, 8),
                 task="regression", epochs=8)  # fmt: skip


def rare_and_natural(seed: int) -> Experiment:
    """One in twelve, and told well."""
    x = normal(900, 3, 100)
    return table(x, (x[:, 0] + 0.2 * x[:, 1] > 1.4).float(), seed, model=mlp(3, 1, 32),
                 task="binary", epochs=20)  # fmt: skip


def rare_digits(seed: int) -> Experiment:
    x, y = digit_images()
    kept = (y < 5) | (torch.arange(len(y)) % 6 == 0)
    return table(x[kept], y[kept], seed, model=mlp(64, 10), epochs=20)


# Rates, schedules and lengths


def restarts(progress: float) -> float:
    return 0.5 + 0.5 * torch.cos(torch.tensor(3.14159 * (3 * progress % 1))).item()


def steps_down(progress: float) -> float:
    return 1.0 if progress < 0.5 else 0.1 if progress < 0.8 else 0.01


def one_cycle(progress: float) -> float:
    return max(1e-3, 4 * progress if progress < 0.25 else (1 - progress) / 0.75)


def plateau_that_passes(seed: int) -> Experiment:
    """A parity of two among five signs: nothing is learnt for a while, then everything."""
    x = normal(1200, 5, 101).sign() * (0.6 + 0.4 * torch.rand(1200, 5, generator=source(102)))
    return table(x, (x[:, 0] * x[:, 1] > 0).float(), seed, model=mlp(5, 1, 32, nn.Tanh),
                 task="binary", batch_size=32, lr=3e-3, epochs=25)  # fmt: skip


def schedules() -> Iterator[Sound]:
    for base in ("digits-mlp", "friedman-table", "shapes-cnn"):
        yield changed(base, "warm restarts", schedule=restarts, epochs=24)
        yield changed(base, "steps down", schedule=steps_down, epochs=24)
        yield changed(base, "one cycle", schedule=one_cycle)
    yield changed("letters-gru", "warm-up of a third", warmup=0.33, epochs=24)
    for base in ("cancer-table", "wine-table", "words-transformer", "three-answers"):
        yield changed(base, "small rate of Adam", lr=5e-4, epochs=40)
    yield changed("digits-mlp", "catapult", lr=0.3, momentum=0.5, epochs=15)
    yield changed("friedman-table", "catapult", lr=0.12, momentum=0.5, epochs=25)
    yield changed("digits-mlp", "plain SGD at 0.4", lr=0.4, momentum=0.0, optimizer="sgd")
    yield changed("cancer-table", "six epochs of a table", epochs=6, lr=4e-3)
    yield changed("wine-table", "six epochs", epochs=6, lr=1e-2)
    yield changed("digits-mlp", "five epochs", epochs=5)
    yield changed("wine-table", "three times as long", epochs=60)
    yield changed("cancer-table", "RMSprop", optimizer="rmsprop", lr=1e-3)
    yield changed("shapes-cnn", "momentum 0.95", optimizer="sgd", lr=0.02, momentum=0.95)
    yield changed("digits-mlp", "clipped at 1", clip_norm=1.0)
    yield changed("letters-gru", "clipped at a quarter", clip_norm=0.25)
    yield changed("friedman-table", "batches of 2", batch_size=2, lr=4e-3, epochs=12)
    yield changed("friedman-table", "in the order of the file", shuffle=False)
    yield own("a plateau that passes", plateau_that_passes)


# Regularisation that helps


def high_dropout(seed: int) -> Experiment:
    e = BY_NAME["digits-mlp"].make(seed)
    x, y = e.train
    return replace(e, train=(x[:300], y[:300]), model=lambda: mlp(64, 10, 512)(0.7), epochs=40)


def mixed_pairs(model: Any, opt: Any, batch: Any, loss_function: Any) -> Any:
    """Mixup."""
    x, y = batch
    share = float(torch.distributions.Beta(0.4, 0.4).sample())
    order = torch.randperm(len(x))
    opt.zero_grad()
    outputs = model(share * x + (1 - share) * x[order])
    loss = share * loss_function(outputs, y) + (1 - share) * loss_function(outputs, y[order])
    loss.backward()
    opt.step()
    return loss


def accumulated(model: Any, opt: Any, batch: Any, loss_function: Any) -> Any:
    """Two halves of a batch, one step."""
    opt.zero_grad()
    total = 0.0
    for x, y in zip(batch[0].chunk(2), batch[1].chunk(2), strict=True):
        loss = loss_function(model(x), y) * len(x) / len(batch[0])
        loss.backward()
        total += loss.detach()
    opt.step()
    return total


def clipped_in_the_step(model: Any, opt: Any, batch: Any, loss_function: Any) -> Any:
    opt.zero_grad()
    loss = loss_function(model(batch[0]), batch[1])
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 2.0)
    opt.step()
    return loss


def perturbed(model: Any, opt: Any, batch: Any, loss_function: Any) -> Any:
    """Sharpness-aware minimisation."""
    opt.zero_grad()
    loss = loss_function(model(batch[0]), batch[1])
    loss.backward()
    norm = torch.stack([p.grad.norm() for p in model.parameters() if p.grad is not None]).norm()
    moved = [(p, 0.02 * p.grad / (norm + 1e-9)) for p in model.parameters() if p.grad is not None]
    with torch.no_grad():
        for p, step in moved:
            p.add_(step)
    opt.zero_grad()
    loss_function(model(batch[0]), batch[1]).backward()
    with torch.no_grad():
        for p, step in moved:
            p.sub_(step)
    opt.step()
    return loss


def focal(outputs: Tensor, y: Tensor) -> Tensor:
    each = F.cross_entropy(outputs, y, reduction="none")
    return ((1 - (-each).exp()) ** 2 * each).mean()


def rolled(x: Tensor) -> Tensor:
    return torch.roll(x, (int(torch.randint(-2, 3, ())), int(torch.randint(-2, 3, ()))), (-2, -1))


def erased(x: Tensor) -> Tensor:
    a, b = (int(torch.randint(0, 9, ())) for _ in range(2))
    x = x.clone()
    x[..., a : a + 3, b : b + 3] = 0
    return x


def regularised() -> Iterator[Sound]:
    yield own("dropout of 70 percent on few images", high_dropout)
    yield changed(
        "wine-table", "dropout of a half", model=lambda: normed(13, 3, 64)(0.5), epochs=40
    )
    yield changed("shapes-cnn", "rolled by two pixels", augment=rolled, epochs=25)
    yield changed("shapes-cnn", "patches erased", augment=erased, epochs=25)
    yield changed("shapes-cnn", "noise of a half",
                  augment=lambda x: x + 0.5 * torch.randn_like(x), epochs=25)  # fmt: skip
    for base in ("digits-mlp", "shapes-cnn", "wine-table"):
        yield of(base, "mixup", lambda e: replace(updating(e, mixed_pairs), epochs=25))
        yield changed(base, "label smoothing",
                      loss=lambda o, y: F.cross_entropy(o, y, label_smoothing=0.2))  # fmt: skip
        yield changed(base, "focal loss", loss=focal)
    for base in ("digits-mlp", "friedman-table", "letters-gru"):
        yield of(base, "accumulated", lambda e: updating(e, accumulated))
        yield of(base, "clipped in the step", lambda e: updating(e, clipped_in_the_step))
    yield of("digits-mlp", "sharpness-aware", lambda e: updating(e, perturbed))
    yield changed("digits-mlp", "hinge", loss=nn.MultiMarginLoss(), lr=0.1)
    yield changed("friedman-table", "Huber", loss=nn.HuberLoss(), lr=0.03, epochs=30)
    yield changed("digits-autoencoder", "noise to remove",
                  augment=lambda x: x + 0.3 * torch.randn_like(x))  # fmt: skip
    yield changed("friedman-table", "decay of a hundredth", weight_decay=0.01)


# Models that look wrong by design


def designed() -> Iterator[Sound]:
    digits = {"optimizer": "adam", "lr": 2e-3, "epochs": 20}
    for name, model in {
        "fixup": Fixup, "bounded by batch norm": Bounded, "layers shared": Shared,
        "outputs of unit length": UnitOutputs, "no bias": WithoutBias,
        "deep tanh": deep(5, nn.Tanh), "deep, wide": deep(6, nn.ReLU, width=128),
        "softplus": mlp(64, 10, 64, nn.Softplus), "hard swish": mlp(64, 10, 64, nn.Hardswish),
        "relu6": mlp(64, 10, 64, nn.ReLU6), "narrow": mlp(64, 10, 20),
    }.items():  # fmt: skip
        yield changed("digits-mlp", name, model=model, **digits)
    yield changed("waves-gru", "answers within three", model=lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 1), nn.Hardtanh(-3, 3)))  # fmt: skip
    for base in ("friedman-table", "shapes-cnn", "cancer-table"):
        yield of(
            base, "orthogonal weights", lambda e: drawn(e, lambda m: nn.init.orthogonal_(m.weight))
        )
        yield of(base, "half of He's weights", lambda e: drawn(e, half_of_he))
    yield changed("shapes-cnn", "no rate declared", lr=None)
    yield of("cancer-table", "probabilities and their loss", lambda e: replace(
        ending(e, nn.Sigmoid()), loss=lambda o, y: F.binary_cross_entropy(o[:, 0], y)))  # fmt: skip
    yield of("wine-table", "log-probabilities", lambda e: replace(
        ending(e, nn.LogSoftmax(1)), loss=F.nll_loss))  # fmt: skip
    yield of("wine-table", "labels as int32", lambda e: targets(e, lambda y: y.int()))
    yield of("shapes-cnn", "pixels from 0 to 1", lambda e: inputs(e, lambda x: (x + 3) / 9))
    yield of(
        "cancer-table",
        "ranks from 0 to 1",
        lambda e: replace(inputs(e, lambda x: (x / 2).sigmoid()), lr=5e-3, epochs=30),
    )
    yield of(
        "friedman-table", "normalised a little off", lambda e: inputs(e, lambda x: 1.4 * x + 0.3)
    )
    yield of("wine-table", "normalised in the model", lambda e: wrapped(
        inputs(e, lambda x: 50 * x + 200), lambda m: nn.Sequential(nn.BatchNorm1d(13), m)))  # fmt: skip


def half_of_he(module: Any) -> None:
    nn.init.kaiming_normal_(module.weight)
    module.weight.data.mul_(0.5)


def looks_ill() -> Iterator[Sound]:
    """All of them."""
    for base in MORE_BASES:
        yield as_it_is(base)
    for make in (plain_line, two_linear_layers_on_a_line, separated_by_a_line, logistic_regression,
                 softmax_regression, low_rank_factor, linear_autoencoder, perfect_at_once,
                 perfect_at_a_low_rate, coin_with_a_bias, a_third_explained, rare_and_natural,
                 rare_digits):  # fmt: skip
        yield own(make.__name__.replace("_", " "), make)
    yield from schedules()
    yield from regularised()
    yield from designed()
