"""Items as batches, against padding and masks by hand."""

from dataclasses import dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recipe.core.errors import UsageError
from recipe.data.collating import (
    IGNORED,
    Collate,
    batch_of,
    check_items,
    differ_in_length_only,
    with_lengths,
)
from recipe.data.item_parts import Parting
from recipe.data.trees import Items, Padded, Tree


def sequence(length, width=None):
    shape = [length] if width is None else [length, width]
    return torch.arange(1, 1 + torch.Size(shape).numel()).reshape(shape).float()


@given(st.lists(st.integers(0, 6), min_size=2, max_size=5), st.sampled_from([None, 3]))
def test_sequences_are_padded_to_the_longest(lengths, width):
    column = [sequence(n, width) for n in lengths]
    found = batch_of(column, "train", "inputs", frozenset([0]))
    assert isinstance(found, Padded)
    assert found.lengths.tolist() == lengths
    assert found.values.shape[:2] == (len(lengths), max(lengths))
    for row, item in zip(found.values, column, strict=True):
        assert torch.equal(row[: len(item)], item)
        assert not row[len(item) :].any()


def test_labels_are_padded_with_what_losses_leave_out():
    found = batch_of([torch.tensor([1, 2, 3]), torch.tensor([4])], "train", "targets")
    assert found.tolist() == [[1, 2, 3], [4, IGNORED, IGNORED]]
    loss = torch.nn.functional.cross_entropy(torch.zeros(2, 5, 3), found)
    assert loss.item() == pytest.approx(torch.tensor(5.0).log().item())
    small = batch_of([torch.tensor([1], dtype=torch.uint8), torch.tensor([2, 3], dtype=torch.uint8)],
                     "train", "targets")  # fmt: skip
    assert small.tolist() == [[1, IGNORED], [2, 3]]


def test_parts_of_a_dict_are_brought_together_one_by_one():
    items = [
        {"ids": torch.arange(n), "size": torch.tensor(float(n)), "name": Items([f"{n}"])}
        for n in (2, 4)
    ]
    found = batch_of(items, "train", "inputs")
    assert list(found) == ["ids", "size", "name"]
    assert found["ids"].values.tolist() == [[0, 1, 0, 0], [0, 1, 2, 3]]
    assert found["ids"].lengths.tolist() == [2, 4]
    assert found["size"].tolist() == [2, 4]
    assert found["name"] == Items(["2", "4"])


def test_a_batch_of_equal_lengths_says_so_where_others_differ():
    items = [(sequence(n), torch.tensor(0)) for n in (3, 3, 5)]
    unaware, aware = Collate(), Collate().knowing(items)
    assert isinstance(unaware(items[:2], "train")[0], torch.Tensor)
    x, _ = aware(items[:2], "train")
    assert isinstance(x, Tree)
    assert x.value.lengths.tolist() == [3, 3]
    assert aware.sequences == {0}
    pairs = [({"a": sequence(2), "b": sequence(n)}, torch.tensor(0)) for n in (1, 2)]
    assert Collate().knowing(pairs).sequences == {1}


def test_dense_sequences_are_given_lengths():
    made = with_lengths(Tree({"a": torch.zeros(2, 4), "b": torch.zeros(2, 3, 5)}), frozenset([1]))
    assert isinstance(made.value["a"], torch.Tensor)
    assert made.value["b"].lengths.tolist() == [3, 3]
    assert with_lengths(torch.zeros(2, 4), frozenset([0])).value.lengths.tolist() == [4, 4]


def test_images_of_several_sizes_are_no_sequences():
    assert differ_in_length_only([torch.zeros(3), torch.zeros(5)])
    assert differ_in_length_only([torch.zeros(3, 2), torch.zeros(5, 2)])
    assert not differ_in_length_only([torch.zeros(3, 2), torch.zeros(5, 3)])
    assert not differ_in_length_only([torch.zeros(3, 8, 8), torch.zeros(4, 8, 8)])


def test_separate_items_stay_apart():
    items = [(torch.zeros(3, n, n), {"boxes": torch.zeros(n, 4)}) for n in (4, 6)]
    x, y = Collate(separate=True)(items, "train")
    assert [len(image[0]) for image in x.value] == [4, 6]
    assert [len(target["boxes"]) for target in y.value] == [4, 6]
    assert (len(x), len(y)) == (2, 2)


@dataclass
class Graph:
    nodes: torch.Tensor
    label: torch.Tensor


@pytest.mark.parametrize(
    "made",
    [
        lambda items: (torch.stack([i["v"] for i in items]), torch.tensor([i["k"] for i in items])),
        lambda items: {"v": torch.stack([i["v"] for i in items]), "label": torch.tensor([i["k"] for i in items])},
        lambda items: Graph(torch.stack([i["v"] for i in items]), torch.tensor([i["k"] for i in items])),
    ],
)  # fmt: skip
def test_a_function_of_the_users_makes_the_batch(made):
    items = [{"v": torch.full((2,), float(k)), "k": k} for k in range(3)]
    x, y = Collate(made, Parting())(items, "train")
    values = x if isinstance(x, torch.Tensor) else next(iter(x.tensors().values()))
    assert values.tolist() == [[0, 0], [1, 1], [2, 2]]
    assert y.tolist() == [0, 1, 2]


def test_lists_with_an_entry_for_each_item():
    def collate(items):
        return [image for image, _ in items], [{"n": len(image)} for image, _ in items]

    x, y = Collate(collate)([(torch.zeros(n), 0) for n in (2, 3)], "train")
    assert [len(image) for image in x.value] == [2, 3]
    assert list(y.value) == [{"n": 2}, {"n": 3}]
    x, _ = Collate(lambda items: {"ids": [[1], [2, 3]], "label": torch.zeros(2)})([0, 1], "train")
    assert x.value["ids"] == Items([[1], [2, 3]])
    x, _ = Collate(lambda items: {"text": ["a", "b"], "label": torch.zeros(2)})([0, 1], "train")
    assert x.value["text"] == Items(["a", "b"])


def test_every_item_is_checked_and_not_the_first_few():
    items = [(torch.zeros(2), {"a": torch.tensor(0)})] * 50
    check_items(items, "train")
    items[41] = (torch.zeros(2), {"b": torch.tensor(0)})
    with pytest.raises(UsageError, match=r"a dict with 'a' at first, a dict with 'b' in item 41"):
        check_items(items, "train")
    with pytest.raises(UsageError, match="in item 7"):
        check_items([items[0], items[41]], "train", [3, 7])
    with pytest.raises(UsageError, match=r"differ in shape \(\[1, 1, 1\] and \[2, 1, 1\]\)"):
        check_items([(torch.zeros(n, 1, 1), torch.tensor(0)) for n in (1, 2)], "train")
