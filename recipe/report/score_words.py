"""How sure a score is, and one beside another, in words and numbers."""

import math

from recipe.core.leads import ERRORS, Lead
from recipe.core.results import RunResult
from recipe.core.score_noise import standard_error

SHARES = {"accuracy": True, "f1": True, "r2": False}
"""Scores whose error is known, and whether they are shares."""
ANSWERS = ("best_answers", "baseline_answers", "val_answers", "val_items")
"""Where steps say how many answers a score is of, the most exact first."""


def answers(result: RunResult) -> float | None:
    """Answers that the score is the mean of: tokens of sequences, or the validation items."""
    evidence = [step.evidence for step in result.latest_steps]
    found = (e.number(name) for name in ANSWERS for e in evidence)
    return next((items for items in found if items), None)


def error_of(result: RunResult, score: float | None) -> float | None:
    """One standard error of a validation score of a run; None where nobody knows it."""
    items = answers(result)
    if score is None or not items or result.metric not in SHARES:
        return None
    return standard_error(score, items, shares=SHARES[result.metric])


def lead_of(one: RunResult, one_score: float, other: RunResult, other_score: float) -> Lead:
    """Of the other score over the first one, as if on different items; on the same items its
    interval is narrower.
    """
    errors = [error_of(one, one_score), error_of(other, other_score)]
    known = [error for error in errors if error is not None]
    error = math.hypot(*known) or None if len(known) == len(errors) else None
    items = [count for result in (one, other) if (count := answers(result))]
    return Lead(other_score - one_score, error, int(min(items)) if items else None)


def interval(result: RunResult, score: float | None) -> tuple[float, float] | None:
    """The 95 % interval of the score of the best setting, or of the chosen model: what was
    measured, else what so many items leave open; None where nobody knows.
    """
    for step in result.latest_steps:
        low, high = step.evidence.number("val_low"), step.evidence.number("val_high")
        same = score is not None and step.evidence.number("chosen_score") == score
        if low is not None and high is not None and same:
            return low, high
    error = error_of(result, score)
    if score is None or not error:
        return None
    low, high = score - ERRORS * error, score + ERRORS * error
    return (max(0.0, low), min(1.0, high)) if SHARES[result.metric] else (low, min(1.0, high))
