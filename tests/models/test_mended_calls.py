"""Models without what their forward should not do."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe.models.mended_calls import dropout_by_mode, gradients_kept, registered

X = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))


class Kept(nn.Module):
    """Layers and tensors where PyTorch does not look."""

    def __init__(self):
        super().__init__()
        self.listed = [nn.Linear(4, 4), nn.ReLU()]
        self.named = {"last": nn.Linear(4, 2)}
        self.shift = torch.zeros(2, requires_grad=True)
        self.sizes = [4, 2]
        self.fixed = torch.ones(2)
        self.inner = nn.Sequential()
        self.inner.parts = (nn.Linear(2, 2),)

    def forward(self, x):
        for layer in self.listed:
            x = layer(x)
        return self.inner.parts[0](self.named["last"](x) + self.shift * self.fixed)


def test_what_is_kept_in_plain_attributes_becomes_known():
    torch.manual_seed(0)
    plain = Kept()
    torch.manual_seed(0)
    known = registered(Kept)()
    assert not list(plain.parameters())
    assert len(list(known.parameters())) == 7
    assert torch.equal(plain(X), known(X))
    assert known.sizes == [4, 2]
    known(X).sum().backward()
    assert all(p.grad is not None for p in known.parameters())


def test_a_model_that_hides_nothing_stays_as_it_is():
    make = lambda: nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.ReLU()))  # noqa: E731
    model = registered(make)()
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias"]


class Dropping(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(4, 4)

    def forward(self, x):
        return F.dropout(self.line(x), 0.5)


def test_functional_dropout_asks_the_mode():
    model = dropout_by_mode(Dropping)()
    model.eval()
    assert torch.equal(model(X), model(X))
    assert torch.equal(model(X), model.model.line(X))
    model.train()
    assert not torch.equal(model(X), model(X))


@pytest.mark.parametrize("cut", [torch.Tensor.detach, torch.detach, lambda x: x.data])
def test_gradients_pass_what_cut_them_off(cut):
    class Cut(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, x):
            return self.last(cut(self.first(x)))

    for make, reached in ((Cut, False), (gradients_kept(Cut), True)):
        model = make()
        model(X).sum().backward()
        inner = getattr(model, "model", model)
        assert (inner.first.weight.grad is not None) == reached
