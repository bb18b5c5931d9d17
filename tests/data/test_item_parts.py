"""Items parted into inputs and target, and their parts as tensors."""

from collections import namedtuple
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pytest
import torch

from recipe.core.errors import UsageError
from recipe.data.item_parts import TARGETS, Parting, as_targets, as_tensor, as_tensors
from recipe.data.trees import Items

Named = namedtuple("Named", "image label")  # noqa: PYI024 - as users write it


@dataclass
class Record:
    image: object
    target: object


@pytest.mark.parametrize(
    ("item", "inputs", "target"),
    [
        ((1, 2), 1, 2),
        ([1, 2], 1, 2),
        ((1, 2, 3), (1, 2), 3),
        (((1, 2), 3), (1, 2), 3),
        (({"a": 1}, {"b": 2}), {"a": 1}, {"b": 2}),
        (Named(1, 2), 1, 2),
        (Record(1, 2), {"image": 1}, 2),
        *[({"x": 1, "z": 2, key: 3}, {"x": 1, "z": 2}, 3) for key in TARGETS],
    ],
)
def test_what_is_the_target(item, inputs, target):
    assert Parting()(item, "train[0]") == (inputs, target)


def test_the_user_says_what_is_the_target():
    item = {"x": 1, "label": 2, "kind": 3}
    assert Parting(target="kind")(item, "train[0]") == ({"x": 1, "label": 2}, 3)
    assert Parting(function=lambda r: (r["kind"], [r["x"]]))(item, "train[0]") == (3, [1])
    assert Parting(target="image")(Record(1, 2), "train[0]") == ({"target": 2}, 1)


def test_an_item_is_left_alone():
    item = {"x": 1, "label": 2}
    Parting()(item, "train[0]")
    assert item == {"x": 1, "label": 2}


@pytest.mark.parametrize(
    ("value", "dtype", "shape"),
    [
        (3, torch.int64, []),
        (0.5, torch.float32, []),
        (True, torch.bool, []),
        (np.float64(0.5), torch.float32, []),
        (np.int16(5), torch.int16, []),
        (np.zeros((2, 3)), torch.float32, [2, 3]),
        (np.zeros(2, dtype=np.uint8), torch.uint8, [2]),
        (torch.zeros(2, dtype=torch.float64), torch.float32, [2]),
        (torch.zeros(2, dtype=torch.bfloat16), torch.bfloat16, [2]),
        (np.zeros((3, 2))[:, ::-1], torch.float32, [3, 2]),
        ([1, 2, 3], torch.int64, [3]),
        ([0.5, 1], torch.float32, [2]),
    ],
)
def test_numbers_become_tensors(value, dtype, shape):
    found = as_tensors(value, "train")
    assert found.dtype == dtype
    assert list(found.shape) == shape
    if not isinstance(value, torch.Tensor):
        value = torch.tensor(np.array(value, copy=True))
    assert torch.equal(found.double(), value.double())


def test_containers_keep_their_kind_and_text_stays_beside():
    made = as_tensors(
        {
            "a": [1, 2],
            "b": (np.zeros(2), 1.5),
            "c": Named(1, "x.png"),
            "d": None,
            "e": Record(b"", 2),
        },
        "train",
    )
    assert made["a"].tolist() == [1, 2]
    assert type(made["b"]) is tuple
    assert made["b"][1].item() == 1.5
    assert type(made["c"]) is Named
    assert made["c"].label == Items(["x.png"])
    assert made["d"] == Items([None])
    assert (type(made["e"]), made["e"].image) == (Record, Items([b""]))


def test_gradients_are_left_behind():
    weight = torch.ones(2, requires_grad=True)
    assert not as_tensor(weight * 2, "train").requires_grad


@pytest.mark.parametrize("value", [Decimal(1), object(), {1, 2}])
def test_what_is_no_number_is_named(value):
    with pytest.raises(UsageError, match=f"train holds a {type(value).__name__} where"):
        as_tensors(value, "train")


def test_words_in_an_array_are_named():
    with pytest.raises(UsageError, match="train holds an array of words where numbers are needed"):
        as_tensors(np.array(["a"]), "train")


def test_complex_inputs_are_fine_and_targets_are_not():
    values = torch.zeros(2, dtype=torch.complex64)
    assert as_tensors(values, "train") is not None
    with pytest.raises(UsageError, match="complex targets"):
        as_targets({"a": values}, "train")
