import pytest
from rule_cases import NAN, Case, assert_complete, check

from recipe_steps.inspect import Inspect
from recipe_steps.inspect.rules import (
    class_imbalance,
    inputs_not_finite,
    outputs_do_not_match_targets,
    targets_out_of_range,
    train_validation_overlap,
)


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


def classes(large, small):
    return {"largest_class": large, "smallest_class": small}


CASES = [
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
    Case(train_validation_overlap, overlap(0.5), "fail", says="50.0%"),
    Case(train_validation_overlap, overlap(0.2), "fail"),
    Case(train_validation_overlap, overlap(0.199), "warn"),
    Case(train_validation_overlap, overlap(0.01), "warn"),
    Case(train_validation_overlap, overlap(0.0099), None),
    Case(train_validation_overlap, overlap(0.375, repeated=0.125), None),  # three times: chance
    Case(train_validation_overlap, overlap(0.376, repeated=0.125), "fail"),
    Case(train_validation_overlap, overlap(0.5, repeated=NAN), "fail"),
    Case(train_validation_overlap, overlap(NAN), None),
    Case(class_imbalance, classes(100, 10), None),
    Case(class_imbalance, classes(101, 10), "note"),
    Case(class_imbalance, classes(1000, 10), "note"),
    Case(class_imbalance, classes(1001, 10), "warn", says="1001 against 10"),
    Case(class_imbalance, classes(1001, 0), None),
    Case(class_imbalance, classes(1001, NAN), None),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case):
    check(Inspect(), case)


def test_every_rule_is_tested():
    assert_complete(Inspect(), CASES)
