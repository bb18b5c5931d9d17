"""Whose fault an error is: the deepest frame that is no library's says it."""

import os
import signal
import subprocess
import sys
from functools import partial

import pytest
import torch
from torch import nn

import recipe
from recipe.border import faults
from recipe.border.faults import (
    Stopped,
    as_stop,
    declared_at,
    error_location,
    owner_of,
    said_of,
    usage_error,
)
from recipe.core.errors import UsageError
from recipe.core.parsers import parse_names
from recipe.data import joining
from recipe.tasks import Classification


def caught(call, *given):
    try:
        call(*given)
    except BaseException as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError("nothing was raised")


def told(call, *given, **more):
    error = usage_error(caught(call, *given), **more)
    return None if error is None else str(error)


@pytest.mark.parametrize(
    ("file", "owner"),
    [
        (recipe.__file__, "ours"),
        (torch.__file__, "library"),
        (os.__file__, "library"),
        (__file__, "user"),
        ("<string>", "user"),
        ("<ipython-input-3-abc>", "user"),
        ("<eval_with_key>.1", "library"),
        ("/home/me/recipes/train.py", "user"),
    ],
)
def test_whose_code_a_file_is(file, owner):
    assert owner_of(file) == owner


def test_the_users_line_is_named_where_a_library_raised_below_it():
    def forward(x):
        return nn.functional.linear(x, torch.zeros(3, 4))

    said = told(forward, torch.zeros(2, 5))
    assert said.startswith("Forward raised RuntimeError: mat1 and mat2 shapes cannot be multiplied")
    assert "(test_owner_of_errors.py:" in said
    assert said.endswith("make them match each other and the data.")


def test_an_error_in_our_code_is_ours():
    assert told(parse_names, 3) is None


def test_an_error_of_our_hook_in_a_model_is_ours():
    model = nn.Sequential(nn.Linear(2, 2))
    namespace = {}
    code = compile("def hook(*_):\n    raise ValueError('ours')\n", joining.__file__, "exec")
    exec(code, namespace)
    model[0].register_forward_hook(namespace["hook"])

    def forward(x):
        return model(x)

    assert told(forward, torch.zeros(1, 2)) is None


def test_a_model_of_librarys_layers_is_the_users():
    namespace = {}
    code = compile("def ours(model, x):\n    return model(x)\n", joining.__file__, "exec")
    exec(code, namespace)
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))

    def factory():
        return model

    error = caught(namespace["ours"], model, torch.zeros(1, 2))
    error.__traceback__ = error.__traceback__.tb_next  # this test called it
    said = str(usage_error(error, factory))
    assert said.startswith("The layer BatchNorm1d raised ValueError: Expected more than 1 value")
    assert f"(test_owner_of_errors.py:{factory.__code__.co_firstlineno})" in said


def test_outputs_that_a_task_cannot_use_are_the_users():
    error = caught(Classification().sums, torch.zeros(3), torch.zeros(2, dtype=torch.long))
    error.__traceback__ = error.__traceback__.tb_next
    assert "the loss or score of the task raised" in str(usage_error(error)).lower()


def test_a_step_is_no_code_of_users():
    def measure():
        raise ValueError("a bug of the plugin")

    assert told(measure, plugin=__file__) is None
    assert told(measure).startswith("Measure raised ValueError: a bug of the plugin")


def test_an_error_behind_another_one_is_found():
    def generator():
        raise StopIteration  # noqa: PLR1708 - as users do
        yield

    said = told(list, generator())
    assert "StopIteration" in said
    assert "end a generator with return" in said or "do not let StopIteration escape" in said


def test_a_sentence_that_is_there_already_stays():
    def refuses():
        raise UsageError("Do that.")

    assert told(refuses) == "Do that."


def pressed():
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):
        pass


def raised_by_hand():
    raise KeyboardInterrupt


@pytest.fixture
def _keys_are_heard():
    """A shell that starts the tests in the background has SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_keys_are_heard")
def test_a_key_that_was_pressed_is_no_fault():
    assert told(pressed) is None
    assert told(raised_by_hand).startswith("Raised_by_hand raised KeyboardInterrupt itself")


def test_an_observer_may_stop_a_run():
    def observe(_):
        raise KeyboardInterrupt

    error = caught(as_stop(observe), "event")
    assert isinstance(error, Stopped)
    assert usage_error(error) is None


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()

    def forward(self, x):
        return x


def test_where_a_factory_is_written():
    line = Net.forward.__code__.co_firstlineno
    assert str(declared_at(Net)) == f"test_owner_of_errors.py:{line}"
    assert str(declared_at(partial(Net, width=3))) == f"test_owner_of_errors.py:{line}"
    assert declared_at(nn.Linear) is None
    assert declared_at(None) is None


def test_another_name_than_that_of_the_function():
    def function():
        raise KeyError("x")

    error = caught(function)
    assert said_of(error, "train[3]", "read it").startswith(
        "train[3] raised KeyError: 'x' (test_owner"
    )
    assert said_of(error, "train[3]", "read it").endswith("; read it.")
    memory = caught(lambda: torch.empty(1 << 50))
    assert said_of(memory, "It", "read it").endswith("use a smaller batch_size or a smaller model.")


def test_a_place_without_code_of_users():
    error = caught(parse_names, 3)
    assert ".py:" in error_location(error)
    assert error_location(ValueError()) == "unknown place"


def test_errors_that_cannot_say_what_they_are():
    class MuteError(Exception):
        def __str__(self):
            raise ValueError

    def function():
        raise MuteError

    assert told(function).startswith("Function raised MuteError (test_owner_of_errors.py:")


def test_code_that_was_typed_in_is_the_users():
    code = (
        "from recipe.border.faults import usage_error\n"
        "def forward(): return 1 / 0\n"
        "try: forward()\n"
        "except Exception as error: print(usage_error(error))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Forward raised ZeroDivisionError: division by zero (<string>:2)")


def test_a_plugin_counts_as_ours(monkeypatch, tmp_path):
    monkeypatch.setattr(faults, "_PLUGINS", set())
    file = str(tmp_path / "steps" / "one.py")
    assert owner_of(file) == "user"
    faults.add_plugin(str(tmp_path / "steps"))
    assert owner_of(file) == "ours"
    assert owner_of(str(tmp_path / "steps_of_mine.py")) == "user"
    owner_of.cache_clear()
