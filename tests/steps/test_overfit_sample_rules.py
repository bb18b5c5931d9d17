import pytest
from test_accumulation import ACCUMULATION_CASES
from test_overfit_controls import CONTROL_CASES
from test_update_marks import UPDATE_CASES

from recipe_steps.overfit_sample import OverfitSample
from recipe_steps.overfit_sample.optimizer_rules import rate_not_passed_on
from recipe_steps.overfit_sample.rules import (
    cannot_overfit_sample,
    contradictory_labels,
    evaluation_differs_from_training,
    inputs_ignored,
    inputs_not_scaled,
    inputs_over_normalized,
    model_is_linear,
    model_too_small,
    optimizer_settings_unusual,
    parameters_without_gradient,
    regularization_blocks_learning,
    sample_not_learnable,
)
from rule_cases import NAN, Case, assert_complete, check


def sample(reached, score, perfect=1.0):
    return {
        "reached": reached,
        "best_score": score,
        "perfect": perfect,
        "items": 128,
        "attempts": 5,
    }


CHANCE = {"chance": 0.1}
FLAT = {"loss": [2.3 - 0.15 * min(n, 10) for n in range(40)]}
FALLING = {"loss": [2.3 - 0.05 * n for n in range(40)]}


def layers(count, bend):
    return {"weight_layers": count, "nonlinearity": bend}


def way(share):
    return {"regularized_progress": share}


def contradicting(share, repeated=0.1):
    return {"contradictory_share": share, "repeated_share": repeated}


def on_standard(learnt, size=92.0):
    return {"learnt_on_standard_inputs": learnt, "input_feature_size": size,
            "input_feature_deviation": 0.01}  # fmt: skip


def modes(training, evaluation, *, reached=False, calibrated=None):
    return {"train_mode_progress": training, "progress": evaluation, "reached": reached,
            "recalibrated_progress": calibrated}  # fmt: skip


def beside(own, simple, *, reached=False, **more):
    """Shares of the way to perfect: of the model, and of something simple on the same sample."""
    return sample(reached, own) | CHANCE | {
        "progress": own, "simple_progress": simple, "simple_score": simple, "simple": "a smooth fit",
        "disagreement": 0.36, "varying_inputs": 1, **more,
    }  # fmt: skip


def coarse(score):
    return {"grid": "4 x 4 values, upsampled to 32 x 32", "grid_score": score}


def settings(reached, own, others, passes=300, usual=20):
    """Progress with the optimizer's own settings and with usual ones."""
    return {"reached": reached, "rate_factor": 1e-4, "progress": own, "passes": passes,
            "usual_optimizer_progress": others, "usual_optimizer_passes": usual}  # fmt: skip


CASES = [
    Case(rate_not_passed_on, {"ignored_rate": 0.3, "reached": False}, "fail", says="0.3 whatever"),
    Case(rate_not_passed_on, {"ignored_rate": 0.3, "reached": True}, "warn"),
    Case(rate_not_passed_on, {"ignored_rate": NAN}, None),
    Case(rate_not_passed_on, {}, None),
    Case(cannot_overfit_sample, sample(True, 1.0), None),
    Case(cannot_overfit_sample, sample(True, 0.99), None),  # within the task's tolerance
    Case(cannot_overfit_sample, sample(False, 0.999), "fail", says="a score of 0.999"),
    Case(cannot_overfit_sample, sample(False, 0.4), "fail", says="128 items the best of 5"),
    Case(cannot_overfit_sample, sample(False, NAN), "fail", says="not a number"),
    Case(cannot_overfit_sample, sample(NAN, 0.4), "fail"),  # unknown is never a pass
    Case(cannot_overfit_sample, sample(False, 0.4, perfect=NAN), None),
    Case(cannot_overfit_sample, sample(False, 0.95) | {"progress": 0.9}, None),  # patience
    Case(cannot_overfit_sample, sample(False, 0.94) | {"progress": 0.89}, "fail"),
    Case(cannot_overfit_sample, {}, None),
    Case(cannot_overfit_sample, beside(0.4, 0.51), "fail", says="where a smooth fit reaches 0.51"),
    Case(cannot_overfit_sample, beside(0.4, 0.5), None),  # nothing simple does better
    Case(cannot_overfit_sample, beside(0.4, NAN), "fail"),
    Case(cannot_overfit_sample, beside(0.4, 0.51, simple_score=0.43), None),  # by a few items
    Case(cannot_overfit_sample, beside(0.4, 0.51, simple_score=0.44), "fail"),
    Case(model_too_small, beside(0.4, 0.51), "fail", FLAT, says="where a smooth fit reaches"),
    Case(model_too_small, beside(0.4, 0.5), None, FLAT),
    Case(sample_not_learnable, beside(0.7, 0.75), "note", says="a smooth fit: 0.75"),
    Case(sample_not_learnable, beside(0.7, 0.6), "note", says="answers 36%"),
    Case(sample_not_learnable, beside(0.7, 0.9), None),  # the model is to blame
    Case(sample_not_learnable, beside(0.9, 0.9), None),  # as good as learnt
    Case(sample_not_learnable, beside(0.7, 0.7, reached=True), None),
    Case(sample_not_learnable, beside(0.7, NAN), None),
    Case(sample_not_learnable, sample(True, 0.77) | coarse(0.77), "note", says="4 x 4 values"),
    Case(sample_not_learnable, sample(True, 0.95) | coarse(0.95), None),
    Case(sample_not_learnable, sample(True, 0.95) | coarse(NAN), None),
    Case(inputs_ignored, {"response": 1e-6}, "fail"),
    Case(inputs_ignored, {"response": 1e-6, "reached": True}, None),
    Case(inputs_ignored, {"response": 1.1e-5}, None),
    Case(inputs_ignored, {"response": NAN}, None),
    Case(model_is_linear, layers(3, 1e-6), "warn", says="3 layers"),
    Case(model_is_linear, layers(1, 1e-6), None),
    Case(model_is_linear, layers(3, 1.1e-4), None),
    Case(model_is_linear, layers(3, NAN), None),
    Case(model_too_small, sample(False, 0.6) | CHANCE, "fail", FLAT, says="flattens out at 0.8"),
    Case(model_too_small, sample(False, 0.6) | CHANCE, None, FALLING),
    Case(model_too_small, sample(False, 0.1) | CHANCE, None, FLAT),  # nothing was learnt at all
    Case(model_too_small, sample(True, 1.0) | CHANCE, None, FLAT),
    Case(model_too_small, sample(False, NAN) | CHANCE, None, FLAT),
    Case(regularization_blocks_learning, sample(True, 1.0) | way(0.1), "fail", says="10%"),
    Case(regularization_blocks_learning, sample(True, 1.0) | way(0.2), "warn"),
    Case(regularization_blocks_learning, sample(True, 1.0) | way(0.6), None),
    Case(regularization_blocks_learning, sample(False, 0.5) | way(0.1), None),
    Case(regularization_blocks_learning, sample(True, 1.0) | way(NAN), None),
    Case(inputs_not_scaled, on_standard(True), "fail", says="reach a size of 92"),
    Case(inputs_not_scaled, on_standard(False), None),
    Case(inputs_not_scaled, on_standard(True, 10.0), None),
    Case(inputs_over_normalized, on_standard(True, 10.0), "warn", says="more than 0.01"),
    Case(inputs_over_normalized, on_standard(True, 10.1), None),
    Case(inputs_over_normalized, on_standard(True, NAN), None),
    Case(inputs_not_scaled, on_standard(True, NAN), None),
    Case(parameters_without_gradient, {"update_has_gradient": False}, "fail", says="No parameter"),
    Case(parameters_without_gradient, {"update_has_gradient": True}, None),
    Case(parameters_without_gradient, {"update_has_gradient": NAN}, None),
    Case(evaluation_differs_from_training, modes(0.95, 0.64), "fail", says="evaluation mode 64%"),
    Case(evaluation_differs_from_training, modes(0.95, 0.66), None),
    Case(evaluation_differs_from_training, modes(0.95, 0.86, calibrated=0.95), "fail"),
    Case(evaluation_differs_from_training, modes(0.95, 0.86, calibrated=0.89), None),
    Case(evaluation_differs_from_training, modes(0.95, 0.86, calibrated=NAN), None),
    Case(evaluation_differs_from_training, modes(0.89, 0.4), None),  # not learnt in any mode
    Case(evaluation_differs_from_training, modes(0.78, 0.06), "fail"),  # noisy labels beside it
    Case(evaluation_differs_from_training, modes(0.95, 0.2, reached=True), None),
    Case(evaluation_differs_from_training, modes(NAN, 0.2), None),
    Case(optimizer_settings_unusual, settings(False, 0.3, 1.0), "fail", says="30% is learnt"),
    Case(optimizer_settings_unusual, settings(False, 0.75, 0.85), "fail"),
    Case(optimizer_settings_unusual, settings(False, 0.76, 0.85), None),  # both come about as far
    Case(optimizer_settings_unusual, settings(False, 0.1, 0.79), None),  # the sample is hard
    Case(optimizer_settings_unusual, settings(True, 1.0, 1.0, passes=60, usual=20), "warn"),
    Case(optimizer_settings_unusual, settings(True, 1.0, 1.0, passes=59, usual=20), None),
    Case(optimizer_settings_unusual, settings(False, 0.1, 0.5) | {"simple_progress": 0.6}, "fail"),
    Case(optimizer_settings_unusual, settings(False, 0.1, 0.5) | {"simple_progress": 0.7}, None),
    Case(optimizer_settings_unusual, settings(False, 0.3, NAN), None),
    Case(optimizer_settings_unusual, settings(False, NAN, 1.0), "fail"),
    Case(contradictory_labels, contradicting(0.05), "warn", says="5.0%"),
    Case(contradictory_labels, contradicting(0.01), None),
    Case(contradictory_labels, contradicting(0.05, repeated=0.6), None),
    Case(
        contradictory_labels, contradicting(0.75, repeated=1.0) | {"values_of_an_input": 99.0}, None
    ),
    Case(
        contradictory_labels,
        contradicting(0.75, repeated=1.0) | {"values_of_an_input": 100.0},
        "warn",
    ),
    Case(
        contradictory_labels, contradicting(0.75, repeated=1.0) | {"values_of_an_input": NAN}, None
    ),
    Case(contradictory_labels, contradicting(0.05) | {"repeats_by_chance": 0.2}, "note"),
    Case(contradictory_labels, contradicting(0.05) | {"repeats_by_chance": 0.001}, "note"),
    Case(contradictory_labels, contradicting(0.05) | {"repeats_by_chance": 0.0009}, "warn"),
    Case(contradictory_labels, contradicting(0.05) | {"repeats_by_chance": NAN}, "warn"),
    Case(contradictory_labels, contradicting(0.01) | {"repeats_by_chance": 0.2}, None),
    Case(contradictory_labels, contradicting(NAN), None),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case):
    check(OverfitSample(), case)


def test_every_rule_is_tested():
    assert_complete(OverfitSample(), [*CASES, *UPDATE_CASES, *ACCUMULATION_CASES, *CONTROL_CASES])
