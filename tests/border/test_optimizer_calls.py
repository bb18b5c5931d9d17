"""Optimizer functions as people write them."""

from functools import partial

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.training.optimizers import build_optimizer, optimizer_family

SGD, ADAM = torch.optim.SGD, torch.optim.AdamW


class Maker:
    """An object that is called."""

    def __call__(self, params, *, learning_rate, decay=0.0):
        """Make it."""
        return SGD(params, lr=learning_rate, weight_decay=decay)


WAYS = {
    "a function of three": lambda params, lr, weight_decay: SGD(params, lr, 0, 0, weight_decay),
    "other names": lambda p, rate, wd: SGD(p, rate, weight_decay=wd),
    "names that tell nothing": lambda a, b, c: SGD(a, b, weight_decay=c),
    "turned round": lambda params, weight_decay, lr: SGD(params, lr, weight_decay=weight_decay),
    "a class": SGD,
    "another class": ADAM,
    "a partial": partial(SGD, momentum=0.9),
    "a partial of keywords": partial(ADAM, betas=(0.9, 0.95)),
    "keywords passed on": lambda params, **given: SGD(params, momentum=0.9, **given),
    "an object": Maker(),
    "other settings beside": lambda params, lr, momentum=0.9, weight_decay=0: SGD(
        params, lr, momentum, weight_decay=weight_decay
    ),
}
FIXED = {
    "without a decay": lambda params, lr: SGD(params, lr, weight_decay=0.25),
    "a hard-coded decay": lambda params, lr=0.05, **_: SGD(params, lr, weight_decay=0.25),
}


def made(optimizer):
    given = Experiment(model=nn.Identity, train=1, optimizer=optimizer, weight_decay=0.125, lr=0.5)
    return build_optimizer(given, nn.Linear(3, 2), 0.5)


@pytest.mark.parametrize("name", WAYS)
def test_rate_and_decay_arrive(name):
    (group,) = made(WAYS[name]).param_groups
    assert (group["lr"], group["weight_decay"]) == (0.5, 0.125)


@pytest.mark.parametrize("name", FIXED)
def test_a_decay_that_nobody_asks_for_stays_the_functions_own(name):
    (group,) = made(FIXED[name]).param_groups
    assert (group["lr"], group["weight_decay"]) == (0.5, 0.25)


def test_a_function_that_takes_no_rate_keeps_its_own():
    (group,) = made(lambda params: SGD(params, lr=0.03)).param_groups
    assert group["lr"] == 0.03


@pytest.mark.parametrize(("name", "family"), [("a class", "sgd"), ("another class", "adamw"),
                                              ("a partial", "sgd")])  # fmt: skip
def test_its_kind_is_known(name, family):
    given = Experiment(model=nn.Identity, train=1, optimizer=WAYS[name])
    assert optimizer_family(given)[0] == family


def test_what_fits_no_way_is_told():
    with pytest.raises(UsageError, match=r"called as optimizer\(params, lr, weight_decay\)"):
        made(lambda: SGD([nn.Parameter(torch.zeros(1))], 0.1))


def test_an_error_inside_is_told_as_its_own():
    def broken(params, lr, weight_decay):
        raise TypeError("no such thing")

    with pytest.raises(UsageError, match="no such thing"):
        made(broken)


OWN = {
    "hard-coded": (lambda params, lr: SGD(params, lr, weight_decay=0.25), 0.25),
    "whatever it is asked for": (lambda params, lr, wd: SGD(params, lr, weight_decay=0.25), 0.25),
    "a default": (lambda params, lr, weight_decay=0.3: SGD(params, lr, weight_decay=weight_decay), 0.3),
    "a partial": (partial(ADAM, weight_decay=0.05), 0.05),
    "of the class": (ADAM, 0.01),
    "beside keywords": (lambda params, lr=0.1, **_: SGD(params, lr, weight_decay=0.5), 0.5),
}  # fmt: skip


def decay_of(experiment):
    return [
        g["weight_decay"] for g in build_optimizer(experiment, nn.Linear(3, 2), 0.5).param_groups
    ]


@pytest.mark.parametrize("name", OWN)
def test_a_decay_of_the_functions_own_is_the_declared_one(name):
    make, own = OWN[name]
    declared = Experiment(model=nn.Identity, train=1, optimizer=make, lr=0.5).resolved()
    assert declared.weight_decay == own
    assert declared.notes == ()
    for asked in (own, 0.0, 2.0):
        changed = declared.with_params({"weight_decay": asked})
        assert decay_of(changed) == [pytest.approx(asked)]
        assert changed.resolved().weight_decay == asked


def test_a_function_that_ignores_what_is_declared_is_told():
    make, _ = OWN["hard-coded"]
    given = Experiment(model=nn.Identity, train=1, optimizer=make, weight_decay=0.1).resolved()
    assert given.weight_decay == 0.25
    assert given.notes == (
        "The optimizer's function sets a weight decay of 0.25 itself, so that is what is trained "
        "with, not 0.1.",
    )


def test_groups_keep_their_shares_of_it():
    def make(params, lr):
        flat, wide = [[p for p in params if (p.ndim > 1) is wide] for wide in (False, True)]
        return SGD([{"params": wide, "weight_decay": 0.2}, {"params": flat}], lr)

    given = Experiment(model=nn.Identity, train=1, optimizer=make, lr=0.5).resolved()
    assert given.weight_decay == 0.2
    assert decay_of(given.with_params({"weight_decay": 0.05})) == [0.05, 0.0]


@pytest.mark.parametrize("name", WAYS)
def test_a_function_that_passes_its_decay_on_stays_as_it_is(name):
    given = Experiment(model=nn.Identity, train=1, optimizer=WAYS[name], weight_decay=0.125)
    assert given.resolved().optimizer is WAYS[name]
    assert given.resolved().weight_decay == 0.125


def test_a_function_that_wants_the_models_own_parameters_is_not_asked():
    model = nn.Linear(3, 2)
    names = {id(p): n for n, p in model.named_parameters()}

    def make(params, lr, weight_decay):
        assert all(id(p) in names for p in params)
        return SGD(params, lr, weight_decay=weight_decay)

    given = Experiment(model=nn.Identity, train=1, optimizer=make).resolved()
    assert given.optimizer is make
    assert given.weight_decay == 1e-4


def test_the_script_of_it_decays_alike():
    from recipe.border.optimizer_calls import call_text

    for name, (make, own) in OWN.items():
        declared = Experiment(model=nn.Identity, train=1, optimizer=make, lr=0.5).resolved()
        text = call_text(declared.optimizer, "make", own / 2)
        scope = {"make": make, "params": [nn.Parameter(torch.zeros(2))], "LR": 0.5}
        exec(f"def made():\n    optimizer = {text}\n    return optimizer", scope)
        assert scope["made"]().param_groups[0]["weight_decay"] == pytest.approx(own / 2), name
