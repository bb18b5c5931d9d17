"""Adapted models stay the user's: names, copies, hooks, calls of their own."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.func import functional_call

from recipe.data.trees import Tree, WithTargets
from recipe.models.adapted import Adapter, adapt, adapter_of, advice, as_declared
from recipe.models.calling import Calling
from recipe.models.outputs import OutputPicker
from recipe.models.own_loss import ByForward

A, B = torch.randn(5, 4, generator=torch.Generator().manual_seed(0)), torch.ones(5, 4)
BATCH = Tree({"a": A, "b": B})
BY_NAME = Adapter(Calling(("a", "b")), OutputPicker("logits"))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, a, b, labels=None):
        logits = self.layer(a + b)
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return {"state": a, "logits": logits, "loss": loss}


class WithState(nn.Linear):
    """Calls itself."""

    def forward(self, x):
        return super().forward(x), x


def made(adapter=BY_NAME, kind=Net):
    torch.manual_seed(0)
    return adapt(kind(), adapter)


def wanted(model):
    return model.layer(A + B)


def test_a_batch_becomes_arguments_and_what_is_returned_outputs():
    model = made()
    assert torch.equal(model(BATCH), wanted(model))


def test_names_kinds_and_parameters_stay():
    torch.manual_seed(0)
    plain, model = Net(), made()
    assert list(model.state_dict()) == list(plain.state_dict())
    assert isinstance(model, Net)
    assert (type(model).__name__, type(model).__module__) == ("Net", Net.__module__)
    assert repr(model) == repr(plain)
    model.load_state_dict({name: value + 1 for name, value in plain.state_dict().items()})
    plain.load_state_dict({name: value - 1 for name, value in model.state_dict().items()})
    assert adapter_of(model) == BY_NAME
    assert adapter_of(plain) is None
    assert adapter_of(nn.Sequential(model)) == BY_NAME


def test_the_user_calls_it_as_before():
    model = made()
    found = model(A, B)
    assert found["state"] is A
    assert torch.equal(found["logits"], wanted(model))
    assert model(a=A, b=B, labels=torch.zeros(5, dtype=torch.long))["loss"] is not None


def test_copies_are_adapted_too():
    model = made()
    twin = copy.deepcopy(model)
    with torch.no_grad():
        model.layer.weight.zero_()
    assert torch.equal(twin(BATCH), wanted(twin))
    assert not torch.equal(twin(BATCH), model(BATCH))


def test_hooks_see_what_the_rest_sees():
    model, seen = made(), []
    model.register_forward_hook(lambda _, args, outputs: seen.append((args[0], outputs)))
    model.layer.register_forward_hook(lambda _, args, outputs: seen.append(outputs))
    outputs = model(BATCH)
    assert seen[0] is outputs
    assert seen[1][0] is BATCH
    assert seen[1][1] is outputs


def test_other_weights_for_one_call():
    model = made()
    weights = {name: torch.zeros_like(value) for name, value in model.named_parameters()}
    assert not functional_call(model, weights, (BATCH,)).any()
    assert model(BATCH).any()
    grads = torch.func.grad(lambda w: functional_call(model, w, (BATCH,)).sum())(
        dict(model.named_parameters())
    )
    assert grads["layer.bias"].tolist() == [5, 5, 5]


def test_of_one_tensor_the_outputs_are_taken():
    model = made(Adapter(picker=OutputPicker(0)), lambda: WithState(4, 3))
    assert model(A).shape == (5, 3)
    with as_declared(model):
        _, state = model(A)
        assert state is A
    assert isinstance(model(A), torch.Tensor)
    with pytest.raises(ZeroDivisionError), as_declared(model):
        _ = 1 / 0
    assert isinstance(model(A), torch.Tensor)


def test_all_that_is_returned():
    model = made(Adapter(picker=OutputPicker(0), whole=True), lambda: WithState(4, 3))
    found = model(A)
    assert isinstance(found, Tree)
    assert found.value[1] is A


def test_a_model_that_is_asked_for_its_loss():
    model = made(Adapter(Calling(("a", "b")), OutputPicker("logits"), own_loss=ByForward("labels")))
    y = torch.arange(5) % 3
    found = model(Tree(WithTargets(BATCH.value, y))).value
    assert torch.equal(found["logits"], wanted(model))
    loss = nn.functional.cross_entropy(wanted(model), y)
    assert found["loss"].tolist() == [pytest.approx(loss.item())] * 5
    assert torch.equal(model(BATCH), wanted(model))


def test_nothing_is_changed_where_nothing_is_to_be_done():
    model = nn.Linear(4, 3)
    assert adapt(model, Adapter()) is model
    assert type(model) is nn.Linear


def test_adapted_again():
    model = made()
    kind = type(model)
    adapt(model, Adapter(Calling(("a", "b")), OutputPicker("state")))
    assert type(model) is kind
    assert model(BATCH) is A


def test_a_class_is_made_once():
    assert type(made()) is type(made())


@pytest.mark.parametrize(
    ("model", "x", "error", "words"),
    [
        (nn.Linear(4, 3), A, RuntimeError("sizes"), "first layer"),
        (
            nn.Linear(4, 3),
            A,
            TypeError("missing 1 required positional argument: 'z'"),
            "inputs of an item",
        ),
        (nn.Linear(4, 3), Tree((A, B)), TypeError("tuple"), "all 2 inputs as one tuple"),
        (nn.Linear(4, 3), BATCH, TypeError("dict"), r"the keys (a, b)"),
        (nn.Linear(4, 3), Tree({"text": "a"}), TypeError("dict"), "no numbers"),
        (made(), BATCH, RuntimeError("sizes"), "first layer"),
    ],
)
def test_what_to_do_about_a_model_that_fails(model, x, error, words):
    assert words in advice(model, x, error)


def test_weights_of_an_adapted_model_are_saved_like_those_of_the_users():
    back = pickle.loads(pickle.dumps(made().state_dict()))  # noqa: S301 - our own bytes
    Net().load_state_dict(back)
