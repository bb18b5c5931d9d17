"""MPS has no float64: what is widened there is taken to the host first. Shown by tensors that refuse
to be made wider before they are.
"""

import pytest
import torch
from torch import Tensor

from recipe_steps.inspect import measure as inspect_measure
from recipe_steps.inspect.splits import repeats_by_chance, told_by_inputs
from recipe_steps.learning_curves.added_noise import added_noise
from recipe_steps.learning_curves.impulses import impulses
from recipe_steps.learning_curves.measure import constant_loss
from recipe_steps.lr_range.gradient_noise import _square


class OnMps(Tensor):
    """Every tensor that is made of it refuses float64, up to `cpu()`."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func is Tensor.cpu:
            with torch._C.DisableTorchFunctionSubclass():
                return args[0].as_subclass(Tensor)
        found = super().__torch_function__(func, types, args, kwargs)
        made = found if isinstance(found, tuple | list) else (found,)
        if any(isinstance(t, Tensor) and t.dtype == torch.float64 for t in made):
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype")
        return found


def far(values):
    return values.as_subclass(OnMps)


def rows(n=200, seed=0):
    return torch.randn(n, 4, generator=torch.Generator().manual_seed(seed)).round(decimals=1)


WORK = {
    "repeats by chance": lambda as_is: repeats_by_chance(as_is(rows())),
    "values told by inputs": lambda as_is: told_by_inputs(as_is(rows()), as_is(rows()[:, 0])),
    "classes told by inputs": lambda as_is: told_by_inputs(
        as_is(rows()), as_is(torch.arange(200) % 3)
    ),
    "variance": lambda as_is: constant_loss("real", as_is(rows()[:, 0])),
    "entropy of zero and one": lambda as_is: constant_loss(
        "zero or one", as_is((torch.arange(200) % 3 > 0).float())
    ),
    "entropy of classes": lambda as_is: constant_loss("class index", as_is(torch.arange(9) % 3)),
    "noise": lambda as_is: added_noise(as_is(rows(400)), as_is(rows(200, 1))),
    "impulses": lambda as_is: impulses(as_is(rows()), as_is(rows(seed=1))),
    "gradients": lambda as_is: _square([as_is(rows()), as_is(rows(seed=1))]),
}


@pytest.mark.parametrize("name", WORK)
def test_no_float64_on_the_device(name):
    expected = WORK[name](lambda values: values)
    found = WORK[name](far)
    assert found == pytest.approx(expected) if expected is not None else found is None


def test_the_tensors_refuse():
    with pytest.raises(TypeError, match="float64"):
        far(rows()).double()
    assert far(rows()).cpu().double().dtype == torch.float64


@pytest.mark.parametrize("kind", [torch.float32, torch.uint8, torch.int64, torch.float16])
def test_figures_of_inputs_are_added_up_in_parts(kind, monkeypatch):
    x = (torch.randn(1001, 3, generator=torch.Generator().manual_seed(0)) * 20 + 100).to(kind)
    largest = []
    to_float = Tensor.float

    def watched(self):
        largest.append(self.numel())
        return to_float(self)

    monkeypatch.setattr(inspect_measure, "AT_ONCE", 300)
    monkeypatch.setattr(Tensor, "float", watched)
    found = inspect_measure._moments(x)
    monkeypatch.undo()
    assert max(largest) <= 300, "a copy of all inputs"
    whole = x.double()
    assert found["mean"] == pytest.approx(whole.mean().item(), rel=1e-5)
    assert found["std"] == pytest.approx(whole.std(correction=0).item(), rel=1e-5)
    assert (found["min"], found["max"]) == (whole.min().item(), whole.max().item())


def test_numbers_that_are_not_finite_are_left_out_of_them():
    x = torch.tensor([[1.0, float("nan")], [3.0, float("inf")]])
    assert inspect_measure._moments(x) == {"mean": 2.0, "std": 1.0, "min": 1.0, "max": 3.0}
    assert inspect_measure._moments(torch.full((2, 2), float("nan"))) == {}
