import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from recipe.core.errors import UsageError
from recipe.data.trees import Tree
from recipe.models.adapted import Adapter, adapt
from recipe.models.calling import Calling
from recipe.trained.arrays import as_called, read_array


class LastStep(nn.Module):
    def forward(self, x, lengths):
        return x[torch.arange(len(x)), lengths - 1]


class Sum(nn.Module):
    def forward(self, a, b=None):
        return a if b is None else a + b


def test_sequences_of_one_length_are_given_with_it():
    model = adapt(LastStep(), Adapter(Calling(mask="lengths")))
    x = torch.randn(3, 5, 2)
    assert torch.equal(model(as_called(model, x, "x.npy")), x[:, -1])


def test_several_tensors_are_given_by_name(tmp_path):
    model = adapt(Sum(), Adapter(Calling(names=("a", "b"))))
    parts = {"b": torch.ones(3, 2), "a": torch.randn(3, 2)}
    save_file(parts, tmp_path / "x.safetensors")
    x = read_array(tmp_path / "x.safetensors")
    assert isinstance(x, Tree)
    assert torch.equal(model(as_called(model, x, "x")), parts["a"] + 1)
    assert torch.equal(model(as_called(model, x[1:], "x")), parts["a"][1:] + 1)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (adapt(Sum(), Adapter(Calling(names=("a", "c")))), "none is called c"),
        (nn.Linear(2, 2), "holds 2 tensors: write the inputs alone"),
    ],
)
def test_tensors_that_the_model_does_not_take_are_one_sentence(model, says):
    x = Tree({"a": torch.ones(3, 2), "b": torch.ones(3, 2)})
    with pytest.raises(UsageError, match=says):
        as_called(model, x, "x.safetensors")


def test_one_tensor_for_a_model_that_takes_one_stays_as_it_is():
    x = torch.ones(3, 2)
    assert as_called(nn.Linear(2, 2), x, "x.npy") is x
