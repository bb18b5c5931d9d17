"""Streams, against the list of their items."""

from dataclasses import replace
from itertools import islice

import pytest
import torch
from torch.utils.data import IterableDataset

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.data.datasets import TensorData
from recipe.data.item_data import ItemData
from recipe.data.loading import ItemForm, load_data
from recipe.data.splitting import load_splits
from recipe.data.streams import IterableData, as_factory, is_stream
from recipe.data.trees import Padded, natural
from recipe.training.plan import epoch_batches, iterations_per_epoch

CPU = torch.device("cpu")


class Counting(IterableDataset):
    """Items 0, 1, 2, ...; of so many, or for ever."""

    def __init__(self, count=None):
        self.count, self.begun = count, 0

    def __iter__(self):
        self.begun += 1
        number = 0
        while self.count is None or number < self.count:
            yield torch.tensor([float(number)]), number % 3
            number += 1


class Noisy(IterableDataset):
    """Never the same twice."""

    def __iter__(self):
        for number in range(50):
            yield torch.tensor([float(number), torch.rand(()).item()]), number % 3


def splits(train, **given):
    return load_splits(Experiment(model=torch.nn.Identity, train=train, **given), CPU, 0)


def numbers(batches):
    return [int(v) for x, _ in batches for v in x[:, 0]]


def epoch(data, number, size=8):
    return numbers(data.at_epoch(number).batches(size))


@pytest.mark.parametrize("source", [Counting(30), lambda: Counting(30), lambda: iter(Counting(30)),
                                    lambda: list(Counting(30))])  # fmt: skip
def test_a_short_stream_is_read_once(source):
    said = []
    data = load_data(source, "train", CPU, say=said.append)
    assert isinstance(data, TensorData)
    assert data.x.flatten().tolist() == list(range(30))
    assert data.y.tolist() == [i % 3 for i in range(30)]
    if said:
        assert said == ["train: one pass of the stream gives 30 items; they were read once."]


def test_what_a_stream_is():
    assert is_stream(Counting(3))
    assert is_stream(x for x in [1])
    assert not is_stream([1, 2])
    assert not is_stream(torch.zeros(3))
    fresh = as_factory(lambda: Counting(2))
    assert [len(list(fresh())), len(list(fresh()))] == [2, 2]


def test_epochs_read_on_where_the_one_before_ended():
    data = load_data(Counting(), "train", CPU, form=ItemForm(epoch_items=20))
    assert isinstance(data, IterableData)
    assert len(data) == 20
    for number in range(3):
        assert epoch(data, number) == list(range(20 * number, 20 * number + 20))
    assert [len(x) for x, _ in data.batches(8)] == [8, 8, 4]
    assert iterations_per_epoch(data, 8) == 3


def test_reading_on_does_not_begin_anew():
    source = Counting()
    data = load_data(source, "train", CPU, form=ItemForm(epoch_items=20))
    before = source.begun
    for number in range(4):
        epoch(data, number)
    assert source.begun == before + 1


def test_an_epoch_may_be_asked_for_without_those_before():
    data = load_data(Counting(), "train", CPU, form=ItemForm(epoch_items=20))
    assert epoch(data, 2) == list(range(40, 60))
    assert epoch(data, 0) == list(range(20))
    assert epoch(data, 0) == list(range(20))


def test_behind_its_end_a_stream_begins_anew():
    data = load_data(Counting(50), "train", CPU, form=ItemForm(epoch_items=20))
    seen = [i for number in range(5) for i in epoch(data, number)]
    assert seen == list(range(50)) * 2
    afresh = load_data(Counting(50), "train", CPU, form=ItemForm(epoch_items=20))
    assert epoch(afresh, 3) == list(range(10, 30))
    assert epoch(afresh, 4) == list(range(30, 50))


def test_trainings_that_pause_do_not_take_each_others_items():
    data = load_data(Counting(), "train", CPU, form=ItemForm(epoch_items=24))
    data = replace(data, length=40, fresh=lambda: islice(iter(Counting()), 40), _ends=[40])
    one, two = data.at_epoch(1).batches(8), data.at_epoch(1).batches(8)
    found = [numbers([next(each)]) for each in (one, two, one, two, one, two)]
    wanted = [list(range(24, 32)), list(range(32, 40)), list(range(8))]
    assert found == [part for part in wanted for _ in range(2)]


@pytest.mark.parametrize("count", [None, 60])
def test_items_that_are_validated_on_are_not_trained_on(count):
    cut = splits(Counting(count), val=0.2, epoch_items=50)
    held = numbers(cut.val.eval_batches())
    assert held == list(range(10))
    seen = [i for number in range(3) for i in epoch(cut.train, number)]
    rest = list(range(10, 60))
    wanted = (rest * 3) if count else list(range(10, 160))
    assert seen == wanted[: len(seen)]
    assert not set(seen) & set(held) or count is None
    assert len(cut.train) == 50


def test_a_random_stream_is_read_in_every_epoch():
    data = load_data(Noisy(), "train", CPU)
    assert isinstance(data, IterableData)
    assert (len(data), data.length) == (50, 50)
    one, two = (torch.cat([x for x, _ in data.at_epoch(n).batches(8)]) for n in (0, 1))
    assert one[:, 0].tolist() == two[:, 0].tolist() == list(range(50))
    assert not torch.equal(one[:, 1], two[:, 1])


def test_two_trials_see_the_same_items_in_the_same_order():
    made = Experiment(model=torch.nn.Identity, train=Counting(), epoch_items=40, batch_size=8)
    cut = load_splits(made, CPU, 0)
    trials = [[numbers(epoch_batches(made, cut, 0, n)) for n in (0, 1)] for _ in range(2)]
    assert trials[0] == trials[1]
    assert trials[0][0] != trials[0][1]


def test_a_sample_is_of_the_first_epoch():
    data = load_data(Counting(), "train", CPU, form=ItemForm(epoch_items=40))
    source = torch.Generator().manual_seed(0)
    sample = data.sample(10, source)
    found = sample.x.flatten().tolist()
    assert len(set(found)) == 10
    assert max(found) < 20
    assert torch.equal(sample.y, sample.x.flatten().long() % 3)
    assert numbers(data.eval_batches()) == list(range(40))


def test_sequences_say_where_they_end_in_every_batch():
    def begin():
        return ((torch.ones(2 + (i == 9)), i % 2) for i in range(20))

    kept = load_data(begin, "train", CPU)
    assert isinstance(kept, ItemData)
    assert all(isinstance(natural(x), Padded) for x, _ in kept.batches(4))
    read = load_data(begin, "train", CPU, form=ItemForm(epoch_items=12))
    assert isinstance(read, IterableData)
    assert all(isinstance(natural(x), Padded) for x, _ in read.batches(4))
    cut = splits(begin, val=0.2)
    assert isinstance(natural(next(cut.val.eval_batches())[0]), Padded)


def test_items_by_name_and_a_function_of_the_users():
    def begin():
        return ({"v": i, "label": i % 2} for i in range(12))

    data = load_data(begin, "train", CPU)
    assert data.x.value["v"].tolist() == list(range(12))

    def collate(items):
        return torch.tensor([[item["v"]] for item in items]), torch.tensor(
            [item["label"] for item in items]
        )

    for form in (ItemForm(collate=collate), ItemForm(collate=collate, epoch_items=8)):
        data = load_data(begin, "train", CPU, form=form)
        assert numbers(data.batches(4)) == list(range(len(data)))


def test_a_stream_that_breaks_late_is_named():
    def begin():
        for i in range(40):
            if i == 30:
                raise OSError("gone\naway")
            yield torch.zeros(1), 0

    data = load_data(begin, "train", CPU, form=ItemForm(epoch_items=20))
    assert len(epoch(data, 0)) == 20
    with pytest.raises(UsageError, match=r"^Reading train raised OSError: gone \(test_streams"):
        epoch(data, 1)
