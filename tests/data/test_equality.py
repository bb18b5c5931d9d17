"""What counts as the same."""

import torch

from recipe.data.equality import identical
from recipe.data.trees import Items, Tree


def test_tensors():
    nan = torch.tensor([1.0, float("nan"), float("inf")])
    assert identical(nan, nan.clone())
    assert not identical(nan, torch.tensor([1.0, 0.0, float("inf")]))
    assert not identical(torch.tensor([float("nan")]), torch.tensor([0.0]))
    assert not identical(torch.tensor([float("inf")]), torch.tensor([torch.finfo().max]))
    assert not identical(torch.zeros(2), torch.zeros(2, dtype=torch.long))
    assert not identical(torch.zeros(2), torch.zeros(1, 2))
    assert identical(torch.ones(2, dtype=torch.bool), torch.ones(2, dtype=torch.bool))


def test_trees():
    zeros = torch.zeros(2)
    assert identical(Tree({"a": zeros, "b": (zeros,)}), {"b": (zeros,), "a": zeros})
    assert not identical(zeros, Tree({"a": zeros}))
    assert not identical(Tree({"a": zeros}), Tree({"b": zeros}))
    assert not identical(Tree((zeros, zeros)), Tree([zeros, zeros]))
    assert not identical(Tree({"a": zeros, "n": 1}), Tree({"a": zeros, "n": 2}))


def test_entries_that_stay_apart():
    names = [Tree({"a": torch.zeros(1), "name": Items([name])}) for name in ("x", "x", "y")]
    assert identical(names[0], names[1])
    assert not identical(names[0], names[2])
    boxes = [Tree(Items([{"boxes": torch.ones(k, 4)}])) for k in (1, 1, 2)]
    assert identical(boxes[0], boxes[1])
    assert not identical(boxes[0], boxes[2])
    assert not identical(Tree(Items("ab")), Tree(Items("abc")))
