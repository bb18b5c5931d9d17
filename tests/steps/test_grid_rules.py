import pytest
from rule_cases import NAN, Case, assert_complete, check

from recipe_steps.coarse_grid import CoarseGrid
from recipe_steps.coarse_grid.rules import best_at_edge_of_grid, most_trials_diverge
from recipe_steps.refine_grid import RefineGrid

DIVERGED = [
    Case(most_trials_diverge, {"trials": 12, "diverged": 7}, "warn", says="7 of 12"),
    Case(most_trials_diverge, {"trials": 12, "diverged": 6}, None),
    Case(most_trials_diverge, {"trials": 12, "diverged": 0}, None),
    Case(most_trials_diverge, {"trials": 0, "diverged": 0}, None),
    Case(most_trials_diverge, {"trials": 12, "diverged": NAN}, None),
    Case(most_trials_diverge, {"trials": NAN, "diverged": 7}, None),
]
EDGE = [
    Case(best_at_edge_of_grid, {"edge": "lr", "best_lr": 0.3}, "warn", says="best lr (0.3)"),
    Case(best_at_edge_of_grid, {"edge": "lr", "best_lr": NAN}, "warn", says="The best lr is at"),
    Case(best_at_edge_of_grid, {"edge": None, "best_lr": 0.3}, None),
    Case(best_at_edge_of_grid, {"edge": NAN}, None),
    Case(best_at_edge_of_grid, {}, None),
]


@pytest.mark.parametrize("case", DIVERGED + EDGE, ids=str)
def test_coarse_grid_rule(case):
    check(CoarseGrid(), case)


@pytest.mark.parametrize("case", DIVERGED, ids=str)
def test_refine_grid_rule(case):
    check(RefineGrid(), case)


def test_every_rule_is_tested():
    assert_complete(CoarseGrid(), DIVERGED + EDGE)
    assert_complete(RefineGrid(), DIVERGED)
