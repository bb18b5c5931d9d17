import math

import pytest
from test_initial_loss_marks_rules import MARKS
from test_last_bias import BIAS_CASES

from recipe.testing import judge_scalars
from recipe_steps.initial_loss import InitialLoss
from recipe_steps.initial_loss.output_rules import softmax_before_loss
from recipe_steps.initial_loss.rules import (
    initial_loss_not_finite,
    initial_loss_too_high,
    initial_loss_too_low,
)
from rule_cases import NAN, Case, assert_complete, check

LOG10 = math.log(10)


REAL = {"target_kind": "real"}


def low(without, **more):
    """A first loss that is too low, and what it is without the weights."""
    return fresh(0.1, floor=2.0, loss_without_weights=without, **more)


def fresh(loss, expected=2.0, **more):
    return {"loss": loss, "expected": expected, "train_mode_loss": loss, **more}


def squared(loss):
    return fresh(loss, expected=1.0, task="regression", floor=1.0)


CASES = [
    Case(initial_loss_not_finite, {"nonfinite": 0}, None),
    Case(initial_loss_not_finite, {"nonfinite": 1}, "fail", says="1 fresh models"),
    Case(initial_loss_not_finite, {"nonfinite": NAN}, None),
    Case(
        initial_loss_not_finite,
        {"nonfinite": 3, "train_mode_loss": 0.69},
        "fail",
        says="in training mode it is 0.69",
    ),
    Case(initial_loss_not_finite, {"nonfinite": 3, "train_mode_loss": NAN}, "fail", says="3 fresh"),
    Case(
        initial_loss_not_finite,
        {"nonfinite": 0, "broken_gradients": 3, "gradients": 4},
        "fail",
        says="3 of 4 gradients",
    ),
    Case(initial_loss_not_finite, {"nonfinite": 0, "broken_gradients": 0, "gradients": 4}, None),
    Case(initial_loss_not_finite, {"nonfinite": 1, "broken_gradients": 3}, "fail", says="models"),
    Case(initial_loss_not_finite, {"nonfinite": 0, "broken_gradients": NAN}, None),
    Case(initial_loss_not_finite, {}, None),
    Case(initial_loss_too_high, fresh(LOG10, LOG10), None),
    # at 2 nats both bounds agree: half of it and one nat, twice of it and four nats
    Case(initial_loss_too_high, fresh(3.0), None),
    Case(initial_loss_too_high, fresh(3.001), "warn", says="expected 2"),
    Case(initial_loss_too_high, fresh(6.0), "warn"),
    Case(initial_loss_too_high, fresh(6.001), "fail"),
    # below, the absolute bound counts, above the relative one
    Case(initial_loss_too_high, fresh(1.5, 0.5), None),
    Case(initial_loss_too_high, fresh(1.51, 0.5), "warn"),
    Case(initial_loss_too_high, fresh(15.0, 10.0), None),
    Case(initial_loss_too_high, fresh(30.1, 10.0), "fail"),
    # batch normalisation without running statistics: the lower of both modes counts
    Case(initial_loss_too_high, fresh(50.0, train_mode_loss=2.1), None),
    Case(initial_loss_too_high, fresh(2.1, train_mode_loss=50.0), None),
    Case(initial_loss_too_high, fresh(50.0, train_mode_loss=NAN), "fail"),
    Case(initial_loss_too_high, fresh(NAN), None),
    Case(initial_loss_too_high, fresh(50.0, NAN), None),
    Case(initial_loss_too_high, squared(10.0), None),
    Case(initial_loss_too_high, squared(10.1), "warn"),
    Case(initial_loss_too_high, squared(1000.0), "warn"),
    Case(initial_loss_too_high, squared(1001.0), "fail"),
    Case(initial_loss_too_high, fresh(-0.9, -0.99, task="regression"), None),  # a similarity
    Case(initial_loss_too_high, fresh(0.1, -0.99, task="regression"), "warn"),
    Case(initial_loss_too_low, fresh(1.4, floor=2.0), None),
    Case(initial_loss_too_low, fresh(1.399, floor=2.0), "fail", says="below the 2 that"),
    Case(initial_loss_too_low, fresh(0.0, floor=0.0), None),  # one class only: nothing to know
    Case(initial_loss_too_low, fresh(1.0), None),  # a loss of one's own: half of the expected
    Case(initial_loss_too_low, fresh(0.999), "fail", says="0.999, expected 2"),
    Case(initial_loss_too_low, fresh(0.999, floor=NAN), "fail", says="expected 2"),
    Case(initial_loss_too_low, fresh(0.0, expected=0.0), None),
    Case(initial_loss_too_low, fresh(-0.5, expected=-0.5), None),  # a similarity, negated
    Case(initial_loss_too_low, low(1.4), "note", says="trained before"),  # the limit itself
    Case(initial_loss_too_low, low(1.39), "fail"),  # classes: the inputs hold the answer
    Case(initial_loss_too_low, low(1.39, **REAL), "note", says="the inputs come that near"),
    Case(initial_loss_too_low, low(1.5e-6, **REAL), "note"),
    Case(initial_loss_too_low, low(1.3e-6, **REAL), "fail"),  # up to rounding: a copy
    Case(initial_loss_too_low, low(0.0, **REAL), "fail"),
    Case(initial_loss_too_low, low(0.0, **REAL, targets_are_inputs=True), "note", says="autoenc"),
    Case(initial_loss_too_low, low(NAN, **REAL), "fail"),
    Case(initial_loss_too_low, fresh(0.1, loss_without_weights=2.0), "note", says="expected 2"),
    Case(initial_loss_too_low, fresh(1.0, loss_without_weights=2.0), None),
    Case(initial_loss_too_low, fresh(NAN), None),
    Case(initial_loss_too_low, fresh(0.1, NAN), None),
    Case(
        softmax_before_loss,
        {"outputs_are_probabilities": True, "loss_ignores_shift": True},
        "fail",
        says="sums to 1",
    ),
    # probabilities for a loss that takes them; logits for one that ignores a shift
    Case(softmax_before_loss, {"outputs_are_probabilities": True}, None),
    Case(softmax_before_loss, {"loss_ignores_shift": True}, None),
    Case(softmax_before_loss, {"outputs_are_probabilities": 1, "loss_ignores_shift": NAN}, None),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case):
    check(InitialLoss(), case)


def test_every_rule_is_tested():
    assert_complete(InitialLoss(), [*CASES, *MARKS, *BIAS_CASES])


def test_a_loss_that_is_not_finite_explains_one_that_is_too_high():
    findings = judge_scalars(InitialLoss(), fresh(NAN, train_mode_loss=50.0, nonfinite=3))
    assert {f.rule: f.because for f in findings} == {
        "initial-loss-not-finite": None,
        "initial-loss-too-high": "initial-loss-not-finite",
    }
