"""What the rules read of a run: how far scores differ by chance, and whether items are told apart."""

import math

import pytest
import torch

from recipe.core.evidence import Evidence
from recipe_steps.learning_curves.run_curves import Branch, late_mean, noise_of, runs, wins

NAN = math.nan
SWAYING = [0.0, 0.0, 0.0, 0.0, 1.0, -1.0, 1.0, -1.0]


def run(val_score=(), val_loss=(), **scalars):
    """The best run of these figures."""
    given = {f"best_{name}": value for name, value in scalars.items()}
    curves = {"best_val_score": tuple(val_score), "best_val_loss": tuple(val_loss)}
    (found,) = runs(Evidence({"best_status": "finished", **given}, curves))
    return found


@pytest.mark.parametrize(
    ("figures", "noise"),
    [
        ({"score": 0.8, "chance": 0.1, "items": 100}, 0.04),  # a share of right answers
        ({"score": 0.5, "items": 100}, 2 * 0.5**0.5 * 0.5 / 10),  # R squared
        ({"score": -52.0, "chance": 0.5, "items": 100}, 5.2),  # a mean of losses
        ({"score": -52.0, "chance": 0.5, "items": NAN}, 0.156),
        ({"score": 52.0, "items": 100}, 0.156),  # of another scale: a little of its size
        ({"score": 0.8, "chance": 0.1}, 0.003),
        ({"score": NAN, "chance": 0.1, "items": 100}, 0.003),
    ],
)
def test_noise(figures, noise):
    assert noise_of(run(**figures)) == pytest.approx(noise)


def test_a_score_that_sways_late_is_noisy():
    assert noise_of(run([50 * v for v in SWAYING], score=NAN)) > 50
    assert noise_of(run([50 * v for v in reversed(SWAYING)], score=NAN)) == 0.003  # early


@pytest.mark.parametrize(
    ("start", "losses", "tells"),
    [(1.0, [1.1, 0.979], True), (1.0, [1.1, 0.981], False), (1.0, [0.9, 2.0], True),
     (NAN, [0.5], False), (1.0, [NAN, 0.5], False), (1.0, [], False), (0.0, [0.0], False)],
)  # fmt: skip
def test_items_are_told_apart_below_the_loss_of_a_constant_answer(start, losses, tells):
    assert run(val_loss=losses, start=start).tells is tells


def test_answers_are_items_where_nothing_else_is_known():
    assert run(items=30).answers == 30
    assert run(items=30, answers=960).answers == 960
    assert run(items=30, answers=NAN).answers == 30


JUMPS = [0.76, 0.68, 0.78, 0.76, 0.83, 0.79, 0.76, 0.82, 0.83, 0.78, 0.71, 0.77, 0.77, 0.80, 0.73,
         0.78, 0.73, 0.80, 0.77, 0.81]  # fmt: skip
"""Scattered by 0.061 around 0.767, late."""
STEADY = [0.82, 0.83] * 6


@pytest.mark.parametrize(
    ("scores", "reached", "better"),
    [
        (STEADY, 0.85, True),  # beyond one standard error of 0.019
        (STEADY, 0.845, False),
        (JUMPS, 0.89, True),  # less than the scatter above its best, yet far above its mean
        (JUMPS, 0.87, False),
        (JUMPS, NAN, False),
    ],
)
def test_a_branch_wins_over_a_lucky_epoch(scores, reached, better):
    plain = run(scores, score=0.83, chance=0.1, items=400)
    best = None if math.isnan(reached) else reached
    assert wins(plain, Branch("needs-lr-decay", 8, best, None, best)) == better
    lucky = Branch(
        "needs-lr-decay", 8, best, None, late=0.77
    )  # one epoch, and no better in general
    assert wins(plain, lucky) == (better and scores is STEADY)
    assert wins(plain, Branch("needs-lr-decay", 8, best, None)) == (better and scores is STEADY)


def test_two_courses_that_only_jump_differ_by_luck():
    """Of 200 pairs of runs without a difference."""
    source = torch.Generator().manual_seed(0)
    won = 0
    for _ in range(200):
        one, two = (0.8 + 0.03 * torch.randn(2, 60, generator=source)).tolist()
        plain = run(one, score=max(one), chance=0.1, items=5000)
        won += wins(plain, Branch("needs-lr-decay", 8, max(two), None, late_mean(two)))
    assert won < 20
