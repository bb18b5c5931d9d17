"""The rules about learning curves keep the scores that they reached."""

import pytest

from faults.curves import LABELLED, crossed, overfit_scores, score

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
