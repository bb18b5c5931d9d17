"""Small problems of one to three noisy inputs, of which nothing is wrong: the half that was seen."""

from collections.abc import Callable

import torch
from bases import mlp, split, standardised
from torch import Tensor, nn
from torch.nn import functional as F

from recipe import Experiment

Make = Callable[[], Experiment]


def source(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(n: int, width: int, seed: int) -> Tensor:
    return torch.randn(n, width, generator=source(seed))


def real(x: Tensor, y: Tensor, **given: object) -> Experiment:
    """A regression of targets of unit scale."""
    y = standardised(y.reshape(len(x), -1))
    return Experiment(**{
        "model": mlp(x.shape[1], y.shape[1]), **split(x, y, 1), "task": "regression",
        "batch_size": 16, "optimizer": "adam", "lr": 2e-3, "epochs": 15,
    } | given)  # fmt: skip


def yes_no(x: Tensor, y: Tensor, **given: object) -> Experiment:
    """A yes or no, one logit."""
    return Experiment(**{
        "model": mlp(x.shape[1], 1), **split(x, y.float(), 1), "task": "binary",
        "batch_size": 16, "optimizer": "adam", "lr": 2e-3, "epochs": 15,
    } | given)  # fmt: skip


def classes(x: Tensor, y: Tensor, **given: object) -> Experiment:
    """Classes, a logit each."""
    return Experiment(**{
        "model": mlp(x.shape[1], int(y.max()) + 1), **split(x, y.long(), 1),
        "batch_size": 16, "optimizer": "adam", "lr": 2e-3, "epochs": 15,
    } | given)  # fmt: skip


def drawn(chance: Tensor, seed: int) -> Tensor:
    return torch.rand(chance.shape, generator=source(seed)) < chance


def sales_by_advertising() -> Experiment:
    x = 300 * torch.rand(200, 1, generator=source(1))
    y = 7 + 0.047 * x + 3.2 * normal(200, 1, 2)
    return real(standardised(x.round(decimals=1)), y.round(decimals=1))


def bought_by_age() -> Experiment:
    x = normal(400, 1, 3)
    return yes_no((10 * x).round() / 10, drawn((1.2 * x[:, 0]).sigmoid(), 4))


def weak_of_two() -> Experiment:
    x = normal(400, 2, 5)
    return real(x, x[:, :1] + 1.5 * normal(400, 1, 6))


def sine() -> Experiment:
    x = 4 * torch.rand(300, 1, generator=source(7)) - 2
    return real(x, torch.sin(2 * x) + 0.4 * normal(300, 1, 8), epochs=40)


def noisy_xor() -> Experiment:
    x = normal(400, 2, 9)
    y = (x[:, 0] * x[:, 1] > 0) ^ drawn(torch.full((400,), 0.15), 10)
    return yes_no(x, y, epochs=30)


def two_clouds() -> Experiment:
    y = torch.arange(400) % 2
    return yes_no(normal(400, 2, 11) + y[:, None], y)


def three_clouds() -> Experiment:
    y = torch.arange(450) % 3
    centres = torch.tensor([[1.0, 0.0], [-0.5, 0.9], [-0.5, -0.9]])
    return classes(centres[y] + normal(450, 2, 12), y)


def one_in_twenty() -> Experiment:
    x = normal(800, 2, 13)
    return yes_no(x, drawn((1.5 * x[:, 0] - 4.0).sigmoid(), 14))


def counts() -> Experiment:
    x = normal(400, 1, 15)
    y = torch.poisson((0.5 + 0.6 * x).exp(), generator=source(16))
    return real(x, y)


def counts_by_likelihood() -> Experiment:
    x = normal(400, 1, 17)
    y = torch.poisson((0.5 + 0.6 * x).exp(), generator=source(18))
    return real(x, y, **split(x, y, 1), loss=nn.PoissonNLLLoss())


def wider_to_the_right() -> Experiment:
    x = 3 * torch.rand(400, 1, generator=source(19))
    return real(standardised(x), x + 0.6 * x * normal(400, 1, 20))


def hardly_anything() -> Experiment:
    x = normal(500, 1, 21)
    return real(x, 0.4 * x + normal(500, 1, 22))


def a_step() -> Experiment:
    x = normal(300, 1, 23)
    return real(x, (x > 0.3).float() + 0.2 * normal(300, 1, 24), epochs=30)


def a_bowl() -> Experiment:
    x = normal(400, 2, 25)
    return real(x, x.square().sum(1, keepdim=True) + normal(400, 1, 26), epochs=30)


def three_that_act_together() -> Experiment:
    x = normal(600, 3, 27)
    return real(x, x[:, :1] * x[:, 1:2] + x[:, 2:] + 1.2 * normal(600, 1, 28), epochs=30)


def heavy_tails() -> Experiment:
    x = normal(400, 1, 29)
    tails = normal(400, 1, 30) / (normal(400, 3, 31).square().mean(1, keepdim=True)).sqrt()
    return real(x, 1.5 * x + tails, loss=F.smooth_l1_loss)


def prices_by_area() -> Experiment:
    area = 80 * (0.35 * normal(300, 1, 32)).exp()
    price = area * (0.3 * normal(300, 1, 33)).exp()
    return real(standardised(area.round()), price)


def sixty_rows() -> Experiment:
    x = normal(60, 1, 34)
    return real(x, x + 0.65 * normal(60, 1, 35), epochs=30)


def years_of_age() -> Experiment:
    age = torch.randint(18, 80, (320, 1), generator=source(36)).float()
    return yes_no(standardised(age), drawn(((age[:, 0] - 50) / 12).sigmoid(), 37))


def smooth_and_clear() -> Experiment:
    x = 4 * torch.rand(400, 1, generator=source(38)) - 2
    y = torch.sin(1.5 * x) + 0.15 * normal(400, 1, 39)
    return real(x, y, model=mlp(1, 1, 32, nn.Tanh), optimizer="sgd", lr=0.05, epochs=40)


SEEN: tuple[Make, ...] = (
    sales_by_advertising, bought_by_age, weak_of_two, sine, noisy_xor, two_clouds, three_clouds,
    one_in_twenty, counts, counts_by_likelihood, wider_to_the_right, hardly_anything, a_step,
    a_bowl, three_that_act_together, heavy_tails, prices_by_area, sixty_rows, years_of_age,
    smooth_and_clear,
)  # fmt: skip
