"""Inputs and labels that model or loss refuse are given in a form that says the same."""

import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from label_variations import BYTES, KIND, Listed, X, convolution, linear, prepared
from recipe.training.suiting import InputSuit, LabelSuit

SOME = KIND[:40]


def picture(mode):
    pixels = BYTES.movedim(1, -1).contiguous().numpy()
    return Listed(lambda i: (Image.fromarray(pixels[i]).convert(mode), int(SOME[i])), 40)


@pytest.mark.parametrize(
    ("given", "dtype", "shape", "largest"),
    [
        ({"train": (BYTES, SOME), "model": convolution()}, torch.float32, (3, 8, 8), 1.0),
        ({"train": (BYTES.movedim(1, -1).float(), SOME), "model": convolution()}, torch.float32, (3, 8, 8), 255.0),
        ({"train": (BYTES[:, 0], SOME), "model": convolution(1)}, torch.float32, (1, 8, 8), 1.0),
        ({"train": ((X > 0), KIND)}, torch.float32, (4,), 1.0),
        ({"train": ((3 * X).long(), KIND)}, torch.float32, (4,), None),
        ({"train": (X.half(), KIND)}, torch.float32, (4,), None),
        ({"train": (X.double().numpy(), KIND)}, torch.float32, (4,), None),
        ({"train": ((3 * X).long(), KIND), "model": lambda: nn.Linear(4, 3).double()}, torch.float64, (4,), None),
        ({"train": picture("RGB"), "model": convolution()}, torch.float32, (3, 8, 8), 1.0),
        ({"train": picture("L"), "model": convolution(1)}, torch.float32, (1, 8, 8), None),
        ({"train": picture("RGBA"), "model": convolution()}, torch.float32, (3, 8, 8), 1.0),
        ({"train": picture("CMYK"), "model": convolution()}, torch.float32, (3, 8, 8), None),
    ],
)  # fmt: skip
def test_inputs(given, dtype, shape, largest):
    data = prepared(**given)[1]
    for part in (data.train, data.val):
        assert (part.x.dtype, tuple(part.x.shape[1:])) == (dtype, shape)
    if largest is not None:
        assert float(data.train.x.max()) == largest


@pytest.mark.parametrize(
    ("y", "loss"),
    [
        (KIND.float(), None), (KIND.double().numpy(), F.cross_entropy), (KIND[:, None], None),
        (KIND[:, None].float(), nn.CrossEntropyLoss()), (F.one_hot(KIND, 3), None),
        (F.one_hot(KIND, 3).float(), nn.CrossEntropyLoss()), (F.one_hot(KIND, 3).bool(), None),
        (KIND.numpy().astype("uint16"), None),
    ],
)  # fmt: skip
def test_labels(y, loss):
    _, data, _, said = prepared(train=(X, y), val=(X, y), loss=loss)
    assert torch.equal(data.train.y, KIND)
    assert torch.equal(data.val.y, KIND)
    assert len(said) == 1


@pytest.mark.parametrize(
    ("y", "given"),
    [
        (KIND.float() + 0.5, {}),
        (F.one_hot(KIND, 3).float(), {"loss": lambda o, y: -(o.log_softmax(1) * y).sum(1).mean()}),
        (F.one_hot(KIND, 3).float() * 0.7 + 0.1, {"loss": nn.CrossEntropyLoss()}),
        (KIND.float(), {"model": linear(1)}),
        (KIND.float(), {"task": "regression", "model": linear(1)}),
        (F.one_hot(KIND, 3).float(), {"task": "multilabel"}),
    ],
)
def test_targets_that_stay_what_they_are(y, given):
    _, data, _, said = prepared(train=(X, y), val=(X, y), **given)
    assert torch.equal(data.train.y, y)
    assert not said


def test_what_is_done_to_trees_is_nothing():
    from recipe.data.trees import Tree

    tree = Tree({"a": X})
    assert InputSuit(torch.float32).of(tree) is tree
    assert LabelSuit().of(tree) is tree
