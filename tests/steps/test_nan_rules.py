import pytest

from recipe_steps.initial_loss import InitialLoss
from recipe_steps.initial_loss.rules import initial_loss_not_finite
from recipe_steps.learning_curves import LearningCurves
from recipe_steps.nan_rules import CAUSES, operation_not_finite
from rule_cases import NAN, Case, check


def nan(severity, says="", **given):
    scalars = {f"nan_{name}": value for name, value in given.items()}
    return Case(operation_not_finite, scalars, severity, {}, says)


FORWARD = {"phase": "forward", "module": "norm", "operation": "div", "place": "net.py:3"}
NAN_CASES = [
    nan("fail", "div in norm, net.py:3 (items 3, 5 of the batch)", **FORWARD, items="3, 5"),
    nan("fail", "a division by a norm of zero", **FORWARD, cause="norm-of-zero"),
    nan("fail", "an operation outside of its range", **FORWARD),
    nan("fail", "the gradient of sqrt in the loss", phase="backward", operation="sqrt"),
    nan("fail", "The batch holds values that are not finite (items 7 ", phase="batch", items="7"),
    nan("fail", "grew out of bounds", phase="growth", before="the loss rose from 1 to 1e9"),
    nan("fail", "In iteration 412", **FORWARD, iteration=412),
    nan("fail", **FORWARD, iteration=NAN),
    nan(None),
    nan(None, cause="log-of-zero"),  # no step was replayed
]


@pytest.mark.parametrize("case", NAN_CASES, ids=str)
def test_the_operation_is_named(case):
    check(LearningCurves(), case)


def test_every_cause_has_its_advice():
    assert all(cause and advice.endswith(".") for cause, advice in CAUSES.values())


def test_a_fresh_model_names_the_operation_too():
    scalars = {"nonfinite": 3, "nan_phase": "forward", "nan_module": "head",
               "nan_operation": "log", "nan_cause": "log-of-zero"}  # fmt: skip
    says = "log in head: a logarithm of zero."
    check(InitialLoss(), Case(initial_loss_not_finite, scalars, "fail", {}, says))
