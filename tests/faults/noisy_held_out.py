"""Small noisy problems of which nothing is wrong: the half that was held out."""

import torch
from bases import mlp, standardised
from noisy import Make, classes, drawn, normal, real, source, yes_no
from torch import nn
from torch.nn import functional as F

from recipe import Experiment


def rings() -> Experiment:
    y = torch.arange(400) % 2
    angle = 6.283 * torch.rand(400, generator=source(101))
    radius = 1 + y + 0.6 * torch.randn(400, generator=source(102))
    return yes_no(radius[:, None] * torch.stack([angle.cos(), angle.sin()], 1), y, epochs=30)


def moons() -> Experiment:
    y = torch.arange(360) % 2
    angle = 3.1416 * torch.rand(360, generator=source(103))
    x = torch.stack([angle.cos(), angle.sin()], 1)
    x = torch.where(y[:, None] == 1, torch.tensor([1.0, 0.5]) - x, x)
    return classes(standardised(x + 0.5 * normal(360, 2, 104)), y, epochs=25)


def decay() -> Experiment:
    x = 4 * torch.rand(250, 1, generator=source(105))
    return real(standardised(x), (-x).exp() + 0.15 * normal(250, 1, 106), epochs=30)


def season() -> Experiment:
    x = 2 * torch.rand(500, 1, generator=source(107)) - 1
    return real(1.7 * x, torch.sin(3 * x) + x + 0.5 * normal(500, 1, 108), epochs=30)


def two_answers() -> Experiment:
    x = normal(400, 2, 109)
    y = torch.stack([x[:, 0], x[:, 0] - x[:, 1]], 1)
    return real(x, y + normal(400, 2, 110))


def grades() -> Experiment:
    x = normal(500, 1, 111)
    heard = x[:, 0] + 0.7 * normal(500, 1, 112)[:, 0]
    return classes(x, torch.bucketize(heard, torch.tensor([-1.2, -0.4, 0.4, 1.2])))


def visitors() -> Experiment:
    day = torch.randint(0, 100, (400, 1), generator=source(113)).float()
    y = torch.poisson(40 + 0.3 * day, generator=source(114))
    return real(standardised(day), y)


def three_weak_signs() -> Experiment:
    x = normal(600, 3, 115)
    return yes_no(x, drawn((0.8 * x.sum(1) / 1.7).sigmoid(), 116))


def one_in_twenty_by_one() -> Experiment:
    x = normal(1000, 1, 117)
    return yes_no(x, drawn((x[:, 0] - 3.4).sigmoid(), 118))


def saturation() -> Experiment:
    dose = 10 * torch.rand(200, 1, generator=source(119))
    y = dose / (1.5 + dose) + 0.08 * normal(200, 1, 120)
    return real(standardised(dose.round(decimals=1)), y, epochs=30)


def flipped_labels() -> Experiment:
    x = normal(500, 3, 121)
    return yes_no(x, (x[:, 0] + x[:, 1] > 0) ^ drawn(torch.full((500,), 0.25), 122))


def two_branches() -> Experiment:
    x = 2 * torch.rand(400, 1, generator=source(123)) - 1
    sign = 2.0 * drawn(torch.full((400, 1), 0.75), 124) - 1
    return real(1.7 * x, x * sign + 0.1 * normal(400, 1, 125))


def groups() -> Experiment:
    group = torch.randint(0, 3, (400,), generator=source(126))
    x = F.one_hot(group, 3).float()
    return real(x, group[:, None] + 1.2 * normal(400, 1, 127))


def eight_doses() -> Experiment:
    dose = torch.randint(0, 8, (320, 1), generator=source(128)).float()
    return yes_no(standardised(dose), drawn((0.6 * (dose[:, 0] - 3.5)).sigmoid(), 129))


def yesterday() -> Experiment:
    steps, series = normal(501, 1, 130), torch.zeros(501, 1)
    for place in range(1, 501):
        series[place] = 0.7 * series[place - 1] + steps[place]
    return real(series[:-1], series[1:])


def double_tails() -> Experiment:
    x = normal(400, 2, 131)
    u = torch.rand(400, 1, generator=source(132)) - 0.5
    noise = -u.sign() * (1 - 2 * u.abs()).log()
    return real(x, x[:, :1] - 0.5 * x[:, 1:] + noise, loss=F.l1_loss)


def two_logits_for_one() -> Experiment:
    x = normal(300, 1, 133)
    return classes(x, drawn((2 * x[:, 0]).sigmoid(), 134), optimizer="sgd", lr=0.05)


def eighty_rows() -> Experiment:
    x = normal(80, 1, 135)
    return real(x, x.square() + normal(80, 1, 136), epochs=30, optimizer="adamw")


def with_dropout() -> Experiment:
    x = normal(1000, 2, 137)
    y = x[:, :1].sin() + x[:, 1:] + normal(1000, 1, 138)
    return real(x, y, model=lambda: mlp(2, 1, 128)(0.2))


def narrow_sigmoids() -> Experiment:
    x = normal(400, 3, 139)
    y = (x[:, :1] + x[:, 1:2] * x[:, 2:]).tanh() + 0.5 * normal(400, 1, 140)
    return real(x, y, model=mlp(3, 1, 16, nn.Sigmoid), epochs=40, lr=5e-3)


HELD_OUT: tuple[Make, ...] = (
    rings, moons, decay, season, two_answers, grades, visitors, three_weak_signs,
    one_in_twenty_by_one, saturation, flipped_labels, two_branches, groups, eight_doses, yesterday,
    double_tails, two_logits_for_one, eighty_rows, with_dropout, narrow_sigmoids,
)  # fmt: skip
