"""Errors that end a run with a defined exit code."""


class RecipeError(Exception):
    """Base of the errors this package raises on purpose."""


class UsageError(RecipeError):
    """Wrong usage or an experiment that cannot be used (exit code 2).

    The message is one sentence for the user: what is wrong, where, and what to do next.
    """


class StepError(RecipeError):
    """A step or rule plugin is broken: names the plugin and its package (exit code 2)."""
