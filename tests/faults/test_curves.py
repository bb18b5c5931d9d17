"""The rules about learning curves keep the scores that they reached."""

import pytest

from faults.curves import LABELLED, by_cause, cause_table, crossed, overfit_scores, score

REACHED = 0.995
"""Macro F1 on each half and on the whole; 1.0 when this was written."""


@pytest.fixture(scope="module")
def labelled_curves(data_dir):
    path = data_dir / LABELLED
    if not path.exists():
        pytest.skip(f"no labelled curves in {path}")
    return path


def test_overfitting_on_labelled_curves(labelled_curves):
    scores = overfit_scores(labelled_curves)
    assert scores["whole"].curves == 419
    for name, reached in scores.items():
        assert reached.macro_f1 >= REACHED, name


def test_thresholds_of_one_half_hold_on_the_other(labelled_curves):
    for _, reached in crossed(labelled_curves).values():
        assert reached.macro_f1 >= REACHED


def test_score():
    found = score([(True, True), (True, False), (False, True), (False, False), (False, False)])
    assert (found.missed, found.alarms) == (1, 1)
    assert found.macro_f1 == pytest.approx((2 / 4 + 4 / 6) / 2)


@pytest.mark.parametrize(("alone", "right", "alarms"), [(False, 17, 2), (True, 15, 6)])
def test_curves_of_known_cause(alone, right, alarms):
    told = by_cause(alone=alone)
    assert len(told) == 68
    assert sum(curve.right for curve in told) >= right
    assert sum(bool(curve.wrong) for curve in told if not curve.causes) <= alarms


def test_the_table_of_causes():
    assert cause_table().count("\n") == 3
