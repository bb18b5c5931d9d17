"""Which trial is the best."""

import pytest

from recipe.core.trials import Trial
from recipe.search.ranking import best_of


def trial(score, loss=None, number=1):
    return Trial("k", "s", 1, number, {}, 0, "finished", 1, 1, 0.0, val_score=score, val_loss=loss)


@pytest.mark.parametrize(
    ("trials", "best"),
    [
        ([], None),
        ([trial(None)], None),
        ([trial(float("nan"), float("inf"))], None),
        ([trial(0.5), trial(0.9), trial(0.7)], 1),
        ([trial(None, 0.5), trial(0.0)], 1),
        ([trial(-3.0), trial(None, 0.1)], 0),
        ([trial(0.5, 2.0), trial(0.5, 1.0)], 1),
        ([trial(0.5, 1.0), trial(0.5, 1.0)], 0),
        ([trial(0.5, None), trial(0.5, 9.0)], 1),
        ([trial(None, 2.0), trial(None, 1.0)], 1),
    ],
)
def test_best_of(trials, best):
    assert best_of(trials) is (None if best is None else trials[best])
