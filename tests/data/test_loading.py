"""Data of several parts, of several lengths, and with a function of the user's that makes batches."""
# ruff: noqa: NPY002 - what data sets draw from

import random
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from recipe.core.errors import UsageError
from recipe.data.datasets import TensorData
from recipe.data.item_data import ItemData, StreamData
from recipe.data.item_parts import Parting
from recipe.data.loading import ItemForm, load_data
from recipe.data.single_items import undisturbed
from recipe.data.trees import Items, Padded, natural

CPU = torch.device("cpu")
X, Y = torch.arange(24.0).reshape(12, 2), torch.arange(12) % 3


class Made(Dataset):
    def __init__(self, make, n=12):
        self.make, self.n = make, n

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        return self.make(index)


@dataclass
class Record:
    v: torch.Tensor
    size: float
    label: int


def generator():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(
    "source",
    [
        {"v": X, "size": X[:, 0], "label": Y},
        {"v": X.numpy(), "size": X[:, 0].numpy(), "label": Y.numpy()},
        ({"v": X, "size": X[:, 0]}, Y),
        Made(lambda i: {"v": X[i], "size": float(X[i, 0]), "label": int(Y[i])}),
        Made(lambda i: ({"v": X[i].numpy(), "size": np.float64(X[i, 0])}, int(Y[i]))),
        Made(lambda i: Record(X[i], float(X[i, 0]), int(Y[i]))),
        lambda: {"v": X, "size": X[:, 0], "label": Y},
    ],
)
def test_items_by_name_become_one_tree_of_tensors(source):
    data = load_data(source, "train", CPU)
    assert isinstance(data, TensorData)
    assert len(data) == 12
    assert torch.equal(data.x.value["v"], X)
    assert torch.equal(data.x.value["size"], X[:, 0])
    assert torch.equal(data.y, Y)
    batches = list(data.batches(5, generator(), shuffle=True))
    order = torch.randperm(12, generator=generator())
    assert [len(x) for x, _ in batches] == [5, 5, 2]
    assert torch.equal(torch.cat([x.value["v"] for x, _ in batches]), X[order])
    assert torch.equal(torch.cat([y for _, y in batches]), Y[order])


def test_the_users_arrays_are_left_alone():
    source = {"v": X.clone(), "label": Y.clone()}
    data = load_data(source, "train", CPU)
    data.x.value["v"].zero_()
    assert torch.equal(source["v"], X)


@pytest.mark.parametrize(
    "source",
    [
        ((X, -X), Y),
        (X, -X, Y),
        Made(lambda i: (X[i], -X[i], int(Y[i]))),
        Made(lambda i: ((X[i], -X[i]), int(Y[i]))),
    ],
)
def test_several_inputs_in_a_row(source):
    data = load_data(source, "train", CPU)
    assert isinstance(natural(data.x), tuple)
    assert torch.equal(natural(data.x)[1], -X)
    assert torch.equal(data.y, Y)


def test_arrays_of_several_lengths_are_no_inputs_and_targets():
    with pytest.raises(UsageError, match="3 arrays with 12, 11, 12 entries"):
        load_data((X, X[1:], Y), "train", CPU)


def test_targets_of_several_parts():
    data = load_data(
        Made(lambda i: (X[i], {"kind": np.int16(Y[i]), "size": 0.5 * i})), "train", CPU
    )
    assert data.y.value["kind"].dtype == torch.int64
    assert data.y.value["size"].tolist() == [0.5 * i for i in range(12)]


def lengthy(i):
    return {"ids": torch.arange(1, 2 + i % 4), "name": f"{i}.txt", "label": int(Y[i])}


def test_items_of_several_lengths_are_kept_and_padded_when_they_are_wanted():
    data = load_data(Made(lengthy), "train", CPU)
    assert isinstance(data, ItemData)
    seen = []
    for x, y in data.batches(5, generator(), shuffle=True):
        ids, names = x.value["ids"], x.value["name"]
        assert isinstance(ids, Padded)
        assert isinstance(names, Items)
        for row, length, name, label in zip(
            ids.values, ids.lengths.tolist(), names, y.tolist(), strict=True
        ):
            number = int(name.removesuffix(".txt"))
            assert row.tolist() == [*range(1, length + 1), *[0] * (len(row) - length)]
            assert (length, label) == (1 + number % 4, number % 3)
            seen.append(number)
    assert seen == torch.randperm(12, generator=generator()).tolist()
    assert [name for x, _ in data.eval_batches() for name in x.value["name"]] == [
        f"{i}.txt" for i in range(12)
    ]


def test_a_sample_of_items_of_several_lengths():
    data = load_data(Made(lengthy), "train", CPU)
    some, every = data.sample(5, generator()), data.sample(99, generator())
    assert (len(some), len(every)) == (5, 12)
    assert [
        f"{i}.txt" for i in torch.randperm(12, generator=generator())[:5].tolist()
    ] == some.x.value["name"]
    assert isinstance(some, TensorData)


def collate(items):
    xs, ys = zip(*items, strict=True)
    return {"v": torch.stack(xs).mean(1), "label": torch.tensor(ys)}


def test_a_function_of_the_users_is_given_the_items_as_they_are():
    given = []

    def own(items):
        given.append(items)
        return collate(items)

    data = load_data(Made(lambda i: (X[i], int(Y[i]))), "train", CPU, form=ItemForm(collate=own))
    assert isinstance(data, ItemData)
    given.clear()
    batches = list(data.batches(5, generator(), shuffle=True))
    order = torch.randperm(12, generator=generator())
    assert all(type(item) is tuple for items in given for item in items)
    assert torch.equal(torch.cat([x.value["v"] for x, _ in batches]), X[order].mean(1))
    assert torch.equal(torch.cat([y for _, y in batches]), Y[order])


def test_a_batch_that_cannot_be_taken_apart_is_made_anew():
    def graphs(items):
        sizes = torch.tensor([len(nodes) for nodes, _ in items])
        return {"nodes": torch.cat([n for n, _ in items]), "sizes": sizes}, torch.tensor(
            [y for _, y in items]
        )

    source = Made(lambda i: (torch.full((1 + i % 3, 2), float(i)), int(Y[i])))
    data = load_data(source, "train", CPU, form=ItemForm(collate=graphs))
    sample = data.sample(99, generator())
    part = sample.x[4:6].value
    assert part["nodes"][:, 0].tolist() == [4, 4, 5, 5, 5]
    assert part["sizes"].tolist() == [2, 3]


def test_random_items_are_made_into_batches_by_the_readers():
    source = Made(lambda i: {"v": torch.rand(1) + i, "label": int(Y[i])})
    data = load_data(source, "train", CPU)
    assert isinstance(data, StreamData)
    ((x, y),) = data.batches(12)
    assert x.value["v"].long().flatten().tolist() == list(range(12))
    assert torch.equal(y, Y)
    own = load_data(source, "train", CPU, form=ItemForm(
        Parting(), lambda items: (torch.stack([i["v"] for i in items]), torch.tensor([i["label"] for i in items]))
    ))  # fmt: skip
    assert isinstance(own, StreamData)
    ((x, y),) = own.batches(12)
    assert x.long().flatten().tolist() == list(range(12))
    assert len(own.sample(5, generator())) == 5


def test_random_sequences_say_where_they_end_in_every_batch():
    source = Made(lambda i: (torch.rand(2 + (i == 11)), int(Y[i])))
    data = load_data(source, "train", CPU)
    assert isinstance(data, StreamData)
    assert all(isinstance(natural(x), Padded) for x, _ in data.batches(4))


def test_numbers_drawn_to_look_at_items_are_missed_by_nobody():
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    with undisturbed():
        torch.rand(3), random.random(), np.random.rand()
    found = torch.rand(1), random.random(), np.random.rand()
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    assert found == (torch.rand(1), random.random(), np.random.rand())


def test_text_beside_equal_tensors_is_kept():
    data = load_data(Made(lambda i: {"v": X[i], "name": f"{i}", "label": int(Y[i])}), "train", CPU)
    ((x, _),) = data.batches(12)
    assert torch.equal(x.value["v"], X)
    assert x.value["name"] == [f"{i}" for i in range(12)]


def test_the_user_says_how_items_part():
    form = ItemForm(Parting(function=lambda r: (r["v"], r["meta"]["kind"])))
    data = load_data(
        Made(lambda i: {"v": X[i], "meta": {"kind": int(Y[i])}}), "train", CPU, form=form
    )
    assert torch.equal(data.x, X)
    assert torch.equal(data.y, Y)
    form = ItemForm(Parting(target="kind"))
    data = load_data({"v": X, "label": X, "kind": Y}, "train", CPU, form=form)
    assert list(data.x.value) == ["v", "label"]
    assert torch.equal(data.y, Y)


def test_a_late_item_of_another_form_is_found_before_training():
    odd = Made(lambda i: ({"a": X[i % 12]} if i != 77 else {"b": X[0]}, 0), 200)
    with pytest.raises(UsageError, match="a dict with 'a' at first, a dict with 'b' in item 77"):
        load_data(odd, "train", CPU)
    with pytest.raises(UsageError, match=r"differ in shape \(\[1, 2, 2\] and \[2, 2, 2\]\)"):
        load_data(Made(lambda i: (torch.zeros(1 + (i == 77), 2, 2), 0), 200), "train", CPU)
