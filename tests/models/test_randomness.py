"""Random numbers of a seed leave the caller's alone."""

import pytest
import torch
from test_building import CPU, build
from torch import nn

from recipe.core.errors import UsageError
from recipe.models.randomness import EpochRandomness, seeded


def test_the_callers_random_numbers_go_on_as_if_nothing_happened():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    build(lambda: nn.Linear(3, 4))
    with pytest.raises(UsageError), seeded(1, CPU):
        build(lambda: 1 / 0)
    assert torch.equal(torch.rand(4), expected)


def test_noise_goes_on_where_it_was_left():
    with seeded(4, CPU):
        expected = torch.rand(6)
    torch.manual_seed(3)
    after = torch.rand(2)
    torch.manual_seed(3)
    noise, drawn = EpochRandomness(4, CPU), []
    for _ in range(3):
        with noise.running():
            drawn.append(torch.rand(2))
        with EpochRandomness(5, CPU).running():
            torch.rand(7)
    assert torch.equal(torch.cat(drawn), expected)
    assert torch.equal(torch.rand(2), after)
