import copy
import math
import pickle

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.tasks import TASKS, Classification, Regression

X, Y = torch.zeros(4, 2), torch.zeros(4)


class Net(nn.Linear):
    def __init__(self, width=3):
        super().__init__(2, width)


def make(**given):
    return Experiment(**{"model": Net, "train": (X, Y), **given})


def own_schedule(progress):
    return 1.0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"model": Net()}, ["got a module", "lambda: MyNet()"]),
        ({"model": 3}, ["got 3", "torch.nn.Module"]),
        ({"task": "clasification"}, ["'clasification'", "did you mean 'classification'?"]),
        ({"task": 3}, ["task=3", "binary", "or a Task"]),
        ({"task": Regression}, ["Regression", "or a Task"]),
        ({"optimizer": "sdg"}, ["'sdg'", "'sgd'"]),
        ({"optimizer": 0.1}, ["optimizer=0.1", "or a callable"]),
        ({"head": ""}, ["head=''", "'fc'"]),
        ({"head": 3}, ["head=3"]),
        ({"weights": 3}, ["weights=3", "path"]),
        ({"weights": ""}, ["weights=''"]),
        ({"schedule": "cosin"}, ["'cosin'", "'cosine'"]),
        ({"schedule": 5}, ["schedule=5", "inverse_sqrt"]),
        ({"batch_size": 0}, ["batch_size=0", "at least 1"]),
        ({"batch_size": 2.0}, ["batch_size=2.0", "whole number"]),
        ({"batch_size": True}, ["batch_size=True"]),
        ({"epochs": 0}, ["epochs=0"]),
        ({"epochs": "3"}, ["epochs='3'"]),
        ({"lr": 0}, ["lr=0", "a positive number"]),
        ({"lr": -0.1}, ["lr=-0.1"]),
        ({"lr": math.nan}, ["lr=nan"]),
        ({"lr": math.inf}, ["lr=inf"]),
        ({"weight_decay": -1e-4}, ["weight_decay=-0.0001", "zero or a positive"]),
        ({"warmup": 1.0}, ["warmup=1.0", "[0, 1)"]),
        ({"warmup": -0.1}, ["warmup=-0.1"]),
        ({"warmup": None}, ["warmup=None"]),
        ({"clip_norm": 0.0}, ["clip_norm=0.0"]),
        ({"loss": "mse"}, ["loss='mse'", "callable or 'model'"]),
        ({"metric": 1}, ["metric=1"]),
        ({"augment": [1]}, ["augment=[1]"]),
        ({"update": {}}, ["update={}"]),
        ({"space": {"lr": 0.1}}, ["'lr': 0.1", "list of values"]),
        ({"space": {"act": "relu"}}, ["'act': 'relu'"]),
        ({"space": {"width": []}}, ["'width': []"]),
        ({"space": ["width"]}, ["space=['width']"]),
        ({"learning_rate": 0.1}, ["'learning_rate'", "argument of Experiment"]),
        ({"weight_decy": 0.1}, ["'weight_decy'", "'weight_decay'"]),
        ({"batchsize": 3}, ["'batchsize'", "did you mean 'batch_size'?"]),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(given, words):
    with pytest.raises(UsageError) as caught:
        make(**given)
    message = str(caught.value)
    assert [word for word in words if word not in message] == []
    assert "\n" not in message


@pytest.mark.parametrize("missing", ["model", "train"])
def test_model_and_train_are_needed(missing):
    given = {"model": Net, "train": (X, Y)}
    del given[missing]
    with pytest.raises(UsageError, match=f"needs '{missing}'"):
        Experiment(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"weight_decay": 0, "lr": 1, "warmup": 0.99, "clip_norm": 5},
        {"schedule": own_schedule, "optimizer": lambda p, lr, wd: None, "task": Regression()},
        {"space": {"width": (1, 2), "act": ["relu"]}},
    ],
)
def test_borders_and_callables_are_fine(given):
    made = make(**given)
    assert {name: getattr(made, name) for name in given} == given


def test_params_are_split_between_own_fields_and_the_factory():
    base = make(lr=0.1, model_args={"depth": 2, "width": 3})
    made = base.with_params(
        {"lr": 0.5, "weight_decay": 0.0, "batch_size": 8, "epochs": 2, "schedule": "step",
         "warmup": 0.1, "clip_norm": 1.0, "optimizer": "adam", "width": 9, "dropout": 0.5}
    )  # fmt: skip
    own = ("lr", "weight_decay", "batch_size", "epochs", "schedule", "warmup", "clip_norm",
           "optimizer")  # fmt: skip
    assert [getattr(made, n) for n in own] == [0.5, 0.0, 8, 2, "step", 0.1, 1.0, "adam"]
    assert made.model_args == {"depth": 2, "width": 9, "dropout": 0.5}
    assert (base.lr, base.model_args) == (0.1, {"depth": 2, "width": 3})


def test_a_searched_value_is_checked_too():
    with pytest.raises(UsageError, match="lr=-1"):
        make().with_params({"lr": -1})


def test_resolved_fills_in_defaults_and_keeps_what_was_said():
    filled = make().resolved()
    assert (filled.epochs, filled.weight_decay, filled.schedule) == (20, 1e-4, "cosine")
    said = make(epochs=3, weight_decay=0.0, schedule="constant")
    assert (said.resolved().epochs, said.resolved(7).epochs, said.epochs) == (3, 7, 3)
    assert (said.resolved().weight_decay, said.resolved().schedule) == (0.0, "constant")
    assert make().resolved().lr is None


def test_a_learning_rate_declares_a_baseline():
    assert make(lr=0.1).has_baseline
    assert not make(weight_decay=0.1).has_baseline


def test_params_show_names_of_callables_and_the_factory_arguments():
    made = make(lr=0.1, schedule=own_schedule, optimizer=torch.optim.SGD, model_args={"width": 4})
    params = made.params
    assert (params["lr"], params["weight_decay"], params["batch_size"]) == (0.1, None, 128)
    assert (params["schedule"], params["optimizer"], params["width"]) == (
        "own_schedule",
        "SGD",
        4,
    )
    assert make().params["schedule"] is None
    assert make().params["optimizer"] == "sgd"


def test_loss_metric_and_task_fall_back_to_the_task():
    made = make(task="binary")
    assert made.resolved_task is TASKS["binary"]
    assert (made.loss_function, made.metric_name) == (TASKS["binary"].loss, "accuracy")

    def ranking(outputs, targets):
        return 0.0

    mine = nn.BCELoss()
    made = make(task="binary", loss=mine, metric=ranking)
    assert (made.loss_function, made.metric_name) == (mine, "ranking")
    assert made.resolved_task.threshold == 0.5
    task = Classification()
    assert make(task=task).resolved_task is task


def test_the_users_objects_are_shared_and_left_alone():
    space, args, train = {"width": [1, 2]}, {"width": 3}, (X.clone(), Y.clone())
    made = make(space=space, model_args=args, train=train)
    made.with_params({"width": 8, "lr": 1.0}).resolved()
    assert (space, args) == ({"width": [1, 2]}, {"width": 3})
    assert made.train is train
    assert torch.equal(train[0], X)
    with pytest.raises(AttributeError):
        made.lr = 3


@pytest.mark.parametrize(
    "again",
    [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))],  # noqa: S301
)
def test_an_experiment_can_be_copied_and_sent_to_another_process(again):
    made = make(lr=0.25, model_args={"width": 5}, train=[1, 2])
    assert again(made) == made


def test_a_loader_that_takes_items_in_order_is_taken_at_its_word():
    data = torch.utils.data.TensorDataset(torch.zeros(8, 2), torch.zeros(8).long())
    sampler = torch.utils.data.RandomSampler(data)
    batches = torch.utils.data.BatchSampler(sampler, 2, drop_last=False)
    loaders = {
        "in order": torch.utils.data.DataLoader(data, batch_size=2),
        "random": torch.utils.data.DataLoader(data, batch_size=2, shuffle=True),
        "batches of its own": torch.utils.data.DataLoader(data, batch_sampler=batches),
    }
    found = {
        name: Experiment(model=lambda: nn.Linear(2, 2), train=loader).shuffle
        for name, loader in loaders.items()
    }
    assert found == {"in order": False, "random": True, "batches of its own": True}
