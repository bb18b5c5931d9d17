import pytest
from rule_cases import NAN, Case, assert_complete, check

from recipe_steps.overfit_sample import OverfitSample
from recipe_steps.overfit_sample.rules import cannot_overfit_sample


def sample(reached, score, perfect=1.0):
    return {
        "reached": reached,
        "best_score": score,
        "perfect": perfect,
        "items": 128,
        "attempts": 5,
    }


CASES = [
    Case(cannot_overfit_sample, sample(True, 1.0), None),
    Case(cannot_overfit_sample, sample(True, 0.99), None),  # within the task's tolerance
    Case(cannot_overfit_sample, sample(False, 0.999), "fail", says="a score of 0.999"),
    Case(cannot_overfit_sample, sample(False, 0.4), "fail", says="128 items the best of 5"),
    Case(cannot_overfit_sample, sample(False, NAN), "fail", says="not a number"),
    Case(cannot_overfit_sample, sample(NAN, 0.4), "fail"),  # unknown is never a pass
    Case(cannot_overfit_sample, sample(False, 0.4, perfect=NAN), None),
    Case(cannot_overfit_sample, {}, None),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case):
    check(OverfitSample(), case)


def test_every_rule_is_tested():
    assert_complete(OverfitSample(), CASES)
