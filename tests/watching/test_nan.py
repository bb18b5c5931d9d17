"""A loop whose loss becomes NaN: the operation, its module, the items and the cause are named."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import recipe
from loops import X, Y

START = 6
"""Iterations before the trouble."""


class Net(nn.Module):
    """Does something to its hidden values from some call on."""

    def __init__(self, trouble):
        super().__init__()
        torch.manual_seed(1)
        self.first, self.last = nn.Linear(2, 8), nn.Linear(8, 3)
        self.trouble, self.calls = trouble, 0

    def forward(self, x):
        h = self.first(x)
        if self.training:
            self.calls += 1
            if self.calls > START:
                h = self.trouble(h)
        return self.last(h)


def loop(
    folder,
    trouble,
    *,
    loss_of=F.cross_entropy,
    lr=0.05,
    steps=12,
    dtype=None,
    spoil=None,
    share=1e9,
    **given,
):
    """Train as a user does; the result and what was said."""
    model = Net(trouble)
    optimizer = torch.optim.SGD(model.parameters(), lr)
    said = []
    watch = recipe.watch(model, optimizer, out=folder, say=said.append, share=share, **given)
    generator = torch.Generator().manual_seed(0)
    for i in range(steps):
        part = torch.randperm(len(X), generator=generator)[:16]
        x, y = X[part].clone(), Y[part]
        if spoil is not None and i >= START:
            x[spoil] = torch.nan
        with torch.autocast("cpu", dtype or torch.bfloat16, enabled=dtype is not None):
            loss = loss_of(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        watch.step(loss)
    result = watch.close()
    assert not [line for line in said if "watch ended" in line], said
    return result, said


def by_norm(h):
    return h / (h - h).norm(dim=1, keepdim=True)


def at_root(h):
    return h * (h - h.detach()).square().sum(1, keepdim=True).sqrt()


CASES = [
    ("a logarithm of zero", "log in Net", lambda h: (h * 0).log(), {}),
    ("a division by a norm of zero", "div in Net", by_norm, {}),
    ("the slope of a root at zero", "the gradient of sqrt in Net", at_root, {}),
    ("an overflow of half precision", "mul in Net", lambda h: h * 1e6, {"dtype": torch.float16}),
    ("an exponential of a large number", "exp in Net", lambda h: (h.abs() * 1e4).exp(), {}),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "where", "trouble", "given"), CASES)
def test_the_cause_is_named_at_once(cause, where, trouble, given, tmp_path):
    result, said = loop(tmp_path, trouble, **given)
    assert result.diagnosis[0] == "operation-not-finite"
    assert cause in result.findings[0].message
    assert where in result.findings[0].message
    assert "test_nan.py:" in result.findings[0].message
    assert f"iteration {START + 1}" in result.findings[0].message.lower() or "the gradient" in where
    (line,) = [line for line in said if "operation-not-finite" in line]
    assert line.startswith(f"recipe: iteration {START + (2 if 'gradient' in where else 1)}")
    assert result.verdict == "fail"


def test_the_items_of_the_batch(tmp_path):
    result, _ = loop(tmp_path, lambda h: h, spoil=[3, 5])
    assert (
        "The batch holds values that are not finite (items 3, 5 of the batch)"
        in result.findings[0].message
    )


def test_a_rate_that_is_too_high(tmp_path):
    result, _ = loop(
        tmp_path,
        lambda h: h,
        loss_of=lambda o, y: (o - y[:, None]).square().mean(),
        lr=50.0,
        steps=60,
    )
    found = {f.rule: f for f in result.findings}
    assert "grew out of bounds: the rate is too high" in found["operation-not-finite"].message


def test_a_loss_of_ones_own_by_its_module(tmp_path):
    class Loss(nn.Module):
        def forward(self, outputs, y):
            return -torch.log(outputs.softmax(1)[:, 0] * (y < 9) * gone[0]).mean()

    gone = torch.ones(1)
    made = Loss()

    def trouble(h):
        gone.zero_()
        return h

    result, _ = loop(tmp_path, trouble, loss_of=made, loss=made)
    assert "log in the loss" in result.findings[0].message
    assert "the smallest value before is 0" in result.findings[0].message


def test_a_loss_that_nobody_saw_is_told_by_its_graph(tmp_path):
    gone = torch.ones(1)

    def trouble(h):
        gone.zero_()
        return h

    def own(outputs, y):
        return -torch.log(outputs.softmax(1)[:, 0] * (y < 9) * gone[0]).mean()

    result, _ = loop(tmp_path, trouble, loss_of=own)
    assert "log in the graph behind the loss" in result.findings[0].message


def test_in_a_fast_loop_a_batch_that_is_told_is_replayed(tmp_path):
    class Distance(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Linear(4, 8)

        def forward(self, a, b):
            return (self.encoder(a) - self.encoder(b)).square().sum(1).sqrt()

    torch.manual_seed(0)
    model, said = Distance(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch = recipe.watch(model, optimizer, out=tmp_path, say=said.append)
    a = torch.randn(400, 16, 4)
    b = a + torch.randn_like(a)
    b[307, 5] = a[307, 5]
    for x, z in zip(a, b, strict=True):
        loss = (model(x, z) - 1).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        watch.step(loss, (x, z))
    assert not watch.listener.pace.dense
    message = watch.close().findings[0].message
    assert "the gradient of sqrt in Distance, test_nan.py:" in message
    assert "(items 5 of the batch)" in message


def test_one_bad_batch_that_a_scaler_skips_is_no_finding(tmp_path):
    model = Net(lambda h: h)
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    said = []
    watch = recipe.watch(model, optimizer, out=tmp_path, say=said.append, share=1e9)
    for i in range(20):
        loss = F.cross_entropy(model(X), Y)
        if i == 9:
            watch.step(loss * torch.inf)
            continue
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        watch.step(loss)
    watch.val(score=0.5)
    result = watch.close()
    assert "operation-not-finite" not in result.diagnosis
    assert not [line for line in said if "not-finite" in line]


def test_in_a_loop_so_fast_that_calls_are_not_kept_something_is_said_all_the_same(tmp_path):
    def trouble(h):
        return (h * 0).log() if model_calls[0] else h

    model_calls = [0]

    def loss_of(outputs, y):
        model_calls[0] = len(calls) >= 30
        calls.append(1)
        return F.cross_entropy(outputs, y)

    calls = []
    result, _ = loop(tmp_path, trouble, loss_of=loss_of, share=1e-9, steps=60)
    assert result.trials[0].status == "diverged"
    assert "log in Net" in result.findings[0].message
