"""A DataLoader taken apart, and what a recipe makes of it."""

import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from recipe import Experiment
from recipe.data.datasets import TensorData
from recipe.data.item_data import ItemData
from recipe.data.loaders import take_apart
from recipe.data.loading import load_data
from recipe.data.splitting import load_splits
from recipe.training.plan import epoch_batches, iterations_per_epoch

CPU = torch.device("cpu")
X, Y = torch.arange(40.0)[:, None], torch.arange(40) % 4
SET = TensorDataset(X, Y)


class Stream(IterableDataset):
    def __iter__(self):
        yield from zip(X, Y, strict=True)


def weighted(count=40):
    return WeightedRandomSampler((Y == 0) * 30.0 + 1, count)


@pytest.mark.parametrize(
    ("given", "size", "shuffle", "said"),
    [
        ({"batch_size": 8, "shuffle": True}, 8, True, "batches of 8.*random order is replaced"),
        ({"batch_size": 8}, 8, False, "batches of 8.*in their order"),
        ({"batch_size": 8, "sampler": weighted()}, 8, False, "its WeightedRandomSampler is kept"),
        ({"batch_sampler": BatchSampler(weighted(), 5, False)}, 5, True, "its BatchSampler is kept"),
    ],
)  # fmt: skip
def test_what_it_was_made_of(given, size, shuffle, said):
    import re

    parts = take_apart(DataLoader(SET, **given), "train")
    assert (parts.dataset, parts.batch_size, parts.shuffle) == (SET, size, shuffle)
    assert parts.collate is None
    assert re.search(said, parts.said)
    assert "\n" not in parts.said


def test_its_own_function_and_whether_a_last_batch_is_dropped():
    parts = take_apart(DataLoader(SET, 8, collate_fn=list, drop_last=True), "train")
    assert parts.collate is list
    assert parts.order.drop_last
    stream = take_apart(DataLoader(Stream(), 8), "train")
    assert stream.order.sampler is None
    assert "its own order is kept" in stream.said
    assert "in its order" in take_apart(DataLoader(SET, 8, shuffle=True), "val").said


def declared(loader, **given):
    return Experiment(model=torch.nn.Identity, train=loader, **{"val": (X, Y), **given})


def epoch(made, splits, seed=0, number=0):
    return [
        (x.flatten().tolist(), y.tolist()) for x, y in epoch_batches(made, splits, seed, number)
    ]


@pytest.mark.parametrize(
    "collate", [None, lambda items: tuple(map(torch.stack, zip(*items, strict=True)))]
)
def test_trials_see_the_same_draws_of_a_weighted_sampler(collate):
    made = declared(DataLoader(SET, 8, sampler=weighted(), collate_fn=collate))
    splits = load_splits(made, CPU, 0)
    assert isinstance(splits.train, ItemData if collate else TensorData)
    first = epoch(made, splits)
    torch.manual_seed(99)
    assert epoch(made, splits) == first
    assert epoch(made, load_splits(made, CPU, 0)) == first
    assert epoch(made, splits, number=1) != first
    assert epoch(made, splits, seed=1) != first
    labels = [label for _, labels in first for label in labels]
    assert labels.count(0) > 25
    assert all(int(value) % 4 == label for x, y in first for value, label in zip(x, y, strict=True))


def test_its_weights_stay_with_what_is_left_for_training():
    made = declared(DataLoader(SET, 8, sampler=weighted()), val=0.25)
    splits = load_splits(made, CPU, 0)
    assert (len(splits.train), len(splits.val)) == (30, 10)
    held = set(splits.val.x.flatten().tolist())
    seen = {value for x, _ in epoch(made, splits) for value in x}
    assert not seen & held
    assert torch.equal(
        torch.as_tensor(splits.train.order.sampler.weights),
        ((splits.train.y == 0) * 30.0 + 1).double(),
    )
    assert sorted(v for x, _ in splits.val.eval_batches() for v in x.flatten().tolist()) == sorted(
        held
    )


@pytest.mark.parametrize(("drop", "sizes"), [(True, [12, 12, 12]), (False, [12, 12, 12, 4])])
@pytest.mark.parametrize("source", [SET, Stream()])
def test_a_last_batch_is_dropped_where_it_says_so(drop, sizes, source):
    made = declared(DataLoader(source, 12, drop_last=drop))
    splits = load_splits(made, CPU, 0)
    assert [len(x) for x, _ in epoch(made, splits)] == sizes
    assert iterations_per_epoch(splits.train, made.batch_size) == len(sizes)


def test_batches_of_its_own_sampler():
    sampler = BatchSampler(RandomSampler(range(40)), 7, drop_last=True)
    made = declared(DataLoader(SET, batch_sampler=sampler))
    splits = load_splits(made, CPU, 0)
    batches = epoch(made, splits)
    assert [len(x) for x, _ in batches] == [7] * 5
    assert batches == epoch(made, splits)
    assert batches != epoch(made, splits, number=1)
    assert made.batch_size == 7
    assert iterations_per_epoch(splits.train, made.batch_size) == 5


def test_a_random_order_is_replaced_and_one_in_order_is_kept():
    shuffled, ordered = (declared(DataLoader(SET, 8, shuffle=flag)) for flag in (True, False))
    plain = declared((X, Y), batch_size=8)
    assert epoch(shuffled, load_splits(shuffled, CPU, 0)) == epoch(
        plain, load_splits(plain, CPU, 0)
    )
    flat = [value for x, _ in epoch(ordered, load_splits(ordered, CPU, 0)) for value in x]
    assert flat == list(range(40))


def test_a_loader_of_a_stream_that_a_function_begins():
    for source in (DataLoader(Stream(), 8), lambda: DataLoader(Stream(), 8)):
        data = load_data(source, "train", CPU)
        assert len(data) == 40
        assert torch.equal(data.x, X)
