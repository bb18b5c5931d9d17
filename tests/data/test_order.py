"""The order of items, against samplers of PyTorch's own."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import (
    BatchSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

from recipe.core.errors import UsageError
from recipe.data.order import Order


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(order, n, size, seed=0, *, shuffle=True):
    return [index.tolist() for index in order.batches(n, size, generator(seed), shuffle=shuffle)]


def by_hand(order, size, *, drop_last):
    """Stretches of `size`; a last single item is left out, and with drop_last all that is not full."""
    batches = [order[i : i + size] for i in range(0, len(order), size)]
    if len(batches) > 1 and (
        len(batches[-1]) == 1 < size or (drop_last and len(batches[-1]) < size)
    ):
        batches.pop()
    return batches


@given(st.integers(1, 30), st.integers(1, 9), st.booleans(), st.booleans())
def test_batches_are_stretches_of_a_permutation(n, size, drop_last, shuffle):
    order = list(range(n))
    if shuffle:
        order = torch.randperm(n, generator=generator()).tolist()
    made = Order(drop_last=drop_last)
    batches = drawn(made, n, size, shuffle=shuffle)
    assert batches == by_hand(order, size, drop_last=drop_last)
    assert len(batches) == made.iterations(n, size)


@given(st.integers(1, 30), st.integers(1, 9), st.booleans())
def test_a_sampler_draws_the_items(count, size, drop_last):
    weights = torch.arange(20.0)
    sampler = WeightedRandomSampler(weights, count)
    made = Order(sampler=sampler, drop_last=drop_last)
    wanted = list(WeightedRandomSampler(weights, count, generator=generator(3)))
    batches = drawn(made, 20, size, seed=3)
    assert batches == by_hand(wanted, size, drop_last=drop_last)
    assert len(batches) == made.iterations(20, size)
    assert sampler.generator is None
    assert made.count(20) == count


def test_the_seed_tells_the_draw():
    made = Order(sampler=WeightedRandomSampler([1.0] * 50, 50))
    assert drawn(made, 50, 8, 1) == drawn(made, 50, 8, 1)
    assert drawn(made, 50, 8, 1) != drawn(made, 50, 8, 2)


def test_a_sampler_of_batches_keeps_its_size():
    inner = SubsetRandomSampler(range(10))
    made = Order(batch_sampler=BatchSampler(inner, 4, drop_last=False))
    batches = drawn(made, 10, 3, 1)
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert sorted(item for batch in batches for item in batch) == list(range(10))
    assert batches == drawn(made, 10, 99, 1)
    assert batches != drawn(made, 10, 3, 2)
    assert inner.generator is None
    assert made.iterations(10, 3) == 3


def test_weights_go_with_the_items_that_are_kept():
    made = Order(sampler=WeightedRandomSampler(torch.arange(10.0), 20, replacement=True))
    kept = made.of([8, 2, 5])
    assert kept.sampler.weights.tolist() == [8, 2, 5]
    assert (kept.sampler.num_samples, kept.sampler.replacement) == (6, True)
    assert Order(drop_last=True).of([1, 2]) == Order(drop_last=True)
    assert made.whole == Order()


@pytest.mark.parametrize(
    "order",
    [Order(sampler=SequentialSampler(range(5))),
     Order(batch_sampler=BatchSampler(SequentialSampler(range(5)), 2, drop_last=False))],
)  # fmt: skip
def test_other_samplers_cannot_be_divided(order):
    with pytest.raises(UsageError, match=r"Sampler of the DataLoader draws from all.*val=\.\.\."):
        order.of([0, 1])


def test_a_sampler_for_other_data():
    with pytest.raises(UsageError, match="30 weights for 40 items"):
        Order(sampler=WeightedRandomSampler([1.0] * 30, 9)).check(40)
    Order(sampler=WeightedRandomSampler([1.0] * 40, 9)).check(40)
    Order().check(40)
    with pytest.raises(
        UsageError, match="drew item 9 from data with 5: let it draw numbers from 0 to 4"
    ):
        drawn(Order(sampler=SequentialSampler(range(10))), 5, 4)
    with pytest.raises(UsageError, match="drew no items"):
        drawn(Order(sampler=SequentialSampler([])), 5, 4)
    with pytest.raises(UsageError, match="drew item 9"):
        drawn(Order(batch_sampler=[[0, 9]]), 5, 4)
