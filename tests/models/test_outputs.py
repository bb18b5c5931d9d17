"""Where the outputs are in what models return."""

from collections import OrderedDict, namedtuple
from dataclasses import dataclass

import pytest
import torch

from recipe.core.errors import UsageError
from recipe.models.outputs import OutputPicker, find_output, parts_of, structure_of

LOGITS, STATE = torch.zeros(4, 3), torch.zeros(4, 8)
Named = namedtuple("Named", "state logits")  # noqa: PYI024 - as torchvision writes it


@dataclass
class Answer:
    state: torch.Tensor
    scores: torch.Tensor
    loss: None = None


@dataclass(slots=True)
class Slim:
    state: torch.Tensor
    out: torch.Tensor


class Plain:
    def __init__(self):
        self.state, self.logits, self._hidden = STATE, LOGITS, STATE


def fits(tensor):
    return tensor.shape[1] == 3


@pytest.mark.parametrize(
    ("returned", "name"),
    [
        (LOGITS, None),
        ((LOGITS, STATE), 0),
        ((STATE, LOGITS), 1),
        ([STATE, LOGITS], 1),
        ({"state": STATE, "logits": LOGITS}, "logits"),
        (OrderedDict(a=STATE, z=LOGITS), "z"),
        ({"out": LOGITS, "aux": LOGITS}, "out"),
        (Named(STATE, LOGITS), "logits"),
        (Answer(STATE, LOGITS), "scores"),
        (Slim(STATE, LOGITS), "out"),
        (Plain(), "logits"),
        ((LOGITS, None), 0),
    ],
)
def test_outputs_are_found_by_their_name_and_shape(returned, name):
    picker = find_output(returned, None, fits)
    assert picker.name == name
    assert picker(returned) is LOGITS


def test_a_known_name_counts_where_no_shape_fits():
    assert find_output({"state": STATE, "logits": STATE}, None, fits).name == "logits"
    assert find_output((STATE, STATE), None, fits).name == 0


def test_the_user_says_where_they_are():
    returned = {"state": STATE, "logits": LOGITS}
    assert find_output(returned, "state", fits)(returned) is STATE
    assert find_output((LOGITS, STATE), 1, fits)((LOGITS, STATE)) is STATE
    double = find_output(returned, lambda found: found["logits"] + 1, fits)
    assert torch.equal(double(returned), LOGITS + 1)
    assert find_output(LOGITS, "logits", fits)(LOGITS) is LOGITS


def test_a_tensor_in_evaluation_mode_is_what_it_is():
    picker = find_output({"out": LOGITS, "aux": STATE}, None, fits)
    assert picker(STATE) is STATE


@pytest.mark.parametrize(
    ("returned", "declared", "words"),
    [
        ({"logit": LOGITS}, "logits", ["outputs=", "'logits'", "did you mean 'logit'?"]),
        ((LOGITS, STATE), 4, ["outputs=", "'4'", "0, 1"]),
        ({"count": 3, "logits": LOGITS}, "count", ["outputs='count' is a int", "logits: Tensor"]),
        ({"a": 1}, None, ["a dict (a: int)", "outputs=", "loss='model'"]),
        (object(), None, ["a object", "outputs="]),
        ({}, None, ["a dict,", "outputs="]),
    ],
)
def test_outputs_that_are_not_there(returned, declared, words):
    with pytest.raises(UsageError) as caught:
        find_output(returned, declared, fits)
    assert [word for word in words if word not in str(caught.value)] == []


def test_outputs_that_are_gone_later():
    with pytest.raises(UsageError, match="returned 0, 1 this time, and no 'logits'"):
        OutputPicker("logits")((LOGITS, STATE))
    with pytest.raises(UsageError, match=r"outputs raised KeyError: 'b' for a dict \(a: Tensor\)"):
        OutputPicker(function=lambda found: found["b"])({"a": LOGITS})
    with pytest.raises(UsageError, match="outputs returned a NoneType for a tensor of shape"):
        OutputPicker(function=lambda found: None)(LOGITS)


def test_what_was_returned_as_a_tree():
    assert parts_of(Named(1, 2)) == {"state": 1, "logits": 2}
    assert list(parts_of(Plain())) == ["state", "logits"]
    assert structure_of(Plain())["logits"] is LOGITS
    assert structure_of((LOGITS, {"a": STATE}))[1]["a"] is STATE
    assert structure_of(LOGITS) is LOGITS


def test_it_says_what_it_takes():
    assert str(OutputPicker("logits")) == "'logits'"
    assert str(OutputPicker(1)) == "part 1 of what the model returns"
    assert "function given as outputs" in str(OutputPicker(function=len))
