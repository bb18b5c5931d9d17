"""Cases of the rules about labels."""

import pytest

from recipe.testing import judge_scalars
from recipe_steps.inspect import Inspect
from recipe_steps.label_rules import labels_look_random, noisy_labels
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


def others(wrong, surer=0.05, overall=0.07, *, items=900, classes=10, inputs=64, **more):
    """What neighbours and trees say of items whose labels they were not shown."""
    return {
        "probe_sure_items": items, "probe_sure_wrong": wrong, "probe_surer_wrong": surer,
        "probe_wrong": overall, "probe_pair_share": 0.1, "probe_chance": 0.1,
        "probe_classes": classes, "probe_inputs": inputs, "probe_pictures": False,
        "probe_suspects": "3, 17", **more,
    }  # fmt: skip


PROBED = [
    Case(noisy_labels, others(45), "warn", says="About 5% of the labels look wrong"),
    Case(noisy_labels, others(45), "warn", says="training items 3, 17"),
    Case(noisy_labels, others(45, probe_suspects=""), "warn", says="45 have another label."),
    Case(noisy_labels, others(270, 0.31, 0.32), "warn", says="About 30%"),
    Case(noisy_labels, others(24, 0.03, 0.04), None),  # 24 of 900 may be 1.5 %
    Case(noisy_labels, others(25, 0.03, 0.04), "warn"),
    Case(noisy_labels, others(45, surer=0.029), None),  # surer means righter: classes overlap
    Case(noisy_labels, others(45, surer=0.031), "warn"),
    Case(noisy_labels, others(45, overall=0.201), None),  # most is wrong where they are unsure
    Case(noisy_labels, others(45, overall=0.199), "warn"),
    Case(noisy_labels, others(360, 0.4, 0.56), None),  # they know too little
    Case(noisy_labels, others(15, 0.075, items=199), None),
    Case(noisy_labels, others(15, 0.075, items=200), "warn"),
    Case(noisy_labels, others(45, classes=4), None),  # a table of which not all was measured
    Case(noisy_labels, others(45, classes=4, probe_pictures=True), "warn"),
    Case(noisy_labels, others(45, inputs=15), None),
    Case(noisy_labels, others(45, probe_pair_share=0.51), None),  # two classes that look alike
    Case(noisy_labels, others(45, probe_pair_share=0.5), "warn"),
    Case(
        noisy_labels,
        others(45, classes=2, probe_pictures=True, probe_pair_share=0.8, probe_chance=0.5),
        "warn",
    ),
    Case(
        noisy_labels,
        others(45, classes=2, probe_pictures=True, probe_pair_share=0.81, probe_chance=0.5),
        None,
    ),
    Case(noisy_labels, others(NAN), None),
    Case(noisy_labels, others(45, surer=NAN), None),
    Case(noisy_labels, others(45, overall=NAN), None),
    Case(noisy_labels, others(45, probe_pair_share=NAN), None),
]


def told(train, val, across=0.0, items=400, others=100, **more):
    """How strongly simple predictors tell the labels of both parts."""
    return {"probe_train": train, "probe_val": val, "probe_across": across, "probe_items": items,
            "probe_val_items": others, "probe_val_expected": train / 2, **more}  # fmt: skip


RANDOM = [
    Case(labels_look_random, told(1.0, 8.0), "fail", says="nothing of those of training"),
    Case(labels_look_random, told(3.4, 8.0), "fail"),
    Case(labels_look_random, told(3.6, 8.0), None),
    Case(labels_look_random, told(3.4, 5.9), None),
    Case(labels_look_random, told(3.4, 8.0, across=2.5), None),  # they belong together
    Case(labels_look_random, told(3.4, 8.0, across=2.3), "fail"),
    Case(labels_look_random, told(12.0, 1.0), "fail", says="nothing of those of validation"),
    Case(labels_look_random, told(11.9, 1.0), None),
    Case(labels_look_random, told(12.0, 1.9), None),  # weaker than it promised, not nothing
    Case(labels_look_random, told(12.0, 1.0, across=1.9), None),
    Case(labels_look_random, told(2.4, 2.0), "note", says="labels of 400 training items"),
    Case(labels_look_random, told(2.5, 2.0), None),
    Case(labels_look_random, told(2.4, 2.6), None),
    Case(labels_look_random, told(2.4, 2.0, items=199), None),
    Case(labels_look_random, told(NAN, 8.0), None),
    Case(labels_look_random, told(1.0, NAN), "note"),
    Case(labels_look_random, told(1.0, 8.0, across=NAN), None),
    Case(labels_look_random, {}, None),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case):
    check(LearningCurves(), case)


@pytest.mark.parametrize("case", [*PROBED, *RANDOM], ids=str)
def test_rule_before_training(case):
    check(Inspect(), case)


def trained(strength, items=300, best=0.55, learnt=0.6, chance=0.5, **more):
    """A training of 150 validation items, and what simple predictors know."""
    scalars = {"best_status": "finished", "best_chance": chance, "best_items": 150,
               "probe_train": strength, "probe_items": items, **more}  # fmt: skip
    return Case(labels_look_random, scalars, None), {
        "best_train_score": [0.5, learnt],
        "best_val_score": [0.5, best],
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"strength": 1.0}, "know nothing of them either"),
        ({"strength": 2.6}, None),
        ({"strength": 2.6, "probe_across": 2.0}, None),
        ({"strength": 2.6, "probe_across": 0.2}, "know nothing of them either"),
        ({"strength": 3.6, "probe_across": 0.2}, None),
        ({"strength": NAN}, None),
        ({"strength": 1.0, "items": 299}, None),
        ({"strength": 1.0, "simple_forest": 0.8, "simple_error": 0.04}, None),
        ({"strength": 1.0, "best": 0.59}, None),  # the model learns what they do not see
        ({"strength": 1.0, "best": 0.55, "best_start": 0.693, "loss": 0.6}, None),
    ],
)
def test_neither_the_model_nor_anything_simple_learns(given, said):
    loss = given.pop("loss", None)
    case, curves = trained(**given)
    curves |= {"best_val_loss": [0.7, loss]} if loss else {}
    found = {f.rule: f for f in judge_scalars(LearningCurves(), case.scalars, curves)}
    assert (said is not None) == ("labels-look-random" in found)
    if said:
        assert said in found["labels-look-random"].message
        assert found["labels-look-random"].severity == "fail"
