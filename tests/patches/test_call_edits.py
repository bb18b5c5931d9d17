"""Edits of how a file calls PyTorch."""

import pytest

from recipe.core.evidence import Evidence
from recipe.patches.edits import candidates

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"
CASES = {
    "a list of layers": ("register-modules", "self.parts = [nn.Linear(4, 4) for _ in range(3)]",
                         "self.parts = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])"),
    "a dict of layers": ("register-modules", "self.parts = {'a': nn.Linear(4, 4)}",
                         "self.parts = nn.ModuleDict({'a': nn.Linear(4, 4)})"),
    "a tensor": ("register-modules", "self.scale = torch.ones(1, requires_grad=True)",
                 "self.scale = nn.Parameter(torch.ones(1, requires_grad=True))"),
    "detach": ("keep-gradients", "h = self.first(x).detach()", "h = self.first(x)"),
    "torch.detach": ("keep-gradients", "h = torch.detach(self.first(x))", "h = self.first(x)"),
    ".data": ("keep-gradients", "h = self.first(x).data", "h = self.first(x)"),
    "dropout": ("dropout-by-mode", "x = F.dropout(x, 0.2)",
                "x = F.dropout(x, 0.2, training=self.training)"),
    "dropout, always": ("dropout-by-mode", "x = F.dropout(x, p=0.2, training=True)",
                        "x = F.dropout(x, p=0.2, training=self.training)"),
    "softmax of one of several answers": ("sigmoid-for-softmax", "y = F.softmax(self.last(h), dim=1)",
                                          "y = F.sigmoid(self.last(h))"),
    "the method": ("sigmoid-for-softmax", "y = self.last(h).softmax(1)", "y = self.last(h).sigmoid()"),
    "the module": ("sigmoid-for-softmax", "nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1))",
                   "nn.Sequential(nn.Linear(4, 3), nn.Sigmoid())"),
    "loaders": ("shuffle", "train = DataLoader(data, batch_size=4, shuffle=False)",
                "train = DataLoader(data, batch_size=4, shuffle=True)"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_call_is_mended(case):
    kind, before, after = CASES[case]
    text = HEAD + before + "\n"
    assert HEAD + after + "\n" in list(candidates(text, (kind,), Evidence()))


def test_without_nn_the_whole_name_is_written():
    (changed,) = candidates("import torch\nself.a = [b()]\n", ("register-modules",), Evidence())
    assert "torch.nn.ModuleList([b()])" in changed


@pytest.mark.parametrize(
    "lines",
    [
        ["loss.backward()"],
        ["loss.backward()", "optimizer.zero_grad()", "optimizer.step()"],
        ["optimizer.step()", "loss.backward()", "optimizer.zero_grad()"],
        ["optimizer.zero_grad()", "optimizer.step()", "loss.backward()"],
    ],
)
def test_the_three_calls_of_an_update_are_put_in_order(lines):
    body = "\n    ".join(["loss = F.mse_loss(model(batch[0]), batch[1])", *lines, "return loss"])
    text = f"def update(model, optimizer, batch):\n    {body}\n"
    (changed,) = candidates(text, ("step-order",), Evidence())
    inner = [line.strip() for line in changed.splitlines()][1:]
    assert inner == [
        "loss = F.mse_loss(model(batch[0]), batch[1])", "optimizer.zero_grad()", "loss.backward()",
        "optimizer.step()", "return loss",
    ]  # fmt: skip


def test_an_optimizer_gets_the_parameters_that_it_is_given():
    text = "make = lambda params, lr, wd: torch.optim.SGD(other.parameters(), lr=lr)\n"
    (changed,) = candidates(text, ("all-parameters",), Evidence())
    assert "torch.optim.SGD(params, lr=lr)" in changed


def test_labels_count_from_zero():
    text = "e = Experiment(train=(x, y), val=(v, w))\n"
    (changed,) = candidates(text, ("labels-from-zero",), Evidence({"train_target_min": 1.0}))
    assert "train=(x, y - 1), val=(v, w - 1)" in changed
    assert not list(candidates(text, ("labels-from-zero",), Evidence({"train_target_min": 0.0})))
