"""Batches as trees, against loops over plain containers."""

import pickle
from collections import OrderedDict, UserDict
from dataclasses import dataclass, fields, is_dataclass
from typing import NamedTuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recipe.data.equality import identical
from recipe.data.joining import copies, grown, join, split
from recipe.data.trees import (
    Gathered,
    Items,
    Padded,
    Tree,
    as_structure,
    as_values,
    described,
    every_tensor,
    natural,
    only_tensor,
    shape_of,
)


class Pair(NamedTuple):
    left: object
    right: object


@dataclass(frozen=True)
class Record:
    image: object
    meta: object


N = 5


@st.composite
def leaves(draw):
    kind = draw(st.sampled_from(["real", "whole", "yes", "names"]))
    if kind == "names":
        return Items(f"{draw(st.integers(0, 99))}.png" for _ in range(N))
    shape = [N, *draw(st.lists(st.integers(0, 3), max_size=2))]
    values = torch.randint(
        0, 100, shape, generator=torch.Generator().manual_seed(draw(st.integers(0, 9)))
    )
    return {"real": values.float() / 7, "whole": values, "yes": values > 50}[kind]


def containers(inner):
    return st.one_of(
        st.dictionaries(st.sampled_from("abcd"), inner, min_size=1, max_size=3),
        st.lists(inner, min_size=1, max_size=3),
        st.tuples(inner, inner),
        st.builds(Pair, inner, inner),
        st.builds(Record, inner, inner),
    )


structures = containers(st.recursive(leaves(), containers, max_leaves=5))


def walked(value, function):
    """The slow and obvious way: a function of every leaf, container by container."""
    if isinstance(value, torch.Tensor | Items):
        return function(value)
    if isinstance(value, dict):
        return {key: walked(part, function) for key, part in value.items()}
    if isinstance(value, Pair):
        return Pair(*(walked(part, function) for part in value))
    if isinstance(value, tuple | list):
        return type(value)(walked(part, function) for part in value)
    if is_dataclass(value):
        return type(value)(*(walked(getattr(value, f.name), function) for f in fields(value)))
    return value


def equal(a, b):
    """The same containers, leaf by leaf."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(equal, a, b))
    if is_dataclass(a):
        return all(equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return a == b


def picked(leaf, index):
    if isinstance(leaf, Items):
        return Items(leaf[i] for i in index)
    return torch.stack([leaf[i] for i in index]) if index else leaf[:0]


@given(structures, st.lists(st.integers(0, N - 1), max_size=7))
def test_rows_are_those_of_every_leaf(structure, index):
    tree = Tree(as_structure(structure))
    wanted = walked(structure, lambda leaf: picked(leaf, index))
    assert equal(natural(tree[index]), wanted)
    assert equal(natural(tree[torch.tensor(index, dtype=torch.long)]), wanted)
    assert equal(natural(tree[1:4]), walked(structure, lambda leaf: picked(leaf, [1, 2, 3])))
    assert len(tree) == N
    assert len(tree[1:4]) == 3


@given(structures, st.integers(1, N + 1))
def test_what_was_split_is_joined_again(structure, size):
    tree = Tree(as_structure(structure))
    parts = split(tree, size)
    assert [len(part) for part in parts] == [len(part) for part in torch.arange(N).split(size)]
    for start, part in zip(range(0, N, size), parts, strict=True):
        index = list(range(start, min(start + size, N)))
        assert equal(natural(part), walked(structure, lambda leaf, i=index: picked(leaf, i)))
    assert equal(natural(join(parts)), structure)
    assert equal(natural(join(split(tree, [2, 0, 3]))), structure)


@given(structures)
def test_a_copy_shares_nothing(structure):
    tree = Tree(as_structure(structure))
    before = walked(
        structure, lambda leaf: leaf.clone() if isinstance(leaf, torch.Tensor) else leaf
    )
    copy = tree.clone()
    assert equal(natural(copy), structure)
    for tensor in every_tensor(copy):
        tensor.fill_(0)
    assert equal(structure, before)


@given(structures)
def test_a_batch_several_times_behind_itself(structure):
    tree = Tree(as_structure(structure))
    thrice = walked(structure, lambda leaf: picked(leaf, list(range(N)) * 3))
    assert equal(natural(copies(tree, 3)), thrice)
    assert copies(tree, 1) is tree


@given(structures)
def test_tensors_by_where_they_stand(structure):
    tree = Tree(as_structure(structure))
    found = []
    walked(structure, lambda leaf: found.append(leaf) if isinstance(leaf, torch.Tensor) else None)
    named = tree.tensors()
    assert sorted(map(id, named.values())) == sorted(map(id, found))
    assert tree.nbytes == sum(leaf.nbytes for leaf in found)
    doubled = tree.named(lambda name, leaf: leaf * 2 if name == next(iter(named)) else leaf)
    for place, (name, leaf) in enumerate(named.items()):
        assert torch.equal(doubled.tensors()[name], leaf if place else leaf * 2)


@given(structures)
def test_equal_to_itself_and_not_to_another(structure):
    tree = Tree(as_structure(structure))
    assert identical(tree, tree.clone())
    assert not identical(tree, Tree({"other": tree.value}))
    for number, tensor in enumerate(every_tensor(tree.clone())):
        other = tree.clone()
        changed = list(every_tensor(other))[number]
        if changed.numel():
            changed.copy_(~tensor if tensor.dtype == torch.bool else tensor + 1)
            assert not identical(tree, other)


def test_mappings_of_any_kind_become_dicts():
    inner = torch.zeros(2, 1)
    made = as_structure(UserDict(b=OrderedDict(z=inner, a=[inner, (inner,)])))
    assert type(made) is dict
    assert type(made["b"]) is dict
    assert list(made["b"]) == ["z", "a"]
    assert made["b"]["a"][1][0] is inner


def test_the_order_of_keys_is_kept():
    tree = Tree({"z": torch.zeros(3), "a": torch.ones(3), "m": torch.zeros(3)})
    for made in (tree[:2], tree.clone(), join([tree, tree]), tree.mapped(lambda leaf: leaf)):
        assert list(made.value) == ["z", "a", "m"]


def test_what_belongs_to_the_whole_batch_stays():
    tree = Tree({"x": torch.arange(4.0), "scale": torch.tensor(2.0), "name": "set", "none": None})
    part = tree[[3, 1]]
    assert part.value["x"].tolist() == [3, 1]
    assert part.value["scale"] == 2
    assert (part.value["name"], part.value["none"]) == ("set", None)
    assert len(Tree({"scale": torch.tensor(2.0)})) == 0
    halves = [Tree({"x": torch.zeros(1), "loss": torch.tensor(v)}) for v in (1.0, 3.0)]
    assert join(halves).value["loss"] == 2


def test_sequences_of_several_widths_are_joined():
    a = Padded(torch.ones(2, 3), torch.tensor([3, 2]))
    b = Padded(torch.ones(1, 5), torch.tensor([5]))
    both = join([Tree(a), Tree(b)]).value
    assert both.values.tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 0, 0], [1] * 5]
    assert both.lengths.tolist() == [3, 2, 5]
    labels = join([torch.ones(1, 2, dtype=torch.long), torch.ones(1, 3, dtype=torch.long)], -100)
    assert labels.tolist() == [[1, 1, -100], [1, 1, 1]]
    assert grown(torch.ones(1, 2), [2, 3], 7).tolist() == [[1, 1, 7], [7, 7, 7]]


def test_tensors_inside_items_move_and_detach_too():
    weight = torch.ones(2, requires_grad=True)
    tree = Tree(Items([{"boxes": weight * 2}, {"boxes": weight * 3}]))
    free = tree.detach()
    assert [entry["boxes"].requires_grad for entry in free.value] == [False, False]
    assert tree.to(torch.device("meta")).device == torch.device("meta")
    assert tree.device == torch.device("cpu")
    assert tree.nbytes == 16
    assert tree.tensors() == {}


def test_one_tensor_stays_one():
    x = torch.zeros(3, 2)
    assert as_values(x) is x
    assert only_tensor(x) is x
    assert natural(x) is x
    assert only_tensor(as_values({"x": x})) is None
    assert [len(part) for part in split(x, 2)] == [2, 1]
    assert join([x, x]).shape == (6, 2)


@pytest.mark.parametrize(
    ("values", "item", "batch"),
    [
        (torch.zeros(4, 3, 2), "[3, 2]", "[4, 3, 2]"),
        (Tree({"b": torch.zeros(4), "a": {"c": torch.zeros(4, 2)}}), "a.c [2], b []", "a.c [4, 2], b [4]"),
        (Tree((torch.zeros(4, 1), Items("abcd"))), "0 [1]", "0 [4, 1]"),
        (Tree(Items("abcd")), "4 separate items", "4 separate items"),
    ],
)  # fmt: skip
def test_shapes_in_words(values, item, batch):
    assert shape_of(values) == item
    assert described(values) == batch


def test_a_batch_that_cannot_be_taken_apart_is_made_anew():
    made = []

    def make(places):
        made.append(tuple(places))
        sizes = [place + 1 for place in places]
        return Tree({"nodes": torch.ones(sum(sizes)), "sizes": torch.tensor(sizes)})

    tree = Tree(make((0, 1, 2)).value, Gathered(make, (0, 1, 2)))
    assert len(tree) == 3
    assert tree[1:].value["sizes"].tolist() == [2, 3]
    assert tree[[2, 0]].value["nodes"].shape == (4,)
    assert tree[torch.tensor([1])].value["sizes"].tolist() == [2]
    parts = [Tree(make(places).value, Gathered(make, places)) for places in ((0, 1), (2,))]
    assert join(parts).value["sizes"].tolist() == [1, 2, 3]
    assert made[-1] == (0, 1, 2)


def test_a_tree_travels_between_processes():
    tree = Tree(as_structure({"x": torch.arange(3), "meta": Record(torch.zeros(3), Items("abc"))}))
    back = pickle.loads(pickle.dumps(tree))  # noqa: S301 - our own bytes
    assert equal(natural(back), natural(tree))
