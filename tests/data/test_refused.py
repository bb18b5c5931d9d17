"""What cannot be used is said in one sentence: what, where, and what makes it usable."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    Sampler,
    TensorDataset,
    WeightedRandomSampler,
)

import recipe
from recipe import Experiment, UsageError

X = torch.randn(40, 4, generator=torch.Generator().manual_seed(0))
Y = torch.arange(40) % 3


class Listed(Dataset):
    """Forty items made by a function of their number."""

    def __init__(self, make):
        self.make = make

    def __len__(self):
        return 40

    def __getitem__(self, index):
        return self.make(index)


class Stream(IterableDataset):
    """Items that a function begins anew."""

    def __init__(self, begin):
        self.begin = begin

    def __iter__(self):
        return iter(self.begin())


class InOrder(Sampler):
    """A sampler of the user's own."""

    def __len__(self):
        return 40

    def __iter__(self):
        return iter(range(40))


class Thing:
    """Nothing that anyone knows."""


def linear():
    return nn.Linear(4, 3)


def of(forward):
    """A factory of models with this `forward` and one layer."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 3)

    Net.forward = forward
    return Net


def with_key(**more):
    return Listed(lambda i: {"x": X[i], "label": int(Y[i]), **more})


def two(i):
    return {"a": X[i], "b": X[i], "label": int(Y[i])}


def images(item):
    return Listed(lambda i: (torch.rand(3, 32, 32), item))


def raising(*_):
    raise ValueError("first line\nsecond line")


def pairs():
    return zip(X, Y, strict=True)


def breaking():
    for number, pair in enumerate(pairs()):
        if number == 20:
            raise OSError("connection lost")
        yield pair


def loader(**given):
    return DataLoader(TensorDataset(X, Y), **given)


def detector():
    from torchvision.models.detection import fasterrcnn_mobilenet_v3_large_320_fpn

    return fasterrcnn_mobilenet_v3_large_320_fpn(
        weights=None, weights_backbone=None, num_classes=2, min_size=32, max_size=32
    )


PAIRS = (X, Y)
BOTH = of(lambda self, a, b: self.layer(a + b))
NAMED = of(lambda self, x: {"logit": self.layer(x), "state": x, "count": 3})
TARGETS = Listed(lambda i: (X[i], {"kind": int(Y[i]), "size": X[i, 0]}))

ITEMS = {
    "no key is the target": (
        {"train": Listed(lambda i: {"x": X[i], "kind": 1})}, ["train[0]", "'x', 'kind'", "target='KEY'"]
    ),
    "two keys may be": (
        {"train": with_key(target=1)}, ["train[0]", "several keys", "target='label'"]
    ),
    "target names no key": (
        {"train": with_key(), "target": "kind"}, ["train[0]", "no key 'kind'", "target="]
    ),
    "target of pairs": (
        {"train": Listed(lambda i: (X[i], 1)), "target": "kind"}, ["train[0]", "leave out target="]
    ),
    "a target alone": ({"train": Listed(lambda i: {"label": 1})}, ["train[0]", "no inputs", "batch="]),
    "an empty dict": ({"train": Listed(lambda i: {})}, ["train[0]", "target="]),
    "batch raises": (
        {"train": with_key(), "batch": lambda r: r["image"]}, ["batch", "KeyError: 'image'", "train[0]"]
    ),
    "batch gives no pair": (
        {"train": with_key(), "batch": lambda r: r["x"]}, ["batch", "Tensor", "(inputs, targets)"]
    ),
    "batch is a name": ({"train": with_key(), "batch": "x"}, ["batch='x'", "callable"]),
    "None": ({"train": Listed(lambda i: None)}, ["train[0] is a NoneType", "pair (x, y)", "batch="]),
    "text": ({"train": Listed(lambda i: "cat.png")}, ["train[0] is a str", "pair (x, y)", "batch="]),
    "an object": ({"train": Listed(lambda i: Thing())}, ["train[0] is a Thing", "batch="]),
    "text as input": ({"train": Listed(lambda i: ("cat.png", 1))}, ["train holds a str", "collate="]),
    "text as target": (
        {"train": Listed(lambda i: (X[i], f"number {i}")), "val": PAIRS}, ["not labels", "collate="]
    ),
    "words in some items": (
        {"train": Listed(lambda i: (X[i], "cat" if i != 7 else 3))}, ["words in some items", "int (3)"]
    ),
    "no word in some items": (
        {"train": Listed(lambda i: (X[i], "cat" if i != 7 else None))}, ["1 of 40 items", "item 7"]
    ),
    "words for amounts": (
        {"train": Listed(lambda i: (X[i], "much")), "task": "regression"}, ["'much'", "number for each"]
    ),
    "three words for yes and no": (
        {"train": (X, ["a", "b", "c", "a"] * 10), "task": "binary"}, ["3 words", 'task="classification"']
    ),
    "a word that is no class": (
        {"train": (X, ["cat", "dog"] * 20), "classes": ["cat", "cow"]}, ["'dog'", "2 classes", "classes="]
    ),
    "text in a dict": (
        {"train": Listed(lambda i: {"text": "good", "label": 1})}, ["no numbers", "collate="]
    ),
    "a missing target": (
        {"train": Listed(lambda i: (X[i], None if i == 7 else 1))}, ["train holds a NoneType"]
    ),
    "a picture": (
        {"train": Listed(lambda i: (Image.new("RGB", (8, 8)), 1))}, ["[4, 3, 8, 8]", "uint8", "x.float()"]
    ),
    "an object as input": ({"train": Listed(lambda i: (Thing(), 1))}, ["train holds a Thing", "ToTensor"]),
    "pictures of several sizes": (
        {"train": Listed(lambda i: (torch.zeros(3, 8 + i % 3, 8), 1))},
        ["inputs of train", "[3, 8, 8] and [3, 9, 8]", "resize", "collate="],
    ),
    "one picture of another size": (
        {"train": Listed(lambda i: (torch.zeros(3, 8 + (i == 5), 8), 1))}, ["[3, 8, 8] and [3, 9, 8]"]
    ),
    "amounts of several lengths": (
        {"train": Listed(lambda i: (X[i], torch.zeros(2 + i % 3))), "task": "regression"},
        ["targets of train", "2 to 4", "collate="],
    ),
    "other inputs from item to item": (
        {"train": Listed(lambda i: ({"a": X[i]} if i % 2 else {"b": X[i]}, 1))},
        ["inputs of train", "'b' at first", "'a' in item 1", "same keys", "collate="],
    ),
    "other targets in one item": (
        {"train": Listed(lambda i: (X[i], {"b": 1} if i == 5 else {"a": 1})), "loss": F.cross_entropy},
        ["targets of train", "'a' at first", "'b' in item 5", "same keys", "collate="],
    ),
    "pairs and dicts": (
        {"train": Listed(lambda i: (X[i], 1) if i % 2 else {"x": X[i], "label": 1})},
        ["inputs of train", "a dict with 'x' at first", "a tensor in item 1"],
    ),
    "numbers and text": (
        {"train": Listed(lambda i: {"x": X[i] if i % 2 else "none", "label": 1})},
        ["inputs of train", "numbers in some items and text", "collate="],
    ),
    "sparse": ({"train": Listed(lambda i: (X[i].to_sparse(), 1))}, ["sparse tensor", ".to_dense()"]),
    "a sparse array": ({"train": (X.to_sparse(), Y)}, ["sparse tensor", ".to_dense()"]),
    "without values": ({"train": (X.to("meta"), Y)}, ["train holds a tensor without values"]),
    "a masked array": (
        {"train": (np.ma.masked_less(X.numpy(), 0), Y)}, ["masked array", ".filled(...)"]
    ),
    "complex targets": (
        {"train": (X, X[:, 0].to(torch.complex64)), "task": "regression"},
        ["complex targets", "view_as_real"],
    ),
    "text inputs": ({"train": (np.array([["cat"], ["dog"]] * 20), Y)}, ["train holds an array of words", "numbers"]),
}  # fmt: skip

SOURCES = {
    "arrays of several lengths": (
        {"train": {"a": X, "b": X[:30], "label": Y}}, ["train", "30 and 40 entries", "one entry per item"]
    ),
    "no target among arrays": ({"train": {"a": X, "b": X}}, ["train is a dict", "target='KEY'"]),
    "a number among arrays": (
        {"train": {"a": X, "label": 3}}, ["'label': int", "one entry per item", "Dataset of dicts"]
    ),
    "no arrays": ({"train": {}}, ["train has no items"]),
    "three arrays": ({"train": (X, X[1:], Y)}, ["tuple of 3 arrays", "train=((a, b), y)"]),
    "a path": ({"train": "data/train"}, ["train is text ('data/train')", "Dataset"]),
    "a number": ({"train": 3}, ["train is a int", "Dataset"]),
    "a length that fails": (
        {"train": type("Odd", (Dataset,), {"__len__": raising, "__getitem__": raising})()},
        ["length of train", "ValueError: first line", "__len__"],
    ),
    "a generator": ({"train": pairs()}, ["train can be read once only", "train=lambda: stream()"]),
    "a generator as val": (
        {"train": PAIRS, "val": pairs()}, ["val can be read once only", "val=lambda: stream()"]
    ),
    "an empty stream": ({"train": Stream(list)}, ["train has no items", "stream ends at once"]),
    "a stream that breaks": (
        {"train": Stream(breaking)}, ["Reading train", "OSError: connection lost", "by itself"]
    ),
    "a stream of text": ({"train": Stream(lambda: ["a"] * 40)}, ["An item of train is a str", "batch="]),
    "a stream of several kinds": (
        {"train": Stream(lambda: ((X[i], {"a": 1} if i else {"b": 1}) for i in range(40)))},
        ["targets of train", "'b' at first", "'a' in item 1"],
    ),
    "an epoch of one item": (
        {"train": Stream(pairs), "epoch_items": 1}, ["epoch_items=1", "at least 2"]
    ),
    "too small a share": (
        {"train": Stream(pairs), "val": 0.001}, ["val=0.001 of 40", "fraction in (0, 1)"]
    ),
    "a loader of single items": ({"train": loader(batch_size=None)}, ["batch_size=None", "batch size"]),
    "an own sampler": (
        {"train": loader(batch_size=8, sampler=InOrder())}, ["InOrder", "held out", "val=..."]
    ),
    "a sampler of batches": (
        {"train": loader(batch_sampler=BatchSampler(InOrder(), 8, False))},
        ["BatchSampler", "held out", "val=..."],
    ),
    "too few weights": (
        {"train": loader(batch_size=8, sampler=WeightedRandomSampler([1.0] * 30, 30))},
        ["30 weights for 40 items", "one weight per item"],
    ),
    "collate raises": (
        {"train": with_key(), "collate": raising},
        ["collate function of train", "ValueError: first line", "list of items"],
    ),
    "a loader's collate raises": (
        {"train": DataLoader(with_key(), 8, collate_fn=raising)}, ["collate function of train"]
    ),
    "collate gives nothing": (
        {"train": with_key(), "collate": lambda items: None},
        ["batch that the collate function of train makes is a NoneType"],
    ),
    "collate gives objects": (
        {"train": with_key(), "collate": lambda items: (Thing(), torch.zeros(len(items)))},
        ["train holds a Thing"],
    ),
    "collate gives text": (
        {"train": with_key(), "collate": lambda items: ("ab", "c")}, ["no numbers", "collate="]
    ),
    "collate loses a target": (
        {"train": with_key(), "collate": lambda items: (torch.zeros(len(items), 4), torch.zeros(len(items) + 1))},
        ["inputs of shape [1, 4]", "targets of shape [2]", "collate="],
    ),
    "collate is a number": ({"train": with_key(), "collate": 3}, ["collate=3", "callable"]),
}  # fmt: skip

MODELS = {
    "forward lacks a key": (
        {"train": Listed(two), "model": of(lambda self, a, c: self.layer(a + c))},
        ["takes a, c", "have a, b", "c is missing", "batch="],
    ),
    "forward has other names": (
        {"train": Listed(two), "model": of(lambda self, c, d: self.layer(c))},
        ["takes c, d", "have a, b", "c, d are missing", "batch="],
    ),
    "forward takes one of two": (
        {"train": Listed(lambda i: (X[i], X[i], 1)), "model": linear}, ["one tuple", "parameter for each", "batch="],
    ),
    "forward takes two of three": (
        {"train": Listed(lambda i: (X[i], X[i], X[i], 1)), "model": BOTH},
        ["takes a, b", "3 inputs", "batch="],
    ),
    "forward wants two": ({"train": PAIRS, "model": BOTH}, ["takes a, b", "1 input", "b is missing", "batch="]),
    "forward wants three": (
        {"train": Listed(lambda i: (X[i], X[i], 1)), "model": of(lambda self, a, b, c: self.layer(a))},
        ["takes a, b, c", "2 inputs", "c is missing", "batch="],
    ),
    "it returns nothing": ({"train": PAIRS, "model": of(lambda self, x: None)}, ["NoneType", "outputs="]),
    "it returns text": ({"train": PAIRS, "model": of(lambda self, x: "cat")}, ["a str", "outputs="]),
    "it returns numbers": (
        {"train": PAIRS, "model": of(lambda self, x: {"a": 1, "b": "c"})},
        ["a dict (a: int, b: str)", "outputs=", "loss='model'"],
    ),
    "it returns an object": ({"train": PAIRS, "model": of(lambda self, x: Thing())}, ["a Thing", "outputs="]),
    "outputs names no part": (
        {"train": PAIRS, "model": NAMED, "outputs": "logits"}, ["outputs=", "'logits'", "'logit'"]
    ),
    "outputs names no place": (
        {"train": PAIRS, "model": of(lambda self, x: (self.layer(x), x)), "outputs": 5}, ["outputs=", "'5'", "0, 1"]
    ),
    "outputs names a number": (
        {"train": PAIRS, "model": NAMED, "outputs": "count"}, ["outputs='count'", "int", "tensor"]
    ),
    "outputs raises": (
        {"train": PAIRS, "model": NAMED, "outputs": lambda found: found.logits},
        ["outputs raised AttributeError", "logit: Tensor"],
    ),
    "outputs gives nothing": (
        {"train": PAIRS, "model": NAMED, "outputs": lambda found: None}, ["outputs returned a NoneType"]
    ),
    "outputs is a list": ({"train": PAIRS, "outputs": ["logits"]}, ["outputs=['logits']", "name"]),
    "no targets for the model's loss": (
        {"train": PAIRS, "loss": "model"}, ["loss='model'", "Linear.forward", "labels", "pass a loss"]
    ),
    "no loss of the model's": (
        {"train": PAIRS, "loss": "model", "model": of(lambda self, x, labels=None: self.layer(x))},
        ["given labels", "no loss", "leave out loss='model'"],
    ),
    "the model's loss fails": (
        {"train": PAIRS, "loss": "model", "model": of(lambda self, x, labels=None: self.layer(x).nothing)},
        ["own loss", "inputs [4, 4]", "targets [4]", "nothing"],
    ),
    "a name for a loss": ({"train": PAIRS, "loss": "modle"}, ["loss='modle'", "'model'"]),
    "no loss for several targets": ({"train": TARGETS}, ["kind [4], size [4]", "loss=", "loss='model'"]),
    "a loss for one target": (
        {"train": TARGETS, "loss": F.cross_entropy}, ["loss raised TypeError", "kind [4], size [4]", "outputs="]
    ),
    "a loss of another part": (
        {"train": PAIRS, "model": NAMED, "loss": lambda o, y: F.cross_entropy(o["logits"], y)},
        ["KeyError: 'logits'", "'logit', 'state'", "outputs="],
    ),
    "a metric of another task": (
        {"train": PAIRS, "metric": "map", "task": "regression"}, ["average_precision", "regression", "mae"]
    ),
    "an unknown metric": ({"train": PAIRS, "metric": "f1_makro"}, ["'f1_makro'", "'f1_macro'"]),
    "no boxes": (
        {"train": images({"labels": torch.tensor([1])}), "task": "detection", "model": detector},
        ["image 0", "a dict with labels, without boxes", "boxes [k, 4]", "batch="],
    ),
    "a class for a box": (
        {"train": images(1), "task": "detection", "model": detector},
        ["image 0", "a Tensor, without boxes and labels", "batch="],
    ),
    "a classifier as detector": (
        {"train": images({"boxes": torch.zeros(1, 4), "labels": torch.tensor([1])}), "task": "detection"},
        ["task='detection'", "Linear.forward takes no targets"],
    ),
    "pairs as val of dicts": (
        {"train": with_key(), "val": PAIRS}, ["inputs of val", "a tensor [4]", "a dict: x [4]", "val="]
    ),
    "val lacks an input": (
        {"train": Listed(two), "val": Listed(lambda i: {"a": X[i], "label": 1}), "model": BOTH},
        ["inputs of val", "a [4], b [4]", "val="],
    ),
    "val lacks a target": (
        {"train": TARGETS, "val": PAIRS, "loss": lambda o, y: o.sum()}, ["targets of val", "val="]
    ),
    "val is narrower": ({"train": PAIRS, "val": (X[:, :3], Y)}, ["a tensor [4]", "a tensor [3]", "val="]),
}  # fmt: skip
CASES = {f"{kind}: {name}": case for kind, cases in
         (("items", ITEMS), ("sources", SOURCES), ("models", MODELS)) for name, case in cases.items()}  # fmt: skip


def run(given, folder, **how):
    """Declare and run it; both may refuse."""
    made = Experiment(**{"model": linear, "lr": 0.1, "epochs": 1, "batch_size": 8, **given})
    recipe.run(made, out=folder, device="cpu", **how)


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_used_is_said_in_a_sentence(case, tmp_path):
    given, words = CASES[case]
    with pytest.raises(UsageError) as caught:
        run(given, tmp_path, until="inspect")
    message = str(caught.value)
    assert [word for word in words if word not in message] == []
    assert "\n" not in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"train": with_key(), "augment": lambda x: x + 1}, ["augment", "TypeError", "x [8, 4]"]),
        (
            {"train": with_key(), "update": lambda model, optimizer, batch: batch[0].mean()},
            ["update step", "dict", "update(model, optimizer, (x, y))"],
        ),
        ({"train": PAIRS, "metric": lambda o, y: o["a"]}, ["metric", "metric(outputs, targets)"]),
        (
            {"train": loader(batch_size=8, sampler=WeightedRandomSampler([1.0] * 40, 8)), "val": PAIRS,
             "collate": raising},
            ["collate function of train"],
        ),
        (
            {"train": loader(batch_size=8, sampler=torch.utils.data.SubsetRandomSampler([3, 40])), "val": PAIRS},
            ["SubsetRandomSampler", "item 40 from data with 40", "0 to 39"],
        ),
    ],
)  # fmt: skip
def test_what_fails_in_training_is_said_too(given, words, tmp_path):
    with pytest.raises(UsageError) as caught:
        run(given, tmp_path, only=["coarse_grid"])
    message = str(caught.value)
    assert [word for word in words if word not in message] == []
    assert "\n" not in message


def test_the_command_line_ends_with_two_and_the_sentence(recipe, tmp_path, monkeypatch):
    (tmp_path / "mixed.py").write_text(
        "import torch\n"
        "from recipe import Experiment\n"
        "items = [{'x': torch.zeros(4), 'kind': 1} for _ in range(9)]\n"
        "experiment = Experiment(model=lambda: torch.nn.Linear(4, 3), train=items)\n"
    )
    monkeypatch.chdir(tmp_path)
    code, _, err = recipe("run", "mixed.py", "--until", "inspect", "--out", tmp_path / "runs")
    assert code == 2
    assert "no key that is known to be the target ('x', 'kind')" in err
    assert "Traceback" not in err
