import pytest

from recipe.core.evidence import Evidence
from recipe_steps.coarse_grid import CoarseGrid
from recipe_steps.coarse_grid.rules import (
    batch_size_searched,
    best_at_edge_of_grid,
    more_trials_may_help,
    most_trials_diverge,
    scientific_values_compared,
    trials_fail,
)
from recipe_steps.refine_grid import RefineGrid
from recipe_steps.refine_grid.rules import gain_within_noise
from rule_cases import NAN, Case, assert_complete, check

DIVERGED = [
    Case(most_trials_diverge, {"trials": 12, "diverged": 7}, "note", says="7 of 12"),
    Case(most_trials_diverge, {"trials": 12, "diverged": 11}, "note"),
    Case(most_trials_diverge, {"trials": 12, "diverged": 6}, None),
    Case(most_trials_diverge, {"trials": 12, "diverged": 0}, None),
    Case(most_trials_diverge, {"trials": 0, "diverged": 0}, None),
    Case(most_trials_diverge, {"trials": 12, "diverged": NAN}, None),
    Case(most_trials_diverge, {"trials": NAN, "diverged": 7}, None),
    Case(most_trials_diverge, {"trials": 12, "diverged": 12}, "warn", says="12 of 12"),
    Case(most_trials_diverge, {"trials": 4, "diverged": 4}, None),  # 6 % by chance
    Case(most_trials_diverge, {"trials": 5, "diverged": 5}, "warn", says="5 of 5"),
    Case(most_trials_diverge, {"trials": 1, "diverged": 1, "none_left": True}, "fail"),
    Case(
        most_trials_diverge,
        {"trials": 12, "diverged": 12, "none_left": True},
        "fail",
        says="nothing to refine",
    ),
    Case(most_trials_diverge, {"trials": 12, "diverged": NAN, "none_left": True}, None),
]
FAILED = [
    Case(trials_fail, {"trials": 12, "failed": 1, "first_failure": "width 7\nis odd."}, "warn",
         says="1 of 12 trials failed; the first one said: width 7 is odd."),
    Case(trials_fail, {"trials": 12, "failed": 3, "first_failure": None}, "warn", says="no reason"),
    Case(trials_fail, {"trials": 12, "failed": 0}, None),
    Case(trials_fail, {"trials": 12, "failed": NAN}, None),
    Case(trials_fail, {"trials": 0, "failed": 0}, None),
]  # fmt: skip
EDGE = [
    Case(best_at_edge_of_grid, {"edge": "lr", "best_lr": 0.3}, "warn", says="best lr (0.3)"),
    Case(best_at_edge_of_grid, {"edge": "lr", "best_lr": NAN}, "warn", says="The best lr is at"),
    Case(best_at_edge_of_grid, {"edge": None, "best_lr": 0.3}, None),
    Case(best_at_edge_of_grid, {"edge": NAN}, None),
    Case(best_at_edge_of_grid, {}, None),
]


def doubled(gain, error=0.01):
    return {"last_doubling": gain, "score_error": error, "drawn": 12}


def compared(lead, error=0.01):
    return {"studies": "dropout 0.2: 0.9; dropout 0.5: 0.85", "study_best": "dropout 0.2",
            "study_lead": lead, "study_error": error}  # fmt: skip


SEARCH = [
    Case(batch_size_searched, {"batch_sizes": 3}, "note", says="3 batch sizes"),
    Case(batch_size_searched, {"batch_sizes": 1}, None),
    Case(batch_size_searched, {"batch_sizes": 0}, None),
    Case(batch_size_searched, {}, None),
    Case(more_trials_may_help, doubled(0.021), "note", says="Half of the 12 trials"),
    Case(more_trials_may_help, doubled(0.0196), None),
    Case(more_trials_may_help, doubled(0.021, 0.0), None),  # an error that nobody knows
    Case(more_trials_may_help, doubled(NAN), None),
    Case(more_trials_may_help, {}, None),
    Case(scientific_values_compared, compared(0.05), "note", says="dropout 0.2: 0.9; dropout"),
    Case(
        scientific_values_compared,
        compared(0.005),
        "note",
        says="The first one is too close to call",
    ),
    Case(scientific_values_compared, compared(NAN), None),
    Case(scientific_values_compared, {}, None),
]


def lead(best, other, error=0.01):
    return {"best_score": best, "runner_up_score": other, "score_error": error}


def change(lead, gain, spread, *, adopted):
    return {"lead": lead, "gain": gain, "seed_spread": spread, "adopted": adopted,
            "fresh_seeds": 2}  # fmt: skip


NOISE = [
    Case(gain_within_noise, lead(0.9, 0.895), "note", says="is 0.9, the next one 0.895: too close"),
    Case(gain_within_noise, lead(0.75, 0.5, 0.125), None),  # beyond the interval
    Case(gain_within_noise, lead(0.9, 0.8), None),
    Case(gain_within_noise, lead(0.9, 0.9, 0.0), None),  # an error that is not known
    Case(gain_within_noise, lead(0.9, NAN), None),
    Case(gain_within_noise, lead(NAN, 0.9), None),
    Case(gain_within_noise, lead(0.9, 0.895, NAN), None),
    Case(gain_within_noise, change(0.02, 0.001, 0.004, adopted=False), "note",
         says="led by 0.02; trained again from 2 fresh seeds it is too close to call (+0.001"),
    Case(gain_within_noise, change(0.02, 0.01, 0.004, adopted=True), None),
    Case(gain_within_noise, change(0.02, NAN, 0.004, adopted=False), None),
    Case(gain_within_noise, change(0.02, 0.001, NAN, adopted=False), None),
]  # fmt: skip


@pytest.mark.parametrize("case", DIVERGED + EDGE + FAILED + SEARCH, ids=str)
def test_coarse_grid_rule(case):
    check(CoarseGrid(), case)


@pytest.mark.parametrize("case", DIVERGED + NOISE + FAILED, ids=str)
def test_refine_grid_rule(case):
    check(RefineGrid(), case)


def test_every_rule_is_tested():
    assert_complete(CoarseGrid(), DIVERGED + EDGE + FAILED + SEARCH)
    assert_complete(RefineGrid(), DIVERGED + NOISE + FAILED)


def test_studies_that_differ_by_less_than_the_error_are_read_as_equal():
    advice = [scientific_values_compared(Evidence(compared(lead))).advice for lead in (0.05, 0.005)]
    assert advice[0] == "Take dropout 0.2."
    assert advice[1].startswith("Read them as equal")
