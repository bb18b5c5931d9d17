"""Inputs of several parts, of which some are standardised, against the same by hand."""

import torch
from torch import nn

from recipe.data.trees import Items, Tree
from recipe.models.adapted import Adapter, adapt
from recipe.models.calling import Calling
from recipe.models.wrappers import StandardisedParts


class Sum(nn.Module):
    def forward(self, a, b):
        return a.sum(1) + b


def test_some_parts_are_brought_to_zero_mean_and_deviation_one():
    generator = torch.Generator().manual_seed(0)
    a, b = 5 + 3 * torch.randn(8, 4, generator=generator), torch.arange(8.0)
    model = adapt(Sum(), Adapter(Calling(("a", "b"))))
    made = StandardisedParts(model, {"a": (a.mean(0), a.std(0))})
    batch = Tree({"a": a, "b": b, "name": Items("abcdefgh")})
    wanted = ((a - a.mean(0)) / a.std(0)).sum(1) + b
    torch.testing.assert_close(made(batch), wanted)
    assert torch.equal(batch.value["a"], a)
    assert list(made.state_dict()) == ["mean0", "deviation0"]
