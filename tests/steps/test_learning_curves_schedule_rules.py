"""Cases of the rules about the rate over time and the length of training."""

import pytest

from recipe.core.evidence import Evidence
from recipe_steps.learning_curves import LearningCurves
from recipe_steps.learning_curves.run_curves import runs
from recipe_steps.learning_curves.schedule_rules import (
    decayed_too_early,
    longer_than_needed,
    needs_lr_decay,
    schedule_differs_from_plan,
    still_improving,
    suspect_early_decay,
    suspect_no_decay,
)
from rule_cases import NAN, case, check, straight

STEADY, FALLEN = [0.1] * 12, [2.0, 1.6, 1.3, 1.1, 1.0, 1.0]


def end(fall):
    """A training loss whose last stretch falls by this share."""
    return [*FALLEN, 1.0, 1.0, 1.0, 1.0, 1.0 - fall, 1.0 - fall]


def decays(score, fall=0.0, rule="needs-lr-decay", **more):
    """A run and what its branch scored."""
    return {
        "train_loss": end(fall), "lr": STEADY, "score": 0.8, "loss": 1.0, "branch": rule,
        "branch_epoch": 8, "branch_score": score, **more,
    }  # fmt: skip


NEEDS_DECAY = [
    case(needs_lr_decay, "warn", "flat at 1 under", train_loss=end(0.0), lr=STEADY),
    case(needs_lr_decay, "warn", train_loss=end(0.0099), lr=STEADY),
    case(needs_lr_decay, None, train_loss=end(0.0101), lr=STEADY),
    case(needs_lr_decay, "warn", train_loss=end(-0.0099), lr=STEADY),
    case(needs_lr_decay, None, train_loss=end(-0.0101), lr=STEADY),
    case(needs_lr_decay, None, train_loss=end(0.0), lr=[0.1] * 8 + [0.01] * 4),
    case(needs_lr_decay, "warn", train_loss=end(0.0), lr=[0.1] * 6 + [0.091] * 6),
    case(needs_lr_decay, None, train_loss=end(0.0), lr=[0.1] * 6 + [0.089] * 6),
    case(needs_lr_decay, None, train_loss=end(0.0), lr=STEADY, train_score=[0.5, 0.995]),
    case(needs_lr_decay, "warn", train_loss=end(0.0), lr=STEADY, train_score=[0.5, 0.994]),
    case(needs_lr_decay, None, train_loss=[1.2] + [1.0] * 11, lr=STEADY),  # hardly learnt
    case(needs_lr_decay, None, train_loss=FALLEN[:5], lr=STEADY),
    case(needs_lr_decay, None, train_loss=[2.0, NAN, *end(0.0)], lr=STEADY),
    case(needs_lr_decay, None, train_loss=end(0.0)),
    # a branch at a tenth of the rate: a better score, no better one, a better loss
    case(needs_lr_decay, "warn", "reaches 0.9 instead of 0.8 (loss 1)", **decays(score=0.9)),
    case(needs_lr_decay, "warn", **decays(score=0.9, fall=0.049)),
    case(needs_lr_decay, "warn", **decays(score=0.804)),
    case(needs_lr_decay, None, **decays(score=0.802)),
    case(needs_lr_decay, None, **decays(score=0.81, items=400, chance=0.1)),  # error 0.02
    case(needs_lr_decay, "warn", **decays(score=0.821, items=400, chance=0.1)),
    case(needs_lr_decay, "warn", **decays(score=0.8, branch_loss=0.89)),
    case(needs_lr_decay, None, **decays(score=0.8, branch_loss=0.91)),
    case(needs_lr_decay, None, **decays(score=0.79, branch_loss=0.5)),
    case(needs_lr_decay, None, **decays(score=NAN)),
    case(needs_lr_decay, "note", train_loss=end(0.0), lr=STEADY, items=400),  # not put to the test
]


def dropped(at, slope=1.0, after=0.01, n=20):
    """Falls by `slope` per epoch until epoch `at`, by `after` from then on; ends at 5."""
    before = [5.0 + slope * (at - 1 - i) for i in range(at)]
    return {
        "train_loss": before + [5.0 - after * i for i in range(1, n - at + 1)],
        "lr": [0.1] * at + [0.01] * (n - at),
    }


def late(score, epoch=5, **given):
    """The same, and a branch that kept the rate."""
    return {
        **dropped(5, **given), "score": 0.8, "branch": "decayed-too-early", "branch_score": score,
        "branch_epoch": epoch,
    }  # fmt: skip


EARLY = [
    case(decayed_too_early, "warn", "dropped in epoch 6", **dropped(5)),
    case(decayed_too_early, "warn", **dropped(3)),
    case(decayed_too_early, None, **dropped(2)),
    case(decayed_too_early, None, **dropped(12, after=0.005)),  # it creeps by too little
    case(decayed_too_early, "warn", **dropped(12, after=0.05)),
    case(decayed_too_early, None, **dropped(13, after=0.05)),  # after 60 % of training
    case(decayed_too_early, "warn", **dropped(5, slope=0.16)),
    case(decayed_too_early, None, **dropped(5, slope=0.14)),  # 3 % of 5: the loss had flattened
    case(decayed_too_early, "warn", **dropped(5, after=0.09)),
    case(decayed_too_early, None, **dropped(5, after=0.0)),  # it has arrived
    case(decayed_too_early, None, **dropped(5, after=0.11)),  # it still learns afterwards
    case(decayed_too_early, None, **dropped(5, n=10)),  # five epochs say nothing
    case(decayed_too_early, None, **dropped(5), train_score=[1.0]),
    case(decayed_too_early, None, **dropped(5) | {"lr": [0.1] * 20}),
    case(decayed_too_early, None, **dropped(5) | {"train_loss": [NAN] * 20}),
    # a branch at the old rate
    case(decayed_too_early, "warn", "reaches 0.9", **late(0.9)),
    case(decayed_too_early, None, **late(0.8)),
    case(decayed_too_early, "warn", **late(0.9, slope=0.08)),
    case(decayed_too_early, None, **late(0.9, slope=0.07)),
    case(decayed_too_early, None, **late(NAN)),
    case(decayed_too_early, "warn", "next to nothing", **late(0.9, epoch=0)),
    case(decayed_too_early, None, **late(0.8, epoch=0)),
    case(decayed_too_early, "note", **dropped(5), items=100),
]


def improving(train=0.5, val=0.5, n=12, **more):
    """Straight lines from 2 to these ends."""
    return {"train_loss": straight(2, train, n), "val_loss": straight(2, val, n), **more}


def slope_for(fall):
    """The end of a line from 2 over 12 epochs that falls by this share at its end.

    Epochs 7 and 8 against 11 and 12, numbered 1 to 12: with d per epoch, the first mean is
    2 - 6.5 d and the fall 4 d.
    """
    d = 2 * fall / (4 + 6.5 * fall)
    return 2 - 11 * d


IMPROVING = [
    case(still_improving, "warn", "30% of training", **improving()),
    case(still_improving, "warn", **improving(val=slope_for(0.0501))),
    case(still_improving, None, **improving(val=slope_for(0.0499))),
    case(still_improving, None, **improving(train=slope_for(0.0499))),
    case(still_improving, None, **improving(n=5)),
    case(still_improving, None, **improving(lr=[0.1] * 11 + [0.01])),  # the decay's own gain
    case(still_improving, "warn", **improving(lr=[0.1] * 11 + [0.011])),
    case(still_improving, None, **improving(train_score=[0.9, 1.0])),
    case(still_improving, None, **improving() | {"val_loss": [2.0, NAN, *straight(2, 0.5)]}),
    case(still_improving, None, val_loss=straight(2, 0.5)),
    case(still_improving, None, **improving(score=0.8, longer=0.802)),
    case(still_improving, "warn", **improving(score=0.8, longer=0.804)),
    case(still_improving, None, **improving(score=0.8, longer=0.819, items=400, chance=0.1)),
    case(still_improving, "warn", **improving(score=0.8, longer=0.821, items=400, chance=0.1)),
    case(still_improving, "warn", **improving(score=0.8, longer=NAN)),
]


ZIGZAG = [0.1, 0.01] * 10
PLAN = [
    case(schedule_differs_from_plan, "warn", "by epoch 5 of 20", lr=[0.1] * 4 + [1e-5] * 16),
    case(schedule_differs_from_plan, "warn", lr=[0.1] * 4 + [0.0] * 16, schedule="own"),
    case(schedule_differs_from_plan, None, lr=[0.1] * 5 + [1e-5] * 15),
    case(schedule_differs_from_plan, None, lr=[0.1] * 4 + [2e-4] * 16),
    case(schedule_differs_from_plan, None, lr=[0.1] * 4 + [1e-5] * 16, schedule="step"),
    case(schedule_differs_from_plan, None, lr=[0.1] * 4 + [1e-5] * 16, train_score=[1.0] * 20),
    case(schedule_differs_from_plan, "warn", "turned 18 times", lr=ZIGZAG),
    case(schedule_differs_from_plan, None, lr=ZIGZAG, schedule="own"),  # a cycle that was asked for
    case(schedule_differs_from_plan, None, lr=straight(0.01, 0.1, 6) + straight(0.1, 0.001, 14)),
    case(schedule_differs_from_plan, None, lr=([0.1] * 3 + [0.05] * 3) * 4),
    case(schedule_differs_from_plan, None, lr=[0.1, 1e-5] + [1e-5] * 9),
    case(schedule_differs_from_plan, None, lr=[0.0] * 20),
    case(schedule_differs_from_plan, None, lr=[NAN] * 20),
]


def saturated(at, n=20, fall=0.0, **more):
    """Reaches its best score in epoch `at` and stays there; validation loss falls by `fall`."""
    rising = [0.1 + 0.8 * k / (at - 1) for k in range(at - 1)] if at > 1 else []
    scores = [*rising, *[0.9] * (n - len(rising))]
    return {
        "val_score": scores, "val_loss": [2.0, 1.0, *straight(1.0, 1.0 - 3 * fall, n - 2)],
        "chance": 0.1, "items": 400, "score": 0.9, "planned_epochs": n, **more,
    }  # fmt: skip


LONGER = [
    case(longer_than_needed, "note", "came in epoch 2 of 20; about 5 epochs", **saturated(2)),
    case(
        longer_than_needed,
        "note",
        "as good as the best came in epoch 8 of 20; about 12",
        **saturated(8) | {"val_score": [*saturated(8)["val_score"][:-2], 0.905, 0.9]},
    ),
    case(longer_than_needed, None, **saturated(12)),
    case(
        longer_than_needed,
        None,
        **saturated(8, fall=0.1) | {"val_score": [*saturated(8)["val_score"][:-1], 0.905]},
    ),
    case(longer_than_needed, "note", **saturated(2, fall=0.1)),  # the score had its best early
    case(longer_than_needed, None, **saturated(2, n=11)),  # too short to be shortened
    case(longer_than_needed, None, **saturated(2) | {"val_score": [0.1] * 20, "score": 0.1}),
    case(longer_than_needed, None, **saturated(2) | {"val_score": [NAN] * 20}),
    case(longer_than_needed, None, **saturated(6, n=8, planned_epochs=8)),
    case(longer_than_needed, "note", "of 40; about 5", **saturated(3, planned_epochs=40)),
]

SCHEDULE = [*NEEDS_DECAY, *EARLY, *IMPROVING, *PLAN, *LONGER]


@pytest.mark.parametrize("given", SCHEDULE, ids=str)
def test_rule(given):
    check(LearningCurves(), given)


def run_of(**given):
    scalars = {f"best_{k}": v for k, v in given.items() if not isinstance(v, list)}
    curves = {f"best_{k}": tuple(v) for k, v in given.items() if isinstance(v, list)}
    (run,) = runs(Evidence({"best_status": "finished"} | scalars, curves))
    return run


@pytest.mark.parametrize(
    ("given", "epoch"),
    [
        ({"train_loss": end(0.049)}, 8),
        ({"train_loss": end(0.051)}, None),  # it still falls
        ({"train_loss": [*FALLEN, 1.2, 0.8, 1.1, 0.7, 1.0, 0.8]}, 8),  # by chance
        ({"train_loss": [1.1, *[1.0] * 11]}, None),  # it never fell
        ({"train_loss": [1.1, *[1.0] * 11], "start": 2.3}, 8),  # within the first epoch
        ({"train_loss": end(0.0), "lr": [0.1] * 6 + [0.01] * 6}, None),
        ({"train_loss": end(0.0), "train_score": [0.5, 1.0]}, None),
        ({"train_loss": [NAN] * 12}, None),
    ],
)
def test_a_rate_is_suspected(given, epoch):
    assert suspect_no_decay(run_of(**{"lr": STEADY, **given})) == epoch


def test_a_drop_is_suspected():
    assert suspect_early_decay(run_of(**dropped(5, slope=0.08))) == 5
    assert suspect_early_decay(run_of(**dropped(5, slope=0.07))) is None
    assert suspect_early_decay(run_of(**dropped(5, after=0.29))) == 5
    assert suspect_early_decay(run_of(**dropped(5, after=0.31))) is None
