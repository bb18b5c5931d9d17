import random

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset, TensorDataset

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.data.datasets import TensorData
from recipe.data.decoding import PARALLEL_FROM
from recipe.data.item_data import StreamData
from recipe.data.loading import load_data
from recipe.data.splitting import load_splits

CPU = torch.device("cpu")


class Items(Dataset):
    """Items made by a function of their index."""

    def __init__(self, n, make=lambda i: (torch.tensor([i, -i]), i % 3)):
        self.n, self.make = n, make

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        return self.make(index)


def noisy(i):
    return torch.tensor([float(i), random.random()]), i % 2


def counted(n, classes=3):
    return TensorData(torch.arange(n).float()[:, None], torch.arange(n) % classes)


def splits(seed=0, **given):
    experiment = Experiment(**{"model": torch.nn.Identity, **given})
    return load_splits(experiment, CPU, seed)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    "source",
    [
        (torch.tensor([[0, 0], [1, -1], [2, -2]]), torch.tensor([0, 1, 2])),
        [np.array([[0, 0], [1, -1], [2, -2]]), np.array([0, 1, 2])],
        Items(3),
        lambda: Items(3),
        lambda: (np.array([[0, 0], [1, -1], [2, -2]]), torch.tensor([0, 1, 2])),
        TensorDataset(torch.tensor([[0, 0], [1, -1], [2, -2]]), torch.tensor([0, 1, 2])),
        [(np.array([i, -i]), np.int64(i)) for i in range(3)],
    ],
)
def test_every_kind_of_source_becomes_the_same_tensors(source):
    data = load_data(source, "train", CPU)
    assert isinstance(data, TensorData)
    assert data.deterministic
    assert data.x.tolist() == [[0, 0], [1, -1], [2, -2]]
    assert data.y.tolist() == [0, 1, 2]


def test_numbers_become_single_precision_and_keep_their_kind():
    data = load_data((np.array([[0.1], [0.2]]), np.array([True, False])), "train", CPU)
    assert (data.x.dtype, data.y.dtype) == (torch.float32, torch.bool)
    data = load_data([(np.float64(1.5), np.bool_(True)), (np.float32(2.5), np.bool_(False)), (3, True)],
                "train", CPU)  # fmt: skip
    assert data.x.tolist() == [1.5, 2.5, 3.0]
    assert data.y.tolist() == [True, False, True]


def test_a_read_only_array_is_fine_and_left_alone():
    array = np.frombuffer(np.arange(4, dtype=np.float32).tobytes(), dtype=np.float32)
    assert load_data((array, array), "train", CPU).x.tolist() == [0, 1, 2, 3]


def test_decoding_in_worker_processes_keeps_the_order_and_tells_progress():
    seen = []
    n = PARALLEL_FROM + 3
    data = load_data(Items(n), "val", CPU, lambda *told: seen.append(told))
    assert torch.equal(data.x[:, 0], torch.arange(n))
    assert torch.equal(data.y, torch.arange(n) % 3)
    assert seen[0] == (256, n, "decoding val")
    assert seen[-1][0] == n


def test_a_random_data_set_is_read_anew_in_every_epoch():
    data = load_data(Items(9, noisy), "train", CPU)
    assert isinstance(data, StreamData)
    assert (len(data), data.deterministic) == (9, False)
    one, two = (torch.cat([x for x, _ in data.batches(4)]) for _ in range(2))
    assert one[:, 0].tolist() == two[:, 0].tolist() == list(range(9))[:8]
    assert not torch.equal(one[:, 1], two[:, 1])


class Dividing:
    """Divides what it keeps, at every visit."""

    def __init__(self, divisor, x=None):
        self.x, self.divisor = torch.arange(80.0).reshape(10, 8) if x is None else x, divisor

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        x = self.x[index]
        x /= self.divisor
        return x, index % 2


def test_items_that_a_visit_changes_in_place():
    data = load_data(Dividing(2.0), "train", CPU)
    assert isinstance(data, StreamData)
    assert data.rewritten
    assert isinstance(load_data(Dividing(1.0), "train", CPU), TensorData)
    assert load_data(Dividing(255.0, np.arange(80.0).reshape(10, 8)), "train", CPU).rewritten
    assert not load_data(Items(9, noisy), "train", CPU).rewritten


def test_random_brightness_rewrites_nothing():
    x = torch.rand(10, 8)
    dimmed = Items(10, lambda i: (x[i] * random.random(), 0))
    assert not load_data(dimmed, "train", CPU).rewritten
    buffer = torch.zeros(8)

    def noise(i):
        return buffer.normal_(), i % 2

    assert not load_data(Items(10, noise), "train", CPU).rewritten


@pytest.mark.parametrize(("n", "sizes"), [(512, [512]), (513, [513]), (543, [543]),
                                          (544, [512, 32]), (1030, [512, 518]), (5, [5])])  # fmt: skip
def test_a_few_last_items_are_evaluated_with_those_before(n, sizes):
    data = TensorData(torch.arange(n), torch.arange(n))
    batches = [x for x, _ in data.eval_batches()]
    assert [len(x) for x in batches] == sizes
    assert torch.equal(torch.cat(batches), data.x)


@pytest.mark.parametrize("seed", range(8))
def test_a_coin_flip_does_not_pass_for_deterministic(seed):
    random.seed(seed)
    flips = Items(100, lambda i: (torch.tensor([i, -i]) * random.choice([1, -1]), 0))
    assert isinstance(load_data(flips, "train", CPU), StreamData)


def raising(i):
    if i == 5:
        raise KeyError("no such image")
    return torch.zeros(2), 0


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ((torch.zeros(3, 2), torch.zeros(4)), ["train", "3 inputs", "4 targets"]),
        ((torch.zeros(0, 2), torch.zeros(0)), ["train has no items"]),
        (Items(0), ["train has no items"]),
        (list, ["train has no items"]),
        (Items(9, lambda i: torch.zeros(2)), ["train[0]", "Tensor", "pair (x, y)"]),
        (Items(9, lambda i: (1,)), ["train[0]", "tuple of 1", "pair (x, y)"]),
        (Items(9, lambda i: {"x": 1, "z": 2}), ["train[0]", "dict", "'x', 'z'", "target='x'"]),
        (Items(9, raising), ["train[5]", "KeyError", "no such image"]),
        (Items(PARALLEL_FROM, raising), ["train[5]", "KeyError", "no such image"]),
        (Items(9, lambda i: (torch.zeros(3, 1 + i % 2, 2), 0)), ["inputs", "[3, 1, 2] and [3, 2"]),
        (Items(9, lambda i: (torch.zeros(2), torch.zeros(i % 2, 3))), ["targets", "0 to 1"]),
        (Items(600, lambda i: (torch.zeros(1, 1, 1 + i // 256), 0)), ["[1, 1, 1] and [1, 1, 2]"]),
        (Items(9, lambda i: ("a.png", 0)), ["train holds a str", "ToTensor"]),
        ((np.array(["a", "b"]), np.array([0, 1])), ["train holds an array of words"]),
        ((torch.tensor(1.0), torch.tensor(2.0)), ["train[0]"]),
        ((x for x in [(1, 2)]), ["train can be read once only", "train=lambda: stream()"]),
        (None, ["train is a NoneType"]),
        (3, ["train is a int"]),
        (lambda: 1 / 0, ["train", "ZeroDivisionError"]),
    ],
)
def test_unusable_data_is_said_in_one_sentence(source, words):
    with pytest.raises(UsageError) as caught:
        load_data(source, "train", CPU)
    message = str(caught.value)
    assert [word for word in words if word not in message] == []
    assert "\n" not in message


@pytest.mark.parametrize("share", [0.2, 0.35, None])
def test_a_fraction_is_cut_off_disjoint_and_stratified(share):
    classes = torch.tensor([0] * 60 + [1] * 30 + [2] * 10)
    cut = splits(train=(torch.arange(100).float(), classes), val=share)
    held = share or 0.2
    train, val = set(cut.train.x.tolist()), set(cut.val.x.tolist())
    assert len(val) == round(100 * held)
    assert train | val == set(range(100))
    assert not train & val
    for c, count in enumerate([60, 30, 10]):
        assert (cut.val.y == c).sum().item() == pytest.approx(count * held, abs=1)
    for part in (cut.train, cut.val):
        assert torch.equal(part.y, classes[part.x.long()])


def test_the_cut_depends_on_the_seed_alone():
    source = (torch.arange(50).float(), torch.arange(50) % 5)
    torch.manual_seed(1)
    first = splits(seed=1, train=source)
    torch.manual_seed(2)
    again, other = splits(seed=1, train=source), splits(seed=2, train=source)
    assert torch.equal(first.val.x, again.val.x)
    assert torch.equal(first.train.x, again.train.x)
    assert set(first.val.x.tolist()) != set(other.val.x.tolist())


@pytest.mark.parametrize(
    ("task", "y"),
    [
        ("regression", torch.randn(40)),
        ("binary", (torch.arange(40) % 4 == 0).float()[:, None]),
        ("multilabel", torch.ones(40, 3)),
        ("language_model", torch.zeros(40, 3, dtype=torch.long)),
    ],
)
def test_every_task_can_be_cut(task, y):
    cut = splits(train=(torch.arange(40).float(), y), val=0.25, task=task)
    assert (len(cut.train), len(cut.val)) == (30, 10)
    assert torch.equal(cut.val.y, y[cut.val.x.long()])
    if task == "binary":
        assert cut.val.y.sum() in (2, 3)


def test_a_random_data_set_is_cut_too():
    cut = splits(train=Items(20, noisy), val=0.3)
    parts = [
        {x for b, _ in part.eval_batches() for x in b[:, 0].tolist()}
        for part in (cut.train, cut.val)
    ]
    assert [len(part) for part in parts] == [14, 6]
    assert parts[0] | parts[1] == set(range(20))


def test_validation_data_of_its_own_is_taken_whole():
    cut = splits(train=Items(5), val=lambda: Items(7))
    assert (len(cut.train), len(cut.val)) == (5, 7)
    with pytest.raises(UsageError, match="val has no items"):
        splits(train=Items(5), val=[])


@pytest.mark.parametrize("val", [0, 1, 1.5, -0.2, 0.01, 0.99, float("nan")])
def test_a_fraction_that_leaves_a_part_empty_is_refused(val):
    with pytest.raises(UsageError, match="of 10 training items") as caught:
        splits(train=Items(10), val=val)
    assert repr(val) in str(caught.value)


@pytest.mark.parametrize(
    ("n", "size", "sizes"),
    [
        (10, 4, [4, 4, 2]),
        (8, 4, [4, 4]),
        (9, 4, [4, 4]),  # a last single item is left out
        (1, 4, [1]),
        (3, 8, [3]),
        (3, 1, [1, 1, 1]),
    ],
)
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("kind", ["tensors", "stream"])
def test_every_item_comes_once_per_pass(n, size, sizes, shuffle, kind):
    data = counted(n) if kind == "tensors" else StreamData(Items(n), CPU)
    batches = list(data.batches(size, generator(), shuffle=shuffle))
    assert [len(x) for x, _ in batches] == sizes
    seen = [int(v) for x, _ in batches for v in x[:, 0]]
    assert len(set(seen)) == len(seen) == sum(sizes)
    assert [int(v) for _, y in batches for v in y] == [v % 3 for v in seen]
    if not shuffle:
        assert seen == list(range(sum(sizes)))


@pytest.mark.parametrize("data", [counted(50), StreamData(Items(50), CPU)])
def test_the_order_is_the_generators(data):
    def order(seed):
        return [int(v) for x, _ in data.batches(8, generator(seed), shuffle=True) for v in x[:, 0]]

    assert order(1) == order(1)
    assert order(1) != order(2)
    assert order(1) != sorted(order(1))


@pytest.mark.parametrize("n", [1, 511, 512, 513, 1025])
def test_evaluation_sees_every_item_in_order(n):
    for data in (counted(n), StreamData(Items(n), CPU)):
        seen = [int(v) for x, _ in data.eval_batches() for v in x[:, 0]]
        assert seen == list(range(n))


def test_a_sample_is_random_distinct_and_fixed_by_the_generator():
    data = counted(40)
    sample = data.sample(10, generator(1))
    assert len(set(sample.x.flatten().tolist())) == len(sample) == 10
    assert torch.equal(sample.y, sample.x.flatten().long() % 3)
    assert torch.equal(sample.x, data.sample(10, generator(1)).x)
    assert not torch.equal(sample.x, data.sample(10, generator(2)).x)
    for n in (40, 99):
        whole = data.sample(n, generator())
        assert torch.equal(whole.x, data.x)
        assert whole.x.data_ptr() != data.x.data_ptr()


def test_a_sample_of_a_random_data_set_stands_still():
    data = StreamData(Items(20, noisy), CPU)
    sample = data.sample(6, generator(1))
    assert isinstance(sample, TensorData)
    assert not sample.deterministic
    assert len(set(sample.x[:, 0].tolist())) == 6
    assert torch.equal(sample.x[:, 0], data.sample(6, generator(1)).x[:, 0])
    assert len(data.sample(99, generator())) == 20


def late(i):
    if i == 5:
        raise OSError("no such image\nnor another")
    return torch.rand(2), i % 2


def bent(i):
    return torch.rand(2, 2, 2 + (i == 5)), i % 2


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            late,
            r"^Reading train raised OSError: no such image( \(test_datasets\.py:\d+\))?; read its",
        ),
        (bent, r"^The inputs of train differ in shape \(\[2, 2, 2\] and \[2, 2, 3\]\)"),
    ],
)
def test_random_items_that_cannot_be_read_are_told_in_one_line(make, words, workers):
    data = StreamData(Items(9, make), CPU, workers)
    with pytest.raises(UsageError, match=words) as caught:
        list(data.batches(4))
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(caught.value)
