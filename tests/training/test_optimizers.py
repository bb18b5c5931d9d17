import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.training.optimizers import (
    USUAL_RATES,
    build_optimizer,
    clear_gradients,
    optimizer_family,
    set_lr,
    step,
    usual_rates,
)

TORCHS = {
    "sgd": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda p: torch.optim.Adam(p, 0.1, weight_decay=0.01),
    "adamw": lambda p: torch.optim.AdamW(p, 0.1, weight_decay=0.01),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.1, weight_decay=0.01),
}


def experiment(**given):
    return Experiment(model=nn.Identity, train=1, **given)


def layer(seed=0):
    torch.manual_seed(seed)
    return nn.Linear(3, 2)


def two_steps(model, optimizer):
    for k in range(2):
        optimizer.zero_grad()
        (model(torch.ones(1, 3) * (k + 1)) ** 2).sum().backward()
        optimizer.step()
    return model.weight.detach()


@pytest.mark.parametrize("name", TORCHS)
def test_a_name_means_torchs_optimizer_with_these_settings(name):
    ours, theirs = layer(), layer()
    made = build_optimizer(experiment(optimizer=name, weight_decay=0.01), ours, 0.1)
    reference = TORCHS[name](theirs.parameters())
    assert type(made) is type(reference)
    expected = two_steps(theirs, reference)
    # The fused kernels round in another order than the steps one by one.
    torch.testing.assert_close(two_steps(ours, made), expected, rtol=1e-6, atol=1e-7)
    assert not torch.equal(ours.weight, layer().weight)


def test_beta_and_epsilon_are_those_declared():
    given = experiment(optimizer="adamw", momentum=0.8, beta2=0.98, epsilon=1e-4)
    (group,) = build_optimizer(given, layer(), 0.1).param_groups
    assert (group["betas"], group["eps"]) == ((0.8, 0.98), 1e-4)
    (group,) = build_optimizer(
        experiment(optimizer="rmsprop", epsilon=1e-3), layer(), 0.1
    ).param_groups
    assert group["eps"] == 1e-3


@pytest.mark.parametrize(
    "given", [{"beta2": 1.0}, {"beta2": -0.1}, {"epsilon": 0.0}, {"beta2": "a"}]
)
def test_impossible_settings_are_refused(given):
    with pytest.raises(UsageError, match=r"Experiment\((beta2|epsilon)="):
        experiment(optimizer="adam", **given)


def test_settings_beside_an_optimizer_function_are_refused():
    with pytest.raises(UsageError, match="set the epsilon in that function"):
        experiment(optimizer=lambda *_: None, epsilon=1e-4)


def test_without_a_declared_decay_there_is_none():
    made = build_optimizer(experiment(optimizer="adamw"), layer(), 0.1)
    assert made.param_groups[0]["weight_decay"] == 0.0


def test_only_trainable_parameters_are_given():
    model = layer()
    model.weight.requires_grad_(False)
    made = build_optimizer(experiment(), model, 0.1)
    assert [p is model.bias for p in made.param_groups[0]["params"]] == [True]
    model.bias.requires_grad_(False)
    with pytest.raises(UsageError, match="no trainable parameters"):
        build_optimizer(experiment(), model, 0.1)


def test_a_users_callable_gets_parameters_rate_and_decay():
    made = build_optimizer(
        experiment(
            optimizer=lambda params, lr, decay: torch.optim.Adagrad(params, lr, weight_decay=decay),
            weight_decay=0.5,
        ),
        layer(),
        0.25,
    )
    group = made.param_groups[0]
    assert isinstance(made, torch.optim.Adagrad)
    assert (group["lr"], group["weight_decay"], len(group["params"])) == (0.25, 0.5, 2)


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        (lambda: None, ["TypeError", "optimizer(params, lr, weight_decay)"]),
        (lambda *_: 1 / 0, ["ZeroDivisionError"]),
        (lambda *_: "sgd", ["returned str", "torch.optim.Optimizer"]),
    ],
)
def test_a_broken_callable_is_named(optimizer, words):
    with pytest.raises(UsageError) as caught:
        build_optimizer(experiment(optimizer=optimizer), layer(), 0.1)
    assert [word for word in words if word not in str(caught.value)] == []


def test_set_lr_keeps_the_ratios_between_groups():
    model = layer()
    optimizer = torch.optim.SGD(
        [{"params": [model.weight]}, {"params": [model.bias], "lr": 0.02}], lr=0.1
    )
    for rate in (0.05, 0.0, 0.4):  # also back from zero
        set_lr(optimizer, rate, 0.1)
        assert [g["lr"] for g in optimizer.param_groups] == pytest.approx([rate, rate / 5])


@pytest.mark.parametrize(
    ("optimizer", "kind"),
    [("adamw", ("adamw", 0.9)), ("sgd", ("sgd", 0.9)),
     (lambda p, lr, _: torch.optim.SGD(p, lr=lr), ("sgd", 0.0)),
     (lambda p, lr, _: torch.optim.NAdam(p, lr=lr), ("adam", 0.9)),
     (lambda p, lr, _: torch.optim.LBFGS(p, lr=lr), ("lbfgs", 0.0)),
     (lambda p, lr, _: torch.optim.Adagrad(p, lr=lr), ("adagrad", 0.0)),
         (lambda p, lr, _: torch.optim.Rprop(p, lr=lr), (None, 0.0)),
     (lambda *_: 1 / 0, (None, 0.0))],
)  # fmt: skip
def test_the_kind_of_an_optimizer(optimizer, kind):
    assert optimizer_family(experiment(optimizer=optimizer)) == kind


def test_usual_rates_without_momentum_are_ten_times_as_high():
    plain = usual_rates(experiment(optimizer=lambda p, lr, _: torch.optim.SGD(p, lr=lr)))
    assert plain == pytest.approx([10 * rate for rate in USUAL_RATES["sgd"]])
    assert usual_rates(experiment(optimizer="sgd", momentum=0.0)) == pytest.approx(plain)
    assert usual_rates(experiment(optimizer="sgd")) == USUAL_RATES["sgd"]
    unknown = experiment(optimizer=lambda p, lr, _: torch.optim.Rprop(p, lr=lr))
    assert usual_rates(unknown) == USUAL_RATES["adam"]
    for kind in (torch.optim.Adadelta, torch.optim.Adagrad):
        own = experiment(optimizer=lambda p, lr, _, kind=kind: kind(p, lr=lr))
        assert usual_rates(own) == USUAL_RATES[kind.__name__.lower()]


SQUARE = torch.arange(6.0).reshape(2, 3)


def stepped(make, weight, backward):
    """The weight after three steps."""
    made = build_optimizer(experiment(optimizer=make), nn.ParameterList([weight]), 0.1)
    for _ in range(3):
        made.zero_grad()
        backward(weight)
        step(made, None)
    return weight.detach()


def of_rows(weight):
    nn.functional.embedding(torch.tensor([1]), weight, sparse=True).sum().backward()


def of_all(weight):
    (weight * SQUARE.to(weight.dtype)).abs().square().sum().backward()


WEIGHTS = {
    "sparse gradients": (lambda: torch.ones(2, 3), of_rows),
    "complex": (lambda: torch.ones(2, 3, dtype=torch.complex64), of_all),
    "a part of a larger one": (lambda: torch.ones(2, 5)[:, :3], of_all),
    "turned around": (lambda: torch.ones(3, 2).T, of_all),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_and_gradients_of_every_layout(name):
    make, backward = WEIGHTS[name]
    found = stepped("sgd", nn.Parameter(make()), backward)
    plain = stepped(
        lambda p, lr, _: torch.optim.SGD(p, lr, momentum=0.9, nesterov=True, foreach=False),
        nn.Parameter(make()), backward,
    )  # fmt: skip
    torch.testing.assert_close(found, plain)


def test_an_own_update_step_may_give_gradients_of_any_layout():
    weight = nn.Parameter(torch.ones(2, 3))
    own = experiment(optimizer="sgd", update=lambda *_: 0.0)
    made = build_optimizer(own, nn.ParameterList([weight]), 0.1)
    weight.grad = torch.ones(1, 1).expand(2, 3)
    step(made, None)
    assert (weight == weight[0, 0]).all()


def test_a_line_search_whose_ends_have_met_starts_anew():
    weight = nn.Parameter(torch.tensor([3.0]))
    made = torch.optim.LBFGS([weight], lr=1.0, max_iter=5)
    calls = []

    def closure():
        calls.append(weight.item())
        if len(calls) == 3:
            raise ZeroDivisionError
        made.zero_grad()
        loss = (weight - 1).square().square().sum()
        loss.backward()
        return loss

    step(made, closure)
    assert weight.item() == 3.0
    step(made, closure)
    assert 1.0 <= weight.item() < 3.0


def test_other_optimizers_say_what_is_wrong():
    class Broken(torch.optim.SGD):
        def step(self, closure=None):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        step(Broken(layer().parameters(), lr=0.1), None)


def test_gradients_are_forgotten_as_by_the_optimizers_own_method():
    model = layer()
    made = build_optimizer(experiment(), model, 0.1)
    model(torch.ones(1, 3)).sum().backward()
    clear_gradients(made)
    assert model.weight.grad is None
    assert model.bias.grad is None

    class Counts(torch.optim.SGD):
        asked = 0

        def zero_grad(self, set_to_none=True):
            self.asked += 1
            super().zero_grad(set_to_none)

    own = Counts(model.parameters(), lr=0.1)
    clear_gradients(own)
    assert own.asked == 1
