"""Files to start from: a commented experiment.py for each kind of data, and recipe.toml;
and a job script for a cluster.
"""

from recipe.starters.starter_files import KINDS, experiment_file, options_file, slurm_script

__all__ = ["KINDS", "experiment_file", "options_file", "slurm_script"]
