"""For test suites: is an experiment fit to be trained, does a step of one's own judge well?"""

from recipe.testing.experiments import assert_recipe
from recipe.testing.steps import judge_scalars, measure, open_context

__all__ = ["assert_recipe", "judge_scalars", "measure", "open_context"]
