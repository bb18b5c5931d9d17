"""Rules about the refined grid: none of its own yet beside those it shares with the coarse one."""

from recipe_steps.coarse_grid.rules import most_trials_diverge

RULES = (most_trials_diverge,)
