"""Validation data cut off, of every kind of data."""

import pytest
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.data.datasets import TensorData
from recipe.data.item_data import ItemData, StreamData
from recipe.data.splitting import load_splits
from recipe.data.trees import Padded, natural

CPU = torch.device("cpu")
N = 60


class Made(Dataset):
    def __init__(self, make):
        self.make = make

    def __len__(self):
        return N

    def __getitem__(self, index):
        return self.make(index)


def splits(train, seed=0, **given):
    return load_splits(Experiment(model=torch.nn.Identity, train=train, **given), CPU, seed)


def text(i):
    return torch.full((2 + i % 4,), float(i)), int(i % 6 == 0)


def by_name(i):
    return {"v": torch.tensor(float(i)), "label": int(i % 6 == 0)}


def first(values):
    """The number of each item, which all of its values are."""
    found = natural(values)
    found = found["v"] if isinstance(found, dict) else found
    found = found.values if isinstance(found, Padded) else found
    return found.reshape(len(found), -1)[:, 0].tolist()


SOURCES = {
    "tensors": ((torch.arange(60.0), (torch.arange(60) % 6 == 0).long()), TensorData),
    "dicts": (Made(by_name), TensorData),
    "dict of arrays": ({"v": torch.arange(60.0), "label": (torch.arange(60) % 6 == 0).long()}, TensorData),
    "sequences": (Made(text), ItemData),
    "random": (Made(lambda i: (torch.tensor([i, torch.rand(()).item()]), int(i % 6 == 0))), StreamData),
}  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_two_parts_that_share_nothing(name):
    source, kind = SOURCES[name]
    cut = splits(source, val=0.2)
    assert isinstance(cut.train, kind)
    held = [v for x, _ in cut.val.eval_batches() for v in first(x)]
    kept = [v for x, _ in cut.train.eval_batches() for v in first(x)]
    assert len(held) == 12
    assert sorted(held + kept) == list(range(N))
    if kind is not StreamData:  # every label is at hand without reading the data again
        assert sum(int(y.sum()) for _, y in cut.val.eval_batches()) == 2
    again = splits(source, val=0.2)
    assert [v for x, _ in again.val.eval_batches() for v in first(x)] == held
    other = splits(source, val=0.2, seed=1)
    assert [v for x, _ in other.val.eval_batches() for v in first(x)] != held


def test_of_a_series_the_latest_items_are_held_out():
    x = torch.arange(60.0)
    cut = splits((x[:, None], x), val=0.25, task="forecasting")
    assert cut.val.x.flatten().tolist() == list(range(45, 60))


def test_inputs_and_targets_stay_together():
    cut = splits(
        {"a": torch.arange(60.0), "b": -torch.arange(60.0), "label": torch.arange(60)}, val=0.3
    )
    for part in (cut.train, cut.val):
        assert torch.equal(part.x.value["a"], part.y.float())
        assert torch.equal(part.x.value["b"], -part.y.float())


def test_sequences_of_one_length_beside_those_of_several():
    several, one = Made(text), Made(lambda i: (torch.full((3,), float(i)), 0))
    for train, val in ((several, one), (one, several)):
        cut = splits(train, val=val)
        found = [natural(next(part.eval_batches())[0]) for part in (cut.train, cut.val)]
        assert all(isinstance(each, Padded) for each in found)
        same = found[0 if train is one else 1]
        assert same.values.shape == (N, 3)
        assert same.lengths.tolist() == [3] * N


def test_the_order_of_training_is_not_that_of_validation():
    loader = DataLoader(TensorDataset(torch.arange(60.0), torch.zeros(60)), 8, drop_last=True)
    cut = splits(loader, val=0.25)
    assert cut.train.order.drop_last
    assert not cut.val.order.drop_last


def test_an_empty_part_is_refused():
    with pytest.raises(UsageError, match=r"val=0.001 of 60 training items leaves an empty part"):
        splits(Made(by_name), val=0.001)


def glued(source, times=2):
    x, y = source
    return x.repeat(times, *[1] * (x.ndim - 1)), y.repeat(times)


def rows_of(part):
    return {tuple(row.tolist()) for x, _ in part.eval_batches() for row in natural(x).flatten(1)}


DOUBLED = {
    "a table": torch.randn(100, 4, generator=torch.Generator().manual_seed(0)),
    "one column": torch.randn(100, 1, generator=torch.Generator().manual_seed(1)),
    "pictures": torch.rand(100, 1, 4, 4, generator=torch.Generator().manual_seed(2)),
    "tokens": torch.randint(0, 90, (100, 6), generator=torch.Generator().manual_seed(3)),
}


@pytest.mark.parametrize("name", DOUBLED)
@pytest.mark.parametrize("listed", [False, True])
def test_copies_stay_on_one_side(name, listed):
    source, said = glued((DOUBLED[name], torch.arange(100) % 2)), []
    train = TensorDataset(*source) if listed else source
    experiment = Experiment(model=torch.nn.Identity, train=train, val=0.2)
    cut = load_splits(experiment, CPU, 0, say=said.append)
    assert (len(cut.train), len(cut.val)) == (160, 40)
    assert not rows_of(cut.train) & rows_of(cut.val)
    assert sum(int(y.sum()) for _, y in cut.val.eval_batches()) == 20  # still by class
    assert said == [
        "train: 100 of 200 items repeat another one: equal items are kept on one side of the split."
    ]


def test_rows_of_a_small_world_are_split_at_random():
    source = torch.Generator().manual_seed(0)
    x, said = torch.randint(0, 2, (400, 6), generator=source).float(), []
    experiment = Experiment(model=torch.nn.Identity, train=(x, x[:, 0].long()), val=0.2)
    cut = load_splits(experiment, CPU, 0, say=said.append)
    assert rows_of(cut.train) & rows_of(cut.val)
    assert said == []


def test_sequences_that_were_copied_stay_on_one_side():
    class Twice(Made):
        def __len__(self):
            return 2 * N

        def __getitem__(self, index):
            return torch.full((2 + index // 2 % 4,), float(index // 2)), 0

    cut = splits(Twice(None), val=0.2)
    held, kept = (
        {v for x, _ in part.eval_batches() for v in first(x)} for part in (cut.val, cut.train)
    )
    assert not held & kept
