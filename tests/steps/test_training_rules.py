"""Cases of the rules about runs that do not learn what they should."""

import pytest

from recipe_steps.learning_curves import LearningCurves
from recipe_steps.learning_curves.random_labels import labels_look_random
from recipe_steps.learning_curves.regularization_rules import (
    augmentation_too_strong,
    weight_decay_too_high,
)
from recipe_steps.learning_curves.training_rules import (
    metric_disagrees_with_loss,
    predicts_majority_class,
    too_few_updates,
    unstable_training,
)
from rule_cases import NAN, Case, case, check, straight


def scores(train, val, **more):
    return {"train_score": [train] * 8, "val_score": [val] * 8, "chance": 0.1, "items": 400} | more


ONE_IN_TEN = {"best_train_score": [0.12] * 8, "best_val_score": [0.1] * 8}


def memory(train, val, **more):
    """A run that stays at chance, and what validation scores when items are known by heart."""
    return {"best_status": "finished", "best_chance": 0.1, "best_items": 400,
            "memory_train_score": train, "memory_val_score": val, **more}  # fmt: skip


def rare(train, val):
    """Of a run at the share of a frequent class: mean recalls, where chance is one half."""
    figures = {"best_chance": 0.885, "best_items": 2000, "memory_chance": 0.5, "memory_error": 0.02}
    return memory(train, val, **figures)


AT_MAJORITY = {"best_train_score": [0.885] * 8, "best_val_score": [0.885, 0.89] * 4}
BY_HEART = {"best_train_score": [0.885, 0.999], "best_val_score": [0.885, 0.85]}


def own_score(values, severity, says="", chance=0.98, right=1.0):
    """A run with a metric of one's own, which has no score on training data."""
    scalars = {"best_chance": chance, "best_items": 1000, "best_status": "finished",
               "right_score": right}  # fmt: skip
    return Case(predicts_majority_class, scalars, severity, {"best_val_score": values}, says)


def never_yes(best, **more):
    """A baseline that never says yes to one item of fifty, and what the best run scores."""
    scalars = {"best_chance": 0.98, "baseline_chance": 0.98, "best_items": 1000,
               "baseline_items": 1000, "best_status": "finished", "baseline_status": "finished"}  # fmt: skip
    curves = {"baseline_train_score": [0.98] * 8, "baseline_val_score": [0.98] * 8,
              "best_train_score": [best] * 8, "best_val_score": [best] * 8}  # fmt: skip
    return Case(predicts_majority_class, scalars | more, None, curves)


def less_decay(declared, rival, score, severity, says=""):
    """A baseline of SGD that scores 0.5, and the best of the other whole trainings."""
    scalars = {"baseline_optimizer": "sgd", "declared_weight_decay": declared,
               "rival_weight_decay": rival, "declared_score": 0.5, "rival_score": score,
               "score_error": 0.01, "chance_score": 0.1}  # fmt: skip
    return Case(weight_decay_too_high, scalars, severity, {}, says)


TELLS = {"baseline_start": 0.098, "best_start": 0.098}
LOW, HIGH = [0.099, 0.096], [0.099, 0.0961]
"""Validation losses: 2 % of 0.098 below it, and not quite."""


def with_losses(given, severity, losses, says=""):
    curves = given.curves | {f"{run}_val_loss": losses for run in ("best", "baseline")}
    return given._replace(severity=severity, curves=curves, says=says)


SWINGING = [2.0, 1.5, 1.2, 1.0, 1.4, 0.9, 1.5, 0.8, 1.4, 0.9, 1.5, 0.8, 1.4, 0.9]
TRAINING = [
    case(predicts_majority_class, "fail", "stays at 0.1", **scores(0.11, 0.1)),
    case(predicts_majority_class, "fail", **scores(0.1, 0.109)),
    case(predicts_majority_class, None, **scores(0.1, 0.12)),
    case(predicts_majority_class, None, **scores(0.2, 0.1)),
    case(predicts_majority_class, None, **scores(0.1, 0.1, chance=NAN)),
    case(predicts_majority_class, None),
    own_score([0.0] * 6, "fail", "stays at zero"),
    own_score([0.0] * 5, None),
    own_score([0.0] * 5 + [0.1], None),
    own_score([1.0] * 6, None),
    own_score([0.0] * 6, None, chance=0.89),
    own_score([0.0] * 6, None, chance=1.0),
    own_score([0.0] * 6, None, right=0.0),
    own_score([0.0] * 6, None, right=NAN),
    own_score([0.0] * 6, None, chance=NAN),
    case(labels_look_random, "fail", "where chance is 0.1", **scores(0.95, 0.12)),
    case(labels_look_random, "fail", **scores(0.92, 0.13)),  # two standard errors: 0.03
    case(labels_look_random, None, **scores(0.95, 0.131)),
    case(labels_look_random, None, **scores(0.9, 0.1)),
    case(labels_look_random, None, **scores(0.95, 0.1, items=NAN)),
    case(labels_look_random, None, **scores(0.2, 0.1)),
    Case(labels_look_random, memory(0.95, 0.12), "fail", ONE_IN_TEN, "training reaches 0.95"),
    Case(labels_look_random, memory(0.95, 0.14), None, ONE_IN_TEN),
    Case(labels_look_random, memory(0.5, 0.12), None, ONE_IN_TEN),  # not learnt by heart
    Case(labels_look_random, memory(NAN, 0.12), None, ONE_IN_TEN),
    # a frequent class: the mean recall tells what the share of right answers hides
    Case(labels_look_random, rare(0.99, 0.53), "fail", AT_MAJORITY, "where chance is 0.5"),
    Case(labels_look_random, rare(0.99, 0.541), None, AT_MAJORITY),  # two standard errors
    Case(labels_look_random, rare(0.94, 0.5), None, AT_MAJORITY),
    Case(labels_look_random, rare(0.99, NAN), None, AT_MAJORITY),
    Case(labels_look_random, rare(0.99, 0.53), "fail", BY_HEART, "training reaches 0.999"),
    Case(labels_look_random, rare(0.99, 0.559), "fail", BY_HEART),
    Case(labels_look_random, rare(0.99, 0.561), None, BY_HEART),  # three: it helps for certain
    case(labels_look_random, "fail", **scores(0.95, 0.12), start=2.3, val_loss=[2.4, 2.26]),
    case(labels_look_random, None, **scores(0.95, 0.12), start=2.3, val_loss=[2.25, 2.4]),
    case(labels_look_random, "fail", **scores(0.95, 0.12), start=NAN, val_loss=[2.25, 2.4]),
    # of sequences the tokens are counted: 12,800 of them make 0.12 more than luck
    case(labels_look_random, None, **scores(0.95, 0.12), answers=12800),
    case(labels_look_random, "fail", **scores(0.95, 0.105), answers=12800),
    case(labels_look_random, "fail", **scores(0.95, 0.12), answers=NAN),
    with_losses(never_yes(0.98), "fail", LOW),
    with_losses(never_yes(0.98, **TELLS), "note", LOW, "In the baseline"),
    with_losses(never_yes(0.98, **TELLS), "fail", HIGH),
    with_losses(never_yes(0.98, **TELLS), "fail", [NAN, 0.05]),
    with_losses(never_yes(0.984, **TELLS), "warn", LOW),  # four items more are right
    with_losses(never_yes(0.983, **TELLS), "note", LOW),
    with_losses(never_yes(0.99), "fail", LOW),
    case(
        metric_disagrees_with_loss, "warn", "the score is 0 in every epoch",
        val_loss=straight(2.0, 0.2), val_score=[0.0] * 12,
    ),
    case(
        metric_disagrees_with_loss, None,  # right from the start
        val_loss=straight(2.0, 0.2), val_score=[1.0] * 12,
    ),
    case(unstable_training, "warn", "swings", train_loss=SWINGING),
    case(unstable_training, None, train_loss=straight(2.0, 0.2, 14)),
    case(unstable_training, None, train_loss=[60.0, *SWINGING[1:]]),  # settled near zero
    case(unstable_training, None, train_loss=SWINGING[:8]),
    case(unstable_training, None, train_loss=[NAN, *SWINGING]),
    case(too_few_updates, "warn", "20 updates", updates=20, train_loss=straight(0.7, 0.6)),
    case(too_few_updates, "warn", updates=4, train_loss=[0.7, 0.5]),
    case(too_few_updates, None, updates=100, train_loss=straight(0.7, 0.6)),
    case(too_few_updates, None, updates=20, train_loss=[0.7] * 12),
    case(too_few_updates, None, updates=20, train_loss=[0.9, 0.8, *[0.7] * 10]),  # arrived
    case(too_few_updates, None, updates=20, train_loss=[0.9, 0.7, 0.7]),
    case(too_few_updates, "warn", updates=20, train_loss=straight(1.0, 0.971)),  # 1.1 % of the end
    case(too_few_updates, None, updates=20, train_loss=straight(1.0, 0.975)),
    case(
        too_few_updates, None,  # single epochs scatter by more
        updates=20, train_loss=[0.7, 0.5, 0.72, 0.48, 0.7, 0.52, 0.71, 0.5, 0.69, 0.48, 0.7, 0.47],
    ),
    case(
        too_few_updates, None,  # validation has arrived
        updates=20, train_loss=straight(0.7, 0.6), val_loss=[0.7] * 12,
    ),
    case(
        too_few_updates, "warn",
        updates=20, train_loss=straight(0.7, 0.6), val_loss=straight(0.8, 0.75),
    ),
    case(
        too_few_updates, "warn",
        updates=20, train_loss=straight(0.7, 0.6), val_loss=[NAN] * 12,
    ),
    case(too_few_updates, None, updates=NAN, train_loss=straight(0.7, 0.6)),
    case(
        weight_decay_too_high, "warn", "weight decay is 0.1",
        weight_decay=0.1, optimizer="sgd", train_loss=straight(2.3, 2.0),
    ),
    case(
        weight_decay_too_high, None,
        weight_decay=0.1, optimizer="adamw", train_loss=straight(2.3, 2.0),
    ),
    case(
        weight_decay_too_high, None,
        weight_decay=0.1, optimizer="sgd", train_loss=straight(2.3, 0.4),
    ),
    case(
        weight_decay_too_high, None,
        weight_decay=NAN, optimizer="sgd", train_loss=straight(2.3, 2.0),
    ),
    case(  # without it the score is the same
        weight_decay_too_high, None,
        weight_decay=0.1, optimizer="sgd", train_loss=straight(2.3, 2.0), score=0.3,
        branch="regularization-too-strong", branch_score=0.3,
    ),
    less_decay(0.006, 0.0005, 0.9, "warn", "at 0.0005 the best setting reaches 0.9"),
    less_decay(0.0049, 0.0, 0.9, None),  # not notable
    less_decay(0.006, 0.0007, 0.9, None),  # not far less
    less_decay(0.006, 0.0005, 0.63, None),  # not far better
    less_decay(NAN, 0.0005, 0.9, None),
    less_decay(0.006, NAN, 0.9, None),
    Case(metric_disagrees_with_loss, {"metric_ignores_pairing": True}, "warn", {}, "which targets"),
    Case(metric_disagrees_with_loss, {"metric_ignores_pairing": False}, None),
    Case(metric_disagrees_with_loss, {"metric_ignores_pairing": NAN}, None),
    case(augmentation_too_strong, "warn", "0.4", regularised=True, **scores(0.4, 0.65)),
    case(augmentation_too_strong, None, regularised=True, **scores(0.41, 0.65)),
    case(augmentation_too_strong, None, regularised=False, **scores(0.1, 0.9)),
    case(augmentation_too_strong, None, regularised=True, **scores(NAN, 0.9)),
    case(
        metric_disagrees_with_loss, "warn", "the score from",
        val_loss=straight(2.0, 0.5), val_score=straight(0.9, 0.3),
    ),
    case(
        metric_disagrees_with_loss, None,
        val_loss=straight(2.0, 0.5), val_score=straight(0.3, 0.9),
    ),
    case(  # overfitting: the score still rises a little
        metric_disagrees_with_loss, None,
        val_loss=straight(0.5, 0.9), val_score=straight(0.8, 0.82),
    ),
    case(
        metric_disagrees_with_loss, None,
        val_loss=[NAN] * 12, val_score=straight(0.9, 0.3),
    ),
]  # fmt: skip


@pytest.mark.parametrize("given", TRAINING, ids=str)
def test_rule(given):
    assert isinstance(given, Case)
    check(LearningCurves(), given)
