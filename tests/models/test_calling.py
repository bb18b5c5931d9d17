"""How models are given batches, against masks and arguments by hand."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from recipe.core.errors import UsageError
from recipe.data.trees import Items, Padded, Tree
from recipe.models.calling import (
    INVERTED_MASKS,
    LENGTHS,
    MASKS,
    Calling,
    find_calling,
    mask_of,
    not_given,
)

A, B = torch.zeros(3, 2), torch.ones(3, 2)


def of(forward):
    return type("Net", (nn.Module,), {"forward": forward})()


def found(forward, batch):
    return find_calling(of(forward), batch if isinstance(batch, torch.Tensor) else Tree(batch))


def given_to(forward, batch):
    calling = found(forward, batch)
    return calling.arguments(batch)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=4), st.sampled_from((*MASKS, *LENGTHS)))
def test_masks_say_where_sequences_end(lengths, name):
    longest = max(lengths)
    padded = Padded(torch.zeros(len(lengths), longest), torch.tensor(lengths))
    made = mask_of(padded, name)
    if name in LENGTHS:
        assert made.tolist() == lengths
        return
    for row, length in zip(made.tolist(), lengths, strict=True):
        for place, value in enumerate(row):
            assert bool(value) == (
                (place >= length) if name in INVERTED_MASKS else (place < length)
            )
    assert made.dtype == (torch.int64 if name == "attention_mask" else torch.bool)


def test_one_tensor_is_given_as_it_is():
    assert found(lambda self, x: x, A) is None
    assert found(lambda self, x, scale=1: x, A) is None
    assert found(lambda self, x, labels: x, A) is None
    assert found(lambda self, *parts: parts, A) is None


@pytest.mark.parametrize(
    ("forward", "batch", "args", "kwargs"),
    [
        (lambda self, a, b: a, {"a": A, "b": B}, (), {"a": A, "b": B}),
        (lambda self, b, a=None: a, {"a": A, "b": B}, (), {"a": A, "b": B}),
        (lambda self, a: a, {"a": A, "b": B}, (), {"a": A}),
        (lambda self, **named: 0, {"a": A, "name": Items("xyz")}, (), {"a": A}),
        (lambda self, x: x, {"a": A}, (A,), {}),
        (lambda self, x: x, {"a": A, "b": B}, ({"a": A, "b": B},), {}),
        (lambda self, x: x, {"a": A, "name": Items("xyz")}, (A,), {}),
        (lambda self, a, b: a, (A, B), (A, B), {}),
        (lambda self, *parts: 0, (A, B), (A, B), {}),
        (lambda self, pair: 0, (A, B), ((A, B),), {}),
        (lambda self, a, b, c=None: 0, (A, B), (A, B), {}),
        (lambda self, pair, labels=None: 0, (A, B), ((A, B),), {}),
        (lambda self, images: 0, Items([A, B]), ([A, B],), {}),
    ],
)
def test_arguments_for_a_batch(forward, batch, args, kwargs):
    assert given_to(forward, batch) == (args, kwargs)


WORDS = Padded(torch.tensor([[5, 6, 0], [7, 8, 9]]), torch.tensor([2, 3]))


@pytest.mark.parametrize(
    ("forward", "batch", "kwargs"),
    [
        (lambda self, x: x, WORDS, {}),
        (lambda self, x, lengths: x, WORDS, {"lengths": [2, 3]}),
        (lambda self, x, mask=None: x, WORDS, {"mask": [[True, True, False], [True] * 3]}),
        (lambda self, x, src_key_padding_mask=None: x, WORDS,
         {"src_key_padding_mask": [[False, False, True], [False] * 3]}),
        (lambda self, x, extra, lengths: x, (WORDS, A[:2]), {"lengths": [2, 3]}),
    ],
)  # fmt: skip
def test_where_sequences_end_is_given_to_those_that_ask(forward, batch, kwargs):
    args, found_kwargs = given_to(forward, batch)
    assert args[0] is WORDS.values
    assert {name: value.tolist() for name, value in found_kwargs.items()} == kwargs


def test_a_mask_of_the_items_own_is_kept():
    batch = {"input_ids": WORDS, "attention_mask": Padded(torch.ones(2, 3), torch.tensor([2, 3]))}
    _, kwargs = given_to(lambda self, input_ids, attention_mask=None: 0, batch)
    assert kwargs["attention_mask"] is batch["attention_mask"].values
    _, kwargs = given_to(lambda self, input_ids, attention_mask=None: 0, {"input_ids": WORDS})
    assert kwargs["attention_mask"].tolist() == [[1, 1, 0], [1, 1, 1]]
    assert kwargs["input_ids"] is WORDS.values


@pytest.mark.parametrize(
    ("forward", "batch", "words"),
    [
        (lambda self, a, c: 0, {"a": A, "b": B}, ["takes a, c", "have a, b", "c is missing"]),
        (lambda self, a, b: 0, A, ["takes a, b", "1 input:", "b is missing"]),
        (lambda self, a, b, c: 0, (A, B), ["takes a, b, c", "2 inputs:", "c is missing"]),
        (lambda self, a, b: 0, (A, B, A), ["takes a, b", "3 inputs"]),
    ],
)
def test_what_forward_lacks(forward, batch, words):
    with pytest.raises(UsageError) as caught:
        found(forward, batch)
    assert [word for word in (*words, "batch=") if word not in str(caught.value)] == []


def test_what_is_said_of_it():
    batch = Tree({"a": A, "b": B, "name": Items("xyz")})
    calling = find_calling(of(lambda self, a: a), batch)
    assert str(calling) == "called by name with a"
    assert not_given(calling, batch) == ["b", "name"]
    assert str(Calling(only="a")) == "given a alone"
    assert not_given(Calling(only="a"), batch) == ["b", "name"]
    assert str(Calling(spread=True, mask="lengths")) == (
        "given the parts of an item one after the other and lengths, which says where sequences end"
    )
    assert str(Calling()) == ""
    assert not_given(None, A) == []
