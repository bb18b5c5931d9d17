"""Files to start from: a commented experiment.py for each kind of data, and recipe.toml."""

from recipe.starters.starter_files import KINDS, experiment_file, options_file

__all__ = ["KINDS", "experiment_file", "options_file"]
