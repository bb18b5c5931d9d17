"""Cases of the rules about loss and layers."""

import math

import pytest

from recipe_steps.initial_loss import InitialLoss
from recipe_steps.initial_loss.layer_rules import (
    dead_units,
    exploding_gradients,
    initialization_too_large,
    initialization_too_small,
    saturated_units,
    symmetric_initialization,
    vanishing_gradients,
)
from recipe_steps.initial_loss.loss_rules import (
    loss_averaged_over_classes,
    loss_sign_flipped,
    loss_summed_over_batch,
    softmax_over_batch,
    wrong_loss_for_task,
)
from recipe_steps.initial_loss.output_rules import (
    nll_on_logits,
    nll_on_probabilities,
    output_activation_limits_range,
    sigmoid_before_loss,
    single_unit_softmax,
    softmax_before_loss,
)
from rule_cases import NAN, Case, check

LOGITS = {"probability_floor": 0.63, "logit_floor": 0.02}
"""What cross-entropy of ten classes leaves."""
PROBABILITIES = {"probability_floor": 0.0}


def ends(operation, **more):
    return {"last_operation": operation} | more


def likelihood(**more):
    return {"loss_takes_log_probabilities": True, "target_kind": "class index", "loss": -0.1} | more


def averaged(neutral, classes=10, **more):
    return {
        "neutral_logit_loss": neutral, "log_classes": 2.302585, "n_outputs": classes,
        "loss_ignores_shift": True, "target_kind": "class index",
    } | more  # fmt: skip


def weights(scale, **more):
    return {
        "weight_scale": scale,
        "largest_weight_scale": scale,
        "input_size": 1.0,
        "loss": 2.3,
        "expected": 2.3,
    } | more


def ratio(value, layers=5):
    return {"gradient_ratio": value, "layers": layers}


def labels(single, **more):
    """Outputs of several labels that sum to 1, where this share of the items has one."""
    marks = {"outputs_are_probabilities": True, "rows_of_one_label": single, **PROBABILITIES}
    return ends("softmax", **{**marks, **more})


MARKS = [
    Case(softmax_before_loss, {"outputs_are_probabilities": True, **LOGITS}, "fail"),
    Case(softmax_before_loss, {"outputs_are_probabilities": True, **PROBABILITIES}, None),
    Case(sigmoid_before_loss, ends("sigmoid", **LOGITS), "fail"),
    Case(sigmoid_before_loss, ends("sigmoid", **PROBABILITIES), None),
    Case(sigmoid_before_loss, ends(None, **LOGITS), None),
    Case(sigmoid_before_loss, ends("sigmoid", probability_floor=NAN, logit_floor=0.0), None),
    Case(single_unit_softmax, ends("softmax", output_width=1), "fail", says="one output"),
    Case(single_unit_softmax, ends("softmax", output_width=2), None),
    Case(single_unit_softmax, ends("sigmoid", output_width=1), None),
    Case(single_unit_softmax, ends("softmax", output_width=NAN), None),
    Case(nll_on_probabilities, likelihood(outputs_are_probabilities=True), "fail", says="-0.1"),
    Case(nll_on_probabilities, likelihood(outputs_are_probabilities=False), None),
    Case(nll_on_probabilities, likelihood(outputs_are_probabilities=NAN), None),
    Case(nll_on_logits, likelihood(), "fail", says="not normalised"),
    Case(nll_on_logits, likelihood(outputs_are_log_probabilities=True), None),
    Case(nll_on_logits, likelihood(target_kind="real"), None),  # an absolute error far below
    Case(nll_on_logits, likelihood(loss_takes_log_probabilities=NAN), None),
    Case(loss_summed_over_batch, {"batch_factor": 2.0, "optimizer": "sgd"}, "warn"),
    Case(loss_summed_over_batch, {"batch_factor": 2.0, "optimizer": "adam"}, "note"),
    Case(loss_summed_over_batch, {"batch_factor": 2.0, "optimizer_takes_any_scale": True}, "note"),
    Case(loss_summed_over_batch, {"batch_factor": 2.0, "optimizer_takes_any_scale": False}, "warn"),
    Case(loss_summed_over_batch, {"batch_factor": 2.0, "optimizer_takes_any_scale": NAN}, "warn"),
    Case(loss_summed_over_batch, {"batch_factor": 1.0, "optimizer": "sgd"}, None),
    Case(loss_summed_over_batch, {"batch_factor": 1.98, "optimizer": "sgd"}, None),
    Case(loss_summed_over_batch, {"batch_factor": NAN, "optimizer": "sgd"}, None),
    Case(loss_averaged_over_classes, averaged(0.2302585), "warn", says="log(10)"),
    Case(loss_averaged_over_classes, averaged(2.302585), None),
    Case(loss_averaged_over_classes, averaged(0.2302585, loss_ignores_shift=False), None),
    Case(loss_averaged_over_classes, averaged(NAN), None),
    Case(wrong_loss_for_task, {"target_kind": "class index", "loss_is_distance": True}, "fail"),
    Case(wrong_loss_for_task, {"target_kind": "zero or one", "loss_is_distance": True}, "fail"),
    Case(wrong_loss_for_task, {"target_kind": "real", "loss_is_distance": True}, None),
    Case(wrong_loss_for_task, averaged(0.09), "fail"),  # (1 - 1/C) / C
    Case(wrong_loss_for_task, averaged(0.0911), None),
    Case(wrong_loss_for_task, {"target_kind": "real", "loss_normalises": True}, "fail"),
    Case(wrong_loss_for_task, {"target_kind": "real", "loss_is_logistic": True}, "fail"),
    Case(wrong_loss_for_task, {"target_kind": "real", "loss_is_logistic": NAN}, None),
    Case(
        loss_sign_flipped,
        {"loss_towards_targets": 0.2, "loss_away_from_targets": -0.2},
        "fail",
        says="grows by 0.2",
    ),
    Case(loss_sign_flipped, {"loss_falls_forever": "2 falls"}, "fail", says="when output 2 falls"),
    Case(loss_sign_flipped, {"loss_falls_forever": ""}, None),
    Case(softmax_over_batch, {"loss_is_over_batch": True}, "fail", says="dim=0"),
    Case(softmax_over_batch, {"loss_is_over_batch": False}, None),
    Case(softmax_over_batch, {}, None),
    Case(
        loss_sign_flipped,
        {"loss_towards_targets": 0.2, "loss_away_from_targets": -0.2, "loss": 2.3, "expected": 2.2},
        "fail",
        says="wrong answers get a larger part",
    ),
    Case(
        loss_sign_flipped,
        {"loss_towards_targets": 0.2, "loss_away_from_targets": -0.2, "loss": -2.3, "expected": 2},
        "fail",
        says="targets.",
    ),
    Case(loss_sign_flipped, {"loss_towards_targets": -0.2, "loss_away_from_targets": 0.2}, None),
    Case(loss_sign_flipped, {"loss_towards_targets": 0.2, "loss_away_from_targets": 0.2}, None),
    Case(loss_sign_flipped, {"loss_towards_targets": NAN, "loss_away_from_targets": -0.2}, None),
    Case(output_activation_limits_range, ends("relu", **LOGITS), "fail", says="ends in relu"),
    Case(
        output_activation_limits_range,
        ends("softplus", target_kind="real", loss_takes_logs=True),
        "fail",
        says="for logarithms",
    ),
    Case(
        output_activation_limits_range, ends("tanh", target_kind="real", loss_takes_logs=True), None
    ),
    Case(
        output_activation_limits_range,
        ends("softplus", target_kind="real", loss_takes_logs=False),
        None,
    ),
    Case(output_activation_limits_range, labels(0.3), "fail", says="only 30% of the items"),
    Case(output_activation_limits_range, labels(0.9), None),  # they exclude each other
    Case(output_activation_limits_range, labels(0.3, outputs_are_probabilities=False), None),
    Case(output_activation_limits_range, labels(NAN), None),
    Case(output_activation_limits_range, ends("leaky_relu", **LOGITS), None),
    Case(output_activation_limits_range, ends("sigmoid", **PROBABILITIES), None),
    Case(output_activation_limits_range, ends("softmax", **LOGITS), None),  # has its own rule
    Case(
        output_activation_limits_range,
        ends("tanh", target_kind="real", targets_outside=0.4),
        "fail",
        says="40% of the targets",
    ),
    Case(
        output_activation_limits_range,
        ends("sigmoid", target_kind="real", targets_outside=0.01),
        None,
    ),
    Case(
        output_activation_limits_range,
        ends("sigmoid", target_kind="real", targets_outside=NAN),
        None,
    ),
    Case(symmetric_initialization, {"symmetric_layers": 2}, "fail", says="In 2 hidden layers"),
    Case(symmetric_initialization, {"symmetric_layers": 0}, None),
    Case(symmetric_initialization, {"symmetric_layers": NAN}, None),
    Case(initialization_too_large, weights(2.6, loss=9.0), "fail", says="2.6 times"),
    Case(
        initialization_too_large,
        {"own_matrix_scale": 4.9, "loss_with_usual_matrices": 0.4, "loss": math.inf},
        "fail",
        says="as it is not finite",
    ),
    Case(
        initialization_too_large,
        {"own_matrix_scale": 4.9, "loss_with_usual_matrices": 2.4, "loss": 9.0},
        "fail",
        says="as it is 9",
    ),
    Case(
        initialization_too_large,
        {"own_matrix_scale": 4.9, "loss_with_usual_matrices": 8.8, "loss": 9.0},
        None,
    ),
    Case(
        initialization_too_large,
        {"own_matrix_scale": 4.9, "loss_with_usual_matrices": NAN, "loss": NAN},
        None,
    ),
    Case(initialization_too_large, weights(2.6, loss=4.0), "warn"),
    Case(initialization_too_large, weights(2.6, saturated_units=0.5), "fail", says="saturated"),
    Case(initialization_too_large, weights(2.6), None),  # normalised: it does not show
    Case(initialization_too_large, weights(2.5, loss=9.0), None),
    Case(initialization_too_large, weights(2.6, loss=9.0, input_size=11.0), None),
    Case(initialization_too_large, weights(NAN, loss=9.0), None),
    Case(initialization_too_small, weights(0.05, last_signal=1e-3), "fail", says="0.05 times"),
    Case(initialization_too_small, weights(0.05, last_signal=1e-2), None),
    Case(initialization_too_small, weights(0.1, last_signal=1e-3), None),
    Case(initialization_too_small, weights(0.05, last_signal=NAN), None),
    Case(dead_units, {"dead_units": 0.9}, "fail", says="90%"),
    Case(dead_units, {"dead_units": 0.89}, None),
    Case(dead_units, {"dead_units": NAN}, None),
    Case(dead_units, {"dead_units": 1.0}, None, {"signal": [0.0, 0.0]}),  # nothing arrives
    Case(dead_units, {"dead_units": 1.0}, "fail", {"signal": [0.9, 0.0]}),
    Case(saturated_units, {"saturated_units": 0.5}, "warn", says="50%"),
    Case(saturated_units, {"saturated_units": 0.49}, None),
    Case(saturated_units, {"saturated_units": NAN}, None),
    Case(vanishing_gradients, ratio(9e-4), "warn", says="0.0009 times"),
    Case(vanishing_gradients, ratio(9e-7), "fail"),
    Case(vanishing_gradients, ratio(1e-3), None),
    Case(vanishing_gradients, ratio(1e-4, layers=2), None),
    Case(vanishing_gradients, ratio(NAN), None),
    Case(exploding_gradients, ratio(2e3), "warn"),
    Case(exploding_gradients, ratio(2e6), "fail"),
    Case(exploding_gradients, ratio(1e3), None),
    Case(exploding_gradients, ratio(2e3, layers=2), None),
    Case(exploding_gradients, ratio(NAN), None),
]


@pytest.mark.parametrize("case", MARKS, ids=str)
def test_rule(case):
    check(InitialLoss(), case)
