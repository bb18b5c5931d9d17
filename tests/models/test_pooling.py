import copy

import pytest
import torch
from torch import nn

from recipe.models.pooling import pool_before_relu, pooling_may_come_first, relus_before_pooling


def net(pooling=None, relu=None):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), relu or nn.ReLU(),
            pooling or nn.MaxPool2d(2),
        ),
        nn.Flatten(), nn.LazyLinear(4),
    )  # fmt: skip


def images():
    x = torch.randn(16, 3, 9, 9, generator=torch.Generator().manual_seed(1))
    x[:4] = x[:4].round()  # many values that are equal
    x[4, :, :5] = -3.0
    return x


def passed(model, x):
    """Outputs, gradients of weights and inputs, and buffers."""
    x = x.clone().requires_grad_()
    out = model(x)
    (out**2).sum().backward()
    return [out.detach(), x.grad, *(p.grad for p in model.parameters()), *model.buffers()]


@pytest.mark.parametrize(
    "pooling",
    [nn.MaxPool2d(2), nn.MaxPool2d(3, 2, padding=1), nn.MaxPool2d(2, ceil_mode=True),
     nn.MaxPool2d(3, 1), nn.MaxPool2d(2, 4), nn.MaxPool2d(2, dilation=2)],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("inplace", [False, True])
def test_the_numbers_are_the_same_bit_for_bit(pooling, inplace):
    model = net(pooling, nn.ReLU(inplace))
    model(images())  # lazy weights
    changed = pool_before_relu(copy.deepcopy(model))
    assert isinstance(changed[0][2], nn.MaxPool2d)
    assert isinstance(changed[0][3], nn.ReLU)
    for mine, usual in zip(passed(changed, images()), passed(model, images()), strict=True):
        assert torch.equal(mine, usual)
    assert list(changed.state_dict()) == list(model.state_dict())


def test_a_nan_comes_through():
    x = images()
    x[0, 0, 0, 0] = float("nan")
    model = nn.Sequential(nn.ReLU(), nn.MaxPool2d(2))
    usual = model(x)
    assert torch.equal(pool_before_relu(model)(x).isnan(), usual.isnan())
    assert usual.isnan().any()


class Twice(nn.Module):
    """Uses the rectified values for themselves too."""

    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()
        self.body = nn.Sequential(self.relu, nn.MaxPool2d(2))


class Own(nn.Sequential):
    def forward(self, x):
        for part in self:
            x = part(x) + 0.1
        return x


def repeated(shared):
    """The same module twice in one sequence, once between a ReLU and its pooling."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), shared, nn.MaxPool2d(2),
        nn.Conv2d(4, 4, 3), nn.ReLU(), shared, nn.MaxPool2d(2),
    )  # fmt: skip


def watched():
    model = net()
    model[0][2].register_forward_hook(lambda *_: None)
    return model


@pytest.mark.parametrize(
    "model",
    [net(relu=nn.LeakyReLU()), net(nn.AvgPool2d(2)), net(nn.MaxPool2d(2, return_indices=True)),
     Twice(), Own(nn.ReLU(), nn.MaxPool2d(2)), watched(),
     nn.Sequential(nn.MaxPool2d(2), nn.ReLU()), repeated(nn.Dropout(0.3))],
)  # fmt: skip
def test_anything_else_stays_as_it_is(model):
    assert relus_before_pooling(model) == []
    assert pool_before_relu(model) is model


class Tapped(nn.Module):
    """Looks at what is between the two, as a network that keeps features does."""

    def __init__(self, weight):
        super().__init__()
        self.weight = weight
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.body = nn.Sequential(nn.ReLU(), nn.MaxPool2d(2))
        self.last = nn.Linear(5, 2)

    def forward(self, x):
        x = self.first(x)
        kept = 0.0
        for part in self.body:
            x = part(x)
            if isinstance(part, nn.ReLU):
                kept = x.mean((1, 2, 3))
        features = torch.cat([x.mean((2, 3)), kept[:, None]], 1)
        return self.last(features) * self.weight


class Skip(nn.Module):
    """Goes on with what a ReLU rectified in place."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.body = nn.Sequential(nn.ReLU(inplace=True), nn.MaxPool2d(2))
        self.last = nn.Linear(8, 2)

    def forward(self, x):
        skip = self.first(x)
        pooled = self.body(skip)
        return self.last(torch.cat([pooled.mean((2, 3)), skip.mean((2, 3))], 1))


def plain():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(36, 2),
    )  # fmt: skip


def zero_head():
    model = plain()
    nn.init.zeros_(model[-1].weight)
    return model


def no_pooling():
    return nn.Sequential(nn.Conv2d(3, 2, 9), nn.Flatten())


@pytest.mark.parametrize(
    ("factory", "found"),
    [(plain, True), (zero_head, True), (lambda: Tapped(1.0), False), (Skip, False),
     (lambda: Tapped(0.0), True),  # nothing depends on what differs
     (no_pooling, False)],
)  # fmt: skip
def test_it_is_tried_before_it_is_done(factory, found):
    def make():
        torch.manual_seed(0)
        return factory()

    y = torch.arange(8) % 2
    assert (
        pooling_may_come_first(make, images()[:8], lambda out: nn.functional.cross_entropy(out, y))
        is found
    )
