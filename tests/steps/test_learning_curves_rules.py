import pytest
from test_capacity import CAPACITY_CASES
from test_chance_rules import CASES as CHANCE
from test_label_rules import CASES as LABELS
from test_learning_curves_overfitting import OVERFITTING
from test_learning_curves_regularization import REGULARIZATION
from test_learning_curves_schedule_rules import SCHEDULE
from test_log_rules import LOG_CASES
from test_lr_range_rules import COMPARED
from test_mistakes import MISTAKE_CASES
from test_nan_rules import NAN_CASES
from test_optimizer_rules import UNUSUAL
from test_rare_classes import CASES as RARE
from test_simple_models import SIMPLE_CASES
from test_training_rules import TRAINING

from recipe.testing import judge_scalars
from recipe_steps.inspect.split_rules import validation_preprocessing_differs
from recipe_steps.learning_curves import LearningCurves
from recipe_steps.learning_curves.rules import (
    diverged,
    slow_start,
    underfitting,
)
from recipe_steps.learning_curves.validation_rules import validation_labels_renumbered
from rule_cases import NAN, Case, assert_complete, case, check, straight


def flat_then_falls(flat, n=50, low=0.5):
    return [2.0] * flat + [low] * (n - flat)


DIVERGED = [
    case(diverged, "fail", "became infinite", status="diverged"),
    case(diverged, "fail", "rose from 1 to 2.1", train_loss=[1.0, 2.1]),
    case(diverged, "fail", "In the baseline", run="baseline", train_loss=[1.0, 2.1]),
    case(diverged, None, train_loss=[1.0, 2.0]),
    case(diverged, None, train_loss=[1.0, NAN, 9.0]),  # what follows a NaN says nothing
    case(diverged, None, train_loss=[9.0]),
    case(diverged, None, train_loss=[1.0, 9.0, 0.5]),  # an early catapult
    Case(diverged, {}, None),
]

SLOW = [
    case(slow_start, "warn", "flat for 40% of training", batch_loss=flat_then_falls(20)),
    case(slow_start, "warn", "14%", batch_loss=flat_then_falls(7)),
    case(slow_start, None, batch_loss=flat_then_falls(6)),  # 12 % may pass
    case(slow_start, None, warmup=0.05, batch_loss=flat_then_falls(8)),  # a warm-up may take longer
    case(slow_start, "warn", warmup=0.05, batch_loss=flat_then_falls(9)),
    case(slow_start, "warn", warmup=NAN, batch_loss=flat_then_falls(8)),
    case(slow_start, None, batch_loss=flat_then_falls(20, low=1.41)),  # no start: it barely falls
    case(slow_start, "warn", batch_loss=flat_then_falls(20, low=1.39)),
    case(slow_start, None, batch_loss=flat_then_falls(10, n=19)),  # too short to tell
    case(slow_start, None, batch_loss=[2.0] * 50),
    case(slow_start, None, batch_loss=[2.0] * 10 + [NAN] + [0.1] * 50),
    case(slow_start, None),
]


def beaten(linear, **more):
    """Ten classes, a training that scores 0.6, and a linear model that scores this."""
    return {
        "chance": 0.1, "items": 1000, "score": 0.6, "branch": "underfitting",
        "branch_score": linear, "train_loss": straight(1.3, 1.1), "train_score": [0.6] * 12,
        "val_score": [0.6] * 12, **more,
    }  # fmt: skip


def poor(train, val, loss=None, **more):
    """Ten classes, a flat loss, these final scores."""
    return {
        "chance": 0.1,
        "train_loss": loss or [2.0] * 12,
        "train_score": [0.1] * 11 + [train],
        "val_score": [0.1] * 11 + [val],
        **more,
    }


UNDERFITTING = [
    case(underfitting, "warn", "training (0.3) and validation (0.25)", **poor(0.3, 0.25)),
    case(underfitting, "warn", **poor(0.3249, 0.3)),
    case(underfitting, None, **poor(0.3251, 0.3)),  # a quarter of the way from chance
    case(underfitting, None, **poor(0.32, 0.21)),  # apart: overfitting
    case(underfitting, "warn", **poor(0.32, 0.23)),
    case(underfitting, None, **poor(0.3, 0.25, loss=straight(2.3, 1.5))),  # still learning
    case(underfitting, None, **poor(0.3, 0.25, chance=1.0)),
    # below the loss of the best constant answer, and flat: it learnt what there is
    case(underfitting, None, **poor(0.3, 0.25, start=2.3, val_loss=[2.18] * 12)),
    case(underfitting, "warn", "a linear model 0.72", **beaten(0.72)),
    case(underfitting, None, **beaten(0.65)),  # less than a tenth of what it has above chance
    case(underfitting, None, **beaten(0.72, items=100)),  # three standard errors: 0.15
    case(underfitting, None, **beaten(0.72, branch="needs-lr-decay")),
    case(underfitting, None, **beaten(NAN)),
    case(underfitting, "warn", **poor(0.3, 0.25, start=2.3, val_loss=[2.19] * 12)),
    case(underfitting, "warn", **poor(0.3, 0.25, start=NAN, val_loss=[2.0] * 12)),
    case(underfitting, "warn", **poor(0.3, 0.25, start=2.3, val_loss=straight(2.2, 2.1))),
    case(underfitting, None, **poor(0.3, 0.25, start=2.3, val_loss=straight(2.0, 2.1))),
    case(underfitting, "warn", **poor(0.3, 0.25, start=2.3, val_loss=[2.0, NAN] * 6)),
    case(underfitting, None, **poor(NAN, 0.25) | {"train_score": [NAN]}),
    case(underfitting, None, **poor(0.3, 0.25) | {"train_loss": [2.0] * 5}),
    case(underfitting, None, **poor(0.3, 0.25) | {"train_loss": [2.0, 2.0, NAN] * 4}),
]

CASES = [*DIVERGED, *SLOW, *UNDERFITTING]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case):
    check(LearningCurves(), case)


def undone(what="order of channels", before=0.4, after=0.9, **more):
    return {"val_undone": what, "val_as_given": before, "val_when_undone": after,
            "val_known_in_training": 0.95, **more}  # fmt: skip


def renumbered(pairs="[[0, 1], [1, 0]]", before=0.02, after=0.95):
    return {"val_numbers": pairs, "val_numbers_before": before, "val_numbers_after": after}


NOISE = {
    "val_noise": 0.5,
    "val_as_given": 0.6,
    "val_known_in_training": 0.95,
    "training_with_noise": 0.62,
}
SALT = {
    "val_overwritten": 0.1, "val_overwritten_by": "0 or 1", "val_as_given": 0.6,
    "val_known_in_training": 0.95, "training_with_noise": 0.62,
}  # fmt: skip
VALIDATION = [
    Case(validation_labels_renumbered, renumbered(), "fail", says="(1 for 0, 0 for 1)"),
    Case(validation_labels_renumbered, renumbered(str([[n, n + 1] for n in range(9)])), "fail", says="and 3 more"),
    Case(validation_labels_renumbered, renumbered("[]"), None),
    Case(validation_labels_renumbered, renumbered(before=NAN), None),
    Case(validation_labels_renumbered, {}, None),
    Case(validation_preprocessing_differs, undone(), "fail", says="RGB and BGR"),
    Case(validation_preprocessing_differs, undone("level and spread"), "fail", says="level and spread"),
    Case(validation_preprocessing_differs, undone(val_goes_on=True), "note", says="goes on where"),
    Case(validation_preprocessing_differs, undone(after=NAN), None),
    Case(validation_preprocessing_differs, NOISE, "warn", says="hold noise"),
    Case(validation_preprocessing_differs, {**NOISE, "val_noise": NAN}, None),
    Case(validation_preprocessing_differs, SALT, "warn", says="10% of the values are overwritten by 0 or 1"),
    Case(validation_preprocessing_differs, {**SALT, "val_overwritten": NAN}, None),
]  # fmt: skip


@pytest.mark.parametrize("case", VALIDATION, ids=str)
def test_rule_about_validation_data(case):
    check(LearningCurves(), case)


def test_every_rule_is_tested():
    everywhere = [*CASES, *OVERFITTING, *SCHEDULE, *REGULARIZATION, *TRAINING, *LABELS,
                  *COMPARED, *VALIDATION, *UNUSUAL, *RARE, *MISTAKE_CASES, *CAPACITY_CASES, *SIMPLE_CASES, *CHANCE, *NAN_CASES, *LOG_CASES]  # fmt: skip
    assert_complete(LearningCurves(), everywhere)


def test_a_healthy_run_gets_no_finding():
    n = 20
    scalars = {"best_status": "finished", "best_schedule": "cosine", "best_chance": 0.1}
    curves = {
        "best_train_loss": [2.3 * 0.8**i for i in range(n)],
        "best_val_loss": [2.2 * 0.82**i + 0.2 for i in range(n)],
        "best_train_score": [1 - 0.9 * 0.8**i for i in range(n)],
        "best_val_score": [0.95 - 0.85 * 0.8**i for i in range(n)],
        "best_lr": [0.1 * (1 - i / n) for i in range(1, n + 1)],
        "best_batch_loss": [2.3 * 0.97**i for i in range(100)],
    }
    assert judge_scalars(LearningCurves(), scalars, curves) == ()


def test_both_runs_are_named_in_one_finding():
    scalars = {"best_status": "diverged", "baseline_status": "diverged"}
    (found,) = judge_scalars(LearningCurves(), scalars)
    assert "In the best run the loss became infinite." in found.message
    assert "In the baseline the loss became infinite." in found.message


@pytest.mark.parametrize(
    ("accused", "severity"), [("best", "note"), ("baseline", "warn"), ("both", "warn")]
)
def test_a_warning_about_the_chosen_run_alone_is_a_note(accused, severity):
    poor = {"train_loss": [2.0] * 12, "train_score": [0.12] * 12, "val_score": [0.12] * 12}
    good = {"train_loss": [0.1] * 12, "train_score": [0.99] * 12, "val_score": [0.97] * 12}
    scalars, curves = {}, {}
    for run in ("best", "baseline"):
        scalars |= {f"{run}_status": "finished", f"{run}_chance": 0.1}
        shown = poor if accused in (run, "both") else good
        curves |= {f"{run}_{name}": values for name, values in shown.items()}
    (found,) = [
        f for f in judge_scalars(LearningCurves(), scalars, curves) if f.rule == "underfitting"
    ]
    assert found.severity == severity
