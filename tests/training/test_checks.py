"""What a few items show that could not be used."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe.core.errors import UsageError
from recipe.data.trees import Tree
from recipe.models.calling import Calling
from recipe.training.checks import check_loss, check_val

X, Y = torch.zeros(4, 3), torch.zeros(4, dtype=torch.long)


def test_validation_items_like_those_of_training():
    model = nn.Linear(3, 2)
    check_val(model, None, (X, Y), (X[:2], Y[:2]))
    with pytest.raises(
        UsageError,
        match=r"items of train \(a tensor \[3\]\) and not those of val \(a tensor \[2\]\)",
    ):
        check_val(model, None, (X, Y), (X[:, :2], Y))
    with pytest.raises(UsageError, match=r"targets of val \(a dict: a \[\]\) differ in structure"):
        check_val(model, None, (X, Y), (X, Tree({"a": Y})))
    one = Calling(only="x")
    check_val(model, one, (Tree({"x": X}), Y), (Tree({"x": X + 1}), Y))
    with pytest.raises(
        UsageError, match=r"inputs of val \(a dict: z \[3\]\).*train \(a dict: x \[3\]\)"
    ):
        check_val(model, one, (Tree({"x": X}), Y), (Tree({"z": X}), Y))


def test_images_of_another_size_are_fine_where_the_model_takes_them():
    model = nn.Sequential(nn.Conv2d(3, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    check_val(model, None, (torch.zeros(2, 3, 8, 8), Y), (torch.zeros(2, 3, 12, 12), Y))


def test_a_look_at_validation_items_leaves_no_mark():
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5)).eval()
    before = torch.get_rng_state()
    check_val(model, None, (X, Y), (X + 1, Y))
    assert torch.equal(torch.get_rng_state(), before)
    assert model[0].num_batches_tracked == 0


def test_a_loss_that_looks_for_another_part():
    returned = {"a": X, "state": X}
    with pytest.raises(
        UsageError, match=r"KeyError: 'b' \(test_checks.py.*'a', 'state'.*part 'a'.*outputs="
    ):
        check_loss(lambda o, y: o["b"].mean(), returned, X, "a", Y)
    with pytest.raises(
        UsageError, match=r"AttributeError: 'dict' object has no attribute 'logits'"
    ):
        check_loss(lambda o, y: o.logits.mean(), returned, X, "a", Y)
    check_loss(F.cross_entropy, returned, X, "a", Y)
    check_loss(lambda o, y: o["a"].mean(), returned, X, "a", Y)
    # What it says of shapes, another finding tells.
    check_loss(lambda o, y: F.mse_loss(o, y.reshape(2, 2)), returned, X, "a", Y)
