import pytest
from test_inspect_model_rules import MODEL_CASES
from test_inspect_state_rules import STATE_CASES
from test_item_rules import ITEM_CASES
from test_label_rules import PROBED, RANDOM
from test_sequence_rules import SEQUENCE_CASES

from recipe_steps.inspect import Inspect
from recipe_steps.inspect.leak_rules import input_knows_training_labels, target_among_inputs
from recipe_steps.inspect.rules import (
    class_imbalance,
    constant_inputs,
    data_not_shuffled,
    inputs_not_finite,
    outputs_do_not_match_targets,
    random_dataset_items,
    single_class_labels,
    targets_out_of_range,
)
from recipe_steps.inspect.scale_rules import (
    inputs_normalized_twice,
    inputs_not_scaled,
    inputs_over_normalized,
    targets_not_scaled,
)
from recipe_steps.inspect.sequence_rules import order_ignored, token_ids_cut
from recipe_steps.inspect.sharing_rules import (
    batch_norm_shared,
    layers_shared,
    own_backward_differs,
)
from recipe_steps.inspect.split_rules import (
    too_little_validation_data,
    train_validation_overlap,
    validation_items_random,
    validation_missing_classes,
    validation_preprocessing_differs,
)
from recipe_steps.inspect.turned_rules import pictures_scrambled, view_for_transpose
from rule_cases import NAN, Case, assert_complete, check


def labels(low, high, outputs=10, split="train", **more):
    """Labels of one split; the other split is not there."""
    return {
        "target_kind": "class index",
        "outputs": outputs,
        f"{split}_target_min": low,
        f"{split}_target_max": high,
        f"{split}_target_integer": True,
        f"{split}_target_dtype": "int64",
    } | more


def answers(low, high):
    return labels(low, high, outputs=1, target_kind="zero or one")


def overlap(share, repeated=0.0):
    return {"overlap_share": share, "repeated_share": repeated, "overlap": 7}


def sampled(least, most, chance=1e-9):
    """A class that repeats itself beside one that does not."""
    return overlap(0.4, repeated=0.38) | {
        "repeats_least": least, "repeats_most": most, "repeats_by_chance": chance,
    }  # fmt: skip


def met(count, items, repeated=0.0, chance=0.0, **more):
    """Some validation items stand in training."""
    return {
        "overlap": count, "val_inputs_seen": items, "overlap_share": count / items,
        "repeated_share": repeated, "repeats_by_chance": chance, **more,
    }  # fmt: skip


def copied(share, chance):
    """As often in training itself, so that only the chance of repeats tells."""
    return overlap(share, repeated=share) | {"repeats_chance": chance}


def near(share):
    return overlap(0.0) | {"near_overlap_share": share, "near_overlap": 3}


def doubled(**more):
    """Pictures that were normalised twice."""
    return {"normalized_twice": "MNIST", "normalized_low": -4.1, "normalized_high": 9.2} | more


def apart(shift, chance, **more):
    """Validation inputs that lie elsewhere, and how likely a random split would."""
    return {"moved_shift": shift, "moved_chance": chance, **more}


def reordered(what, chance):
    return {"columns_undone": what, "columns_chance": chance, "columns_chance_undone": 0.4}


def stretched(factor, chance):
    return {"moved_stretch": factor, "moved_stretch_chance": chance}


def classes(large, small):
    return {"largest_class": large, "smallest_class": small}


def drifting(differing, share):
    return {"differing_features": differing, "drifting_features": share}


def lacks(part, count, chance):
    return {f"{part}_lacks": count, f"{part}_lacks_chance": chance}


def one_label(low, high, items=100, **more):
    return {"train_items": items, "train_target_min": low, "train_target_max": high} | more


def one_input(share, **more):
    return {"most_frequent_input": share, "told_by_inputs": 0.1, "inputs_seen": 20} | more


LEAK = {"leak_column": 3, "leak_train": 0.7, "leak_val": 0.05}
SHARED = {"shared_times": 6, "shared_in": "tables", "shared_kind": "Embedding"}
CASES = [
    Case(order_ignored, {"order_ignored": True, "attends": True}, "note", says="Attention"),
    Case(order_ignored, {"order_ignored": False, "attends": True}, None),
    Case(order_ignored, {}, None),
    Case(token_ids_cut, {"cut_at": 31, "cut_share": 0.8, "cut_table": 600}, "warn", says="id 31"),
    Case(token_ids_cut, {"cut_at": NAN, "cut_share": 0.8}, None),
    Case(token_ids_cut, {}, None),
    Case(layers_shared, SHARED, "note", says="6 places in tables"),
    Case(layers_shared, SHARED | {"shared_times": NAN}, None),
    Case(layers_shared, {}, None),
    Case(
        batch_norm_shared,
        {"norms_shared": '{"a.bn": 3, "c": 2}', "norm_apart": 0.25},
        "note",
        says="'a.bn' is called 3 times",
    ),
    Case(batch_norm_shared, {"norms_shared": '{"bn": 2}', "norm_apart": 0.24}, None),
    Case(batch_norm_shared, {"norms_shared": '{"bn": 2}', "norm_apart": NAN}, None),
    Case(batch_norm_shared, {"norm_apart": 1.0}, None),
    Case(
        own_backward_differs,
        {"own_backward": "Gate", "own_backward_apart": 8.0},
        "note",
        says="of Gate gives",
    ),
    Case(own_backward_differs, {"own_backward": "Gate", "own_backward_apart": NAN}, None),
    Case(own_backward_differs, {"own_backward_apart": 8.0}, None),
    Case(
        view_for_transpose, {"turned_from": "40 x 6", "turned_to": "6 x 40"}, "note", says="40 x 6"
    ),
    Case(view_for_transpose, {"turned_from": "40 x 6"}, None),
    Case(view_for_transpose, {}, None),
    Case(pictures_scrambled, {"smoother_channels_last": 0.96}, "warn", says="96% of the pictures"),
    Case(pictures_scrambled, {"smoother_channels_last": 0.89}, None),
    Case(pictures_scrambled, {"smoother_channels_last": NAN}, None),
    Case(input_knows_training_labels, LEAK, "note", says="Input 3"),
    Case(input_knows_training_labels, LEAK | {"leak_val": NAN}, None),
    Case(input_knows_training_labels, {}, None),
    Case(
        target_among_inputs,
        {"target_input": 9, "target_input_is_copy": True},
        "warn",
        says="Input 9 (counted from 0)",
    ),
    Case(target_among_inputs, {"target_input": 9, "target_input_is_copy": False}, "note"),
    Case(target_among_inputs, {"target_input": NAN}, None),
    Case(target_among_inputs, {}, None),
    Case(inputs_not_finite, {"train_input_nonfinite": 1}, "fail", says="1 input values of train"),
    Case(inputs_not_finite, {"val_target_nonfinite": 9}, "fail", says="9 target values of val"),
    Case(
        inputs_not_finite,
        {"train_input_nonfinite": 5, "train_input_nonfinite_where": "columns 2, 4"},
        "fail",
        says="(columns 2, 4)",
    ),
    Case(inputs_not_finite, {"train_input_nonfinite": 0, "val_input_nonfinite": 0}, None),
    Case(inputs_not_finite, {"train_input_nonfinite": NAN}, None),
    Case(inputs_not_finite, {}, None),
    Case(targets_out_of_range, labels(0, 255, classes=11), "fail", says="expected 0..9"),
    Case(outputs_do_not_match_targets, labels(0, 255, classes=11), None),
    Case(outputs_do_not_match_targets, labels(0, 255, classes=256), "fail", says="256 classes"),
    Case(outputs_do_not_match_targets, {"loss_refusal": "a, which b"}, "fail", says="gives a,"),
    Case(outputs_do_not_match_targets, labels(0, 9, loss_refusal="a"), "fail"),
    Case(outputs_do_not_match_targets, labels(1, 10, loss_refusal="a"), None),
    Case(outputs_do_not_match_targets, {"loss_numbers": 32}, "fail", says="returns 32 numbers"),
    Case(
        outputs_do_not_match_targets,
        {"loss_numbers": 1, "loss_returns": "tuple"},
        "fail",
        says="returns a tuple",
    ),
    Case(outputs_do_not_match_targets, {"loss_numbers": 1}, None),
    Case(outputs_do_not_match_targets, {"loss_numbers": NAN}, None),
    Case(targets_out_of_range, labels(0, 9), None),
    Case(targets_out_of_range, labels(0, 10), "fail", says="from 0 to 10, expected 0..9"),
    Case(targets_out_of_range, labels(1, 10, classes=10), "fail", says="from 1 to 10"),
    Case(targets_out_of_range, labels(-1, 9), "fail", says="from -1"),
    Case(targets_out_of_range, labels(0, 10, split="val"), "fail", says="Labels of val"),
    Case(targets_out_of_range, labels(-1, 9, outputs=NAN), "fail", says="0 and above"),
    Case(targets_out_of_range, labels(0, 99, outputs=NAN), None),
    Case(targets_out_of_range, labels(0, 20, classes=21), None),  # the rule below says it
    Case(
        targets_out_of_range,
        labels(0, 9, train_target_integer=False, train_target_dtype="float32"),
        "fail",
        says="dtype float32",
    ),
    Case(targets_out_of_range, labels(NAN, 10), None),
    Case(targets_out_of_range, labels(-5, 500, target_kind="real"), None),
    Case(targets_out_of_range, answers(0, 1), None),
    Case(targets_out_of_range, answers(0.0, 1.0), None),
    Case(targets_out_of_range, answers(-1, 1), "fail", says="expected 0 and 1"),
    Case(targets_out_of_range, answers(0, 1.01), "fail"),
    Case(outputs_do_not_match_targets, labels(0, 9, classes=10), None),
    Case(
        outputs_do_not_match_targets,
        labels(0, 10, classes=11),
        "fail",
        says="11 classes, the model only 10 outputs",
    ),
    Case(outputs_do_not_match_targets, {"shape_problem": "[4, 1]"}, "fail", says="[4, 1]"),
    Case(outputs_do_not_match_targets, {"shape_problem": None}, None),
    Case(outputs_do_not_match_targets, labels(0, 9, classes=11, outputs=NAN), None),
    Case(outputs_do_not_match_targets, labels(0, 9, classes=11, target_kind="real"), None),
    Case(train_validation_overlap, sampled(0.05, 0.75), "fail", says="(40.0%)"),
    Case(train_validation_overlap, {**sampled(0.05, 0.75), "texts_as_numbers": True}, "fail"),
    Case(
        train_validation_overlap,
        {"overlap_share": 0.017, "overlap": 3, "repeats_chance": 1e-9, "texts_as_numbers": True},
        "note",
        says="their texts may differ",
    ),
    Case(
        train_validation_overlap,
        {"overlap_share": 0.017, "overlap": 3, "repeats_chance": 1e-9},
        "warn",
    ),
    Case(train_validation_overlap, sampled(0.05, 0.49), None),
    Case(train_validation_overlap, sampled(0.11, 0.75), None),  # all classes repeat
    Case(train_validation_overlap, sampled(0.05, 0.75, chance=0.1), None),  # few distinct rows
    Case(train_validation_overlap, sampled(0.05, 0.75, chance=NAN), None),
    Case(train_validation_overlap, overlap(1.0, 0.0) | {"train_items": 31}, "note"),
    Case(train_validation_overlap, overlap(1.0, 0.0) | {"train_items": 32}, "fail"),
    Case(train_validation_overlap, overlap(0.5), "fail", says="50.0%"),
    Case(train_validation_overlap, overlap(0.2), "fail"),
    Case(train_validation_overlap, overlap(0.199), "warn"),
    Case(train_validation_overlap, overlap(0.01), "warn"),
    Case(train_validation_overlap, overlap(0.0099), None),
    Case(train_validation_overlap, overlap(0.375, repeated=0.125), None),  # three times: chance
    Case(train_validation_overlap, overlap(0.376, repeated=0.125), "fail"),
    Case(train_validation_overlap, overlap(0.5, repeated=NAN), "fail"),
    Case(train_validation_overlap, overlap(NAN), None),
    Case(train_validation_overlap, met(1, 3), "fail"),  # rows of measured numbers never meet
    Case(train_validation_overlap, met(2, 60, chance=1e-6), "warn"),
    Case(train_validation_overlap, met(1, 3, repeated=0.1), None),
    Case(train_validation_overlap, met(7, 20, repeated=0.1), None),  # 0.0024 by chance
    Case(train_validation_overlap, met(8, 20, repeated=0.1), "fail"),  # 0.0004
    Case(train_validation_overlap, met(1, 20, chance=0.01), None),  # 0.2, in a short table
    Case(train_validation_overlap, met(3, 20, chance=0.011), None),  # 0.0012
    Case(train_validation_overlap, met(4, 20, chance=0.01), "fail"),
    Case(train_validation_overlap, met(20, 20, chance=NAN), "fail"),
    Case(train_validation_overlap, met(7, 20, repeated=0.1) | {"val_inputs_seen": NAN}, "fail"),
    Case(train_validation_overlap, copied(0.8, 0.0009), "fail", says="(80.0%)"),
    Case(train_validation_overlap, copied(0.8, 0.001), None),  # rows may repeat by chance
    Case(train_validation_overlap, copied(0.8, NAN), None),
    Case(train_validation_overlap, copied(0.009, 0.0), None),
    Case(train_validation_overlap, near(0.2), "fail", says="nearly identical"),
    Case(train_validation_overlap, near(0.01), "warn"),
    Case(train_validation_overlap, near(0.0099), None),
    Case(train_validation_overlap, near(NAN), None),
    Case(train_validation_overlap, met(64, 64, whole_table=True), "note"),
    Case(train_validation_overlap, met(64, 64, whole_table=False), "fail"),
    Case(class_imbalance, classes(100, 10), None),
    Case(class_imbalance, classes(101, 10), "note"),
    Case(class_imbalance, classes(1000, 10), "note"),
    Case(class_imbalance, classes(1001, 10), "warn", says="1001 against 10"),
    Case(class_imbalance, classes(1001, 10) | {"rare_weight": 1.09}, "warn"),
    Case(class_imbalance, classes(1001, 10) | {"rare_weight": 1.1}, "note", says="weighs the"),
    Case(class_imbalance, classes(1001, 10) | {"rare_weight": 0.01}, "warn"),  # the wrong way
    Case(class_imbalance, classes(1001, 10) | {"rare_weight": NAN}, "warn"),
    Case(class_imbalance, classes(30, 10) | {"rare_weight": 0.5}, "warn", says="wrong way round"),
    Case(class_imbalance, classes(29, 10) | {"rare_weight": 0.5}, None),  # may be meant
    Case(class_imbalance, classes(100, 10) | {"rare_weight": 10.0}, None),
    Case(class_imbalance, classes(1001, 10) | {"values_per_item": 64.0}, "note"),  # a mask
    Case(class_imbalance, classes(1001, 10) | {"values_per_item": 1.0}, "warn"),
    Case(class_imbalance, classes(1001, 10) | {"values_per_item": NAN}, "warn"),
    Case(class_imbalance, classes(1001, 0), None),
    Case(class_imbalance, classes(1001, NAN), None),
    Case(single_class_labels, one_label(3, 3), "fail", says="All 100 training targets are 3"),
    Case(single_class_labels, one_label(0, 1), None),
    Case(single_class_labels, one_label(3, 3, items=1), None),
    Case(single_class_labels, one_label(3, 3, train_target_nonfinite=2), None),
    Case(single_class_labels, one_label(NAN, 3), None),
    Case(constant_inputs, {"distinct_inputs": 1, "inputs_seen": 50}, "fail", says="All 50"),
    Case(constant_inputs, {"distinct_inputs": 2, "inputs_seen": 50}, None),
    Case(constant_inputs, {"distinct_inputs": 1, "inputs_seen": 1}, None),
    Case(constant_inputs, one_input(0.9), "warn", says="90%"),
    Case(constant_inputs, one_input(0.89), None),
    Case(constant_inputs, one_input(0.9, inputs_seen=19), None),
    Case(constant_inputs, one_input(NAN), None),
    Case(constant_inputs, one_input(0.9, told_by_inputs=0.11), None),
    Case(constant_inputs, one_input(0.9, told_by_inputs=NAN), None),
    Case(constant_inputs, {"constant_features": 3, "features": 13}, "note", says="3 of 13"),
    Case(constant_inputs, {"constant_features": 0, "features": 13}, None),
    Case(constant_inputs, {"constant_features": 60, "features": 62}, "warn", says="60 of 62"),
    Case(constant_inputs, {"constant_features": 55, "features": 62}, "note"),
    Case(constant_inputs, {"constant_features": 7, "features": 7}, "note"),
    Case(constant_inputs, {"distinct_inputs": NAN, "inputs_seen": NAN}, None),
    Case(validation_missing_classes, lacks("val", 4, 1e-9), "fail", says="lacks 4 classes"),
    Case(validation_missing_classes, lacks("train", 1, 0.0), "fail", says="Training lacks 1"),
    Case(validation_missing_classes, lacks("val", 1, 1e-3), None),
    Case(validation_missing_classes, lacks("val", 0, 1.0), None),
    Case(validation_missing_classes, lacks("val", 4, NAN), None),
    Case(validation_preprocessing_differs, {"differing_features": 0.5}, "fail", says="50%"),
    Case(validation_preprocessing_differs, {"differing_features": 0.49}, None),
    Case(validation_preprocessing_differs, {"differing_features": NAN}, None),
    Case(validation_preprocessing_differs, drifting(1.0, 0.5), "fail"),
    Case(validation_preprocessing_differs, drifting(1.0, 0.51), "note", says="goes on where"),
    Case(validation_preprocessing_differs, drifting(0.49, 0.49), None),
    Case(validation_preprocessing_differs, drifting(1.0, NAN), "fail"),
    Case(validation_preprocessing_differs, apart(0.5, 1e-9), "warn", says="0.5 deviations"),
    Case(validation_preprocessing_differs, apart(0.35, 9e-6), "warn"),
    Case(validation_preprocessing_differs, apart(0.34, 9e-6), None),
    Case(validation_preprocessing_differs, apart(0.5, 1e-5), None),
    Case(validation_preprocessing_differs, apart(0.5, 1e-9, moved_goes_on=True), "note"),
    Case(validation_preprocessing_differs, apart(NAN, 1e-9), None),
    Case(validation_preprocessing_differs, apart(0.5, NAN), None),
    Case(validation_preprocessing_differs, apart(0.5, 1e-9, differing_features=0.6), "fail"),
    Case(validation_preprocessing_differs, stretched(1.5, 1e-9), "note", says="factor of 1.5"),
    Case(validation_preprocessing_differs, stretched(1.49, 1e-9), None),
    Case(
        validation_preprocessing_differs,
        reordered("first and last column", 1e-17),
        "fail",
        says="last to the first",
    ),
    Case(
        validation_preprocessing_differs,
        reordered("order of columns", 0.0),
        "fail",
        says="probability of 1e-30",
    ),
    Case(validation_preprocessing_differs, reordered("order of columns", NAN), None),
    Case(validation_preprocessing_differs, stretched(2.0, 1e-5), None),
    Case(validation_preprocessing_differs, stretched(NAN, 1e-9), None),
    Case(data_not_shuffled, {"batch_variety": 0.2}, "fail", says="20%"),
    Case(data_not_shuffled, {"batch_variety": 0.5}, "warn"),
    Case(data_not_shuffled, {"batch_variety": 0.8}, None),
    Case(data_not_shuffled, {"batch_variety": NAN}, None),
    Case(data_not_shuffled, {}, None),
    Case(
        too_little_validation_data,
        {"val_items": 25},
        "note",
        says="20 points either way (95 % interval)",
    ),
    Case(too_little_validation_data, {"val_items": 100}, None),
    Case(too_little_validation_data, {"val_items": 25, "target_kind": "real"}, None),
    Case(too_little_validation_data, {"val_items": NAN}, None),
    Case(random_dataset_items, {"deterministic": False}, "note"),
    Case(random_dataset_items, {"deterministic": True}, None),
    Case(
        random_dataset_items,
        {"deterministic": False, "items_rewritten": True},
        "fail",
        says="changes the one",
    ),
    Case(random_dataset_items, {"deterministic": False, "items_rewritten": False}, "note"),
    Case(random_dataset_items, {}, None),
    Case(validation_items_random, {"val_items_random": True}, "warn", says="validation data"),
    Case(validation_items_random, {"val_items_random": False}, None),
    Case(validation_items_random, {}, None),
]


def scale(gain, size=100.0, what="input", **more):
    feature = "input_feature_size" if what == "input" else "target_size"
    return {f"{what}_scale_gain": gain, feature: size, "input_feature_deviation": size} | more


NO_TIME = {"input_feature_size": 100.0, "input_feature_deviation": 100.0}
"""Figures without what trainings would tell."""
SCALES = [
    Case(inputs_not_scaled, scale(0.16), "warn", says="size of 100"),
    Case(inputs_not_scaled, scale(0.51), "fail", says="51%"),
    Case(inputs_not_scaled, scale(0.15), None),
    Case(inputs_not_scaled, scale(0.5, size=10.0), None),
    Case(inputs_not_scaled, scale(0.0, raw_first_loss=5.0, standard_first_loss=2.4), "warn"),
    Case(inputs_not_scaled, scale(0.0, raw_first_loss=4.8, standard_first_loss=2.4), None),
    Case(
        inputs_not_scaled, NO_TIME | {"raw_first_loss": 900.0, "standard_first_loss": 2.4}, "warn"
    ),
    Case(inputs_not_scaled, NO_TIME | {"raw_first_loss": 3.0, "standard_first_loss": 2.4}, None),
    Case(inputs_not_scaled, scale(NAN), None),
    Case(inputs_over_normalized, scale(0.16, size=0.01), "warn", says="by more than 0.01"),
    Case(inputs_over_normalized, scale(0.15, size=0.01), None),
    Case(inputs_over_normalized, scale(0.5, size=100.0), None),
    Case(inputs_over_normalized, scale(NAN, size=0.01), None),
    Case(inputs_normalized_twice, doubled(), "warn", says="from -4.1 to 9.2"),
    Case(inputs_normalized_twice, doubled(scales_itself=True), "note"),
    Case(inputs_normalized_twice, doubled(normalized_low=NAN), None),
    Case(inputs_normalized_twice, doubled(normalized_twice=None), None),
    Case(targets_not_scaled, scale(0.16, what="target"), "warn"),
    Case(targets_not_scaled, scale(1.9, what="target"), "fail", says="size of 100"),
    Case(targets_not_scaled, scale(0.15, what="target"), None),
    Case(targets_not_scaled, scale(NAN, what="target"), None),
    Case(
        targets_not_scaled,
        scale(0.1, what="target") | {"target_declared_gain": 0.16},
        "warn",
        says="at the declared rate",
    ),
    Case(targets_not_scaled, scale(0.1, what="target") | {"target_declared_gain": 0.15}, None),
    Case(targets_not_scaled, scale(0.1, what="target") | {"target_declared_gain": NAN}, None),
    Case(targets_not_scaled, scale(0.9, what="target") | {"target_declared_gain": 0.9}, "fail"),
]


@pytest.mark.parametrize("case", [*CASES, *SCALES], ids=str)
def test_rule(case):
    check(Inspect(), case)


def test_every_rule_is_tested():
    assert_complete(Inspect(), [*CASES, *SCALES, *MODEL_CASES, *SEQUENCE_CASES, *STATE_CASES,
                              *PROBED, *RANDOM, *ITEM_CASES])  # fmt: skip
