"""Numbers by which equal inputs are known."""

import torch

from recipe.data.row_hashes import row_hashes


def test_zero_is_zero_whatever_its_sign():
    x = torch.tensor([[0.0, 1.0], [-0.0, 1.0], [0.0, -1.0]])
    first, second, third = row_hashes(x)
    assert first == second != third


def test_bits_that_differ_are_told_apart():
    x = torch.tensor([[1.0], [1.0 + 2**-23]])
    assert len(set(row_hashes(x))) == 2
    assert len(set(row_hashes(x.bfloat16()))) == 1
