"""Better, worse, or too close to call: one standard, and how it is said."""

import math

import pytest

from recipe.core.leads import Lead, signed


@pytest.mark.parametrize(
    ("gain", "error", "verdict"),
    [
        (0.05, 0.02, "better"),
        (0.05, 0.03, "too close to call"),
        (-0.05, 0.03, "too close to call"),
        (-0.05, 0.02, "worse"),
        (0.0, 0.0, "too close to call"),
        (0.05, None, "too close to call"),
        (math.inf, 0.1, "better"),
        (-math.inf, 0.1, "worse"),
    ],
)
def test_the_interval_decides(gain, error, verdict):
    lead = Lead(gain, error, 80)
    assert lead.verdict == verdict
    assert lead.better == (verdict == "better")
    assert str(lead).startswith(verdict) or error is None


def test_how_it_is_said():
    assert str(Lead(0.05, 0.0204, 80)) == "better (+0.05, 95 % interval +0.01 to +0.09, 80 items)"
    assert str(Lead(0.05, 0.051, 80)) == (
        "too close to call on 80 items (+0.05, 95 % interval -0.05 to +0.15)"
    )
    assert str(Lead(-120.0, 30.6)) == "worse (-120, 95 % interval -180 to -60)"
    assert str(Lead(0.3, 0.05, 80, "of the loss saved")).startswith("better (+0.30 of the loss")


@pytest.mark.parametrize(
    ("value", "precision", "said"),
    [(0.05, 0.04, "+0.05"), (0.05, 0.012, "+0.050"), (12.3, 40.0, "+12"), (0.5, 0.0, "+0.5")],
)
def test_digits_follow_the_uncertainty(value, precision, said):
    assert signed(value, precision) == said
