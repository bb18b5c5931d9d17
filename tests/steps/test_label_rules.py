"""Cases of the rule about noise of labels."""

import pytest

from recipe_steps.label_rules import noisy_labels
from recipe_steps.learning_curves import LearningCurves
from rule_cases import NAN, Case, check


def labels(wrong, overall, items=100, chance=0.1):
    return {"surest_items": items, "surest_wrong": wrong, "wrong_share": overall,
            "best_chance": chance, "suspect_items": "3, 17"}  # fmt: skip


CASES = [
    Case(noisy_labels, labels(30, 0.32), "warn", says="30% have another label"),
    Case(noisy_labels, labels(30, 0.32), "warn", says="items 3, 17"),
    Case(noisy_labels, labels(22, 0.32), None),  # surer means righter: a hard task
    Case(noisy_labels, labels(23, 0.32), "warn"),
    Case(noisy_labels, labels(10, 0.12), None),  # 10 of 100 may be 5 %
    Case(noisy_labels, labels(3, 0.32, items=10), None),  # so may 3 of 10
    Case(noisy_labels, labels(60, 0.7), None),  # a model without skill is sure of nothing
    Case(noisy_labels, labels(48, 0.49), "warn"),
    Case(
        noisy_labels, labels(49, 0.5), None
    ),  # who contradicts half of all labels knows too little
    Case(noisy_labels, labels(30, NAN), None),
    Case(noisy_labels, labels(NAN, 0.3), None),
    Case(noisy_labels, labels(30, 0.32, chance=NAN), None),
    Case(noisy_labels, {}, None),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case):
    check(LearningCurves(), case)
