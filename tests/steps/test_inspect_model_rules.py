"""Cases of the rules about the model itself."""

import pytest

from recipe_steps.inspect import Inspect
from recipe_steps.inspect.model_rules import (
    batch_mixing,
    batch_norm_momentum_unusual,
    frozen_batch_norm_in_training_mode,
    frozen_parameters,
    inputs_ignored,
    nondeterministic_evaluation,
    parameters_without_gradient,
    unregistered_parameters,
)
from rule_cases import NAN, Case, check


def norms(frozen, moving):
    return {"frozen_norms": frozen, "moving_norms": moving, "moving_norm_names": "layer1.0.bn1"}


def trainable(some, everything=100):
    return {"trainable_parameters": some, "parameters": everything}


def unreached(count, share):
    return {"unreached": count, "unreached_share": share, "unreached_names": "a.weight, a.bias"}


def thawed(gain, share=0.6):
    return {"random_frozen_share": share, "unfrozen_gain": gain}


def momentum(forgetful, still=0, value=1.0, norms=3):
    return {
        "norms": norms,
        "forgetful_norms": forgetful,
        "still_norms": still,
        "norm_momentum": value,
    }


def update_leaves_out(count, share):
    return {
        "update_unreached": count, "update_parameters": 4, "update_unreached_share": share,
        "update_unreached_names": "0.weight, 0.bias",
    }  # fmt: skip


MODEL_CASES = [
    Case(
        batch_norm_momentum_unusual,
        momentum(2),
        "warn",
        says="2 of 3 batch norms have a momentum of 1",
    ),
    Case(batch_norm_momentum_unusual, momentum(1, value=0.99), "warn", says="0.99"),
    Case(
        batch_norm_momentum_unusual, momentum(0, still=3), "warn", says="momentum 0: their running"
    ),
    Case(batch_norm_momentum_unusual, momentum(0), None),
    Case(
        batch_norm_momentum_unusual,
        momentum(0) | {"norm_share_left": 0.49, "norm_updates": 705},
        "note",
        says="After the 705 updates of the declared training 49%",
    ),
    Case(
        batch_norm_momentum_unusual,
        momentum(0) | {"norm_share_left": 0.02, "norm_updates": 4000},
        None,
    ),
    Case(batch_norm_momentum_unusual, momentum(NAN, NAN), None),
    Case(batch_norm_momentum_unusual, {}, None),
    Case(
        parameters_without_gradient,
        update_leaves_out(2, 0.81),
        "warn",
        says="2 of 4 parameters, 81% of the weights, get no gradient in the update step (0.weight",
    ),
    Case(parameters_without_gradient, update_leaves_out(1, 0.01), "note"),
    Case(parameters_without_gradient, update_leaves_out(0, 0.0), None),
    Case(parameters_without_gradient, update_leaves_out(NAN, 0.5), None),
    Case(nondeterministic_evaluation, {"evaluation_difference": 0.3}, "fail", says="30.0%"),
    Case(nondeterministic_evaluation, {"evaluation_difference": 1.01e-4}, "fail"),
    Case(nondeterministic_evaluation, {"evaluation_difference": 1e-4}, None),
    Case(nondeterministic_evaluation, {"evaluation_difference": NAN}, None),
    Case(batch_mixing, {"batch_mixing": 0.02}, "fail", says="2.0%"),
    Case(batch_mixing, {"batch_mixing": 1e-4}, None),
    Case(batch_mixing, {"batch_mixing": 0.0, "batch_place": 0.126}, "fail", says="another order"),
    Case(batch_mixing, {"batch_place": 0.126}, "fail"),
    Case(batch_mixing, {"batch_mixing": 0.0, "batch_place": 1e-4}, None),
    Case(batch_mixing, {"batch_mixing": 0.0, "batch_place": NAN}, None),
    Case(batch_mixing, {"batch_mixing": NAN}, None),
    Case(batch_mixing, {}, None),
    Case(
        unregistered_parameters,
        {"unregistered": 2, "unregistered_shapes": "[8, 4], [8]"},
        "fail",
        says="2 tensors",
    ),
    Case(unregistered_parameters, {"unregistered": 0}, None),
    Case(unregistered_parameters, {"unregistered": NAN}, None),
    Case(frozen_parameters, trainable(0), "fail", says="None of the 100"),
    Case(frozen_parameters, trainable(40), "note", says="60 of 100"),
    Case(frozen_parameters, trainable(40) | thawed(0.16), "warn", says="60% of the weights are fr"),
    Case(frozen_parameters, trainable(40) | thawed(0.15), "warn"),  # whole trainings decide
    Case(frozen_parameters, trainable(40) | thawed(0.02), "note"),
    Case(frozen_parameters, trainable(40) | thawed(0.15, 0.09), "note"),
    Case(frozen_parameters, trainable(40) | thawed(NAN), "note"),
    Case(
        inputs_ignored, {"unread_tokens": 9, "kept_tokens": 4}, "fail", says="exchanged for others"
    ),
    Case(inputs_ignored, {"ignored_steps": 0.96, "sequence_length": 24}, "warn", says="24 steps"),
    Case(inputs_ignored, {"ignored_steps": 0.5, "sequence_length": 24}, "warn"),
    Case(inputs_ignored, {"ignored_steps": 0.49, "sequence_length": 24}, None),
    Case(inputs_ignored, {"ignored_steps": NAN, "sequence_length": 24}, None),
    Case(frozen_parameters, trainable(100), None),
    Case(frozen_batch_norm_in_training_mode, norms(3, 2), "warn", says="2 of 3 batch norms"),
    Case(frozen_batch_norm_in_training_mode, norms(3, 1), "warn", says="(layer1.0.bn1)"),
    Case(frozen_batch_norm_in_training_mode, norms(3, 0), None),
    Case(frozen_batch_norm_in_training_mode, norms(0, 0), None),
    Case(frozen_batch_norm_in_training_mode, norms(NAN, NAN), None),
    Case(frozen_batch_norm_in_training_mode, {}, None),
    Case(frozen_parameters, trainable(0, 0), None),
    Case(frozen_parameters, trainable(NAN), None),
    Case(parameters_without_gradient, unreached(2, 0.4), "warn", says="40% of all (a.weight"),
    Case(parameters_without_gradient, unreached(4, 1.0), "fail"),
    Case(parameters_without_gradient, {"loss_has_gradient": False}, "fail", says="no gradient"),
    Case(parameters_without_gradient, {"loss_has_gradient": None}, None),
    Case(parameters_without_gradient, unreached(0, 0.0), None),
    Case(parameters_without_gradient, unreached(2, NAN), None),
]


@pytest.mark.parametrize("case", MODEL_CASES, ids=str)
def test_rule(case):
    check(Inspect(), case)
