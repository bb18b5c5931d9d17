import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.errors import UsageError
from recipe.training.optimizers import build_optimizer, set_lr

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
    assert torch.equal(two_steps(ours, made), two_steps(theirs, reference))
    assert not torch.equal(ours.weight, layer().weight)


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
        (lambda params, lr: None, ["TypeError", "optimizer(params, lr, weight_decay)"]),
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
