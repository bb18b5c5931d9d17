import shlex

from report_samples import SETTINGS

from recipe.experiment import SEARCHABLE
from recipe.report.reproduce import TRAINING_PARAMS, command, loading_code
from recipe.results import Best


def test_the_command_survives_a_shell():
    assert shlex.split(command(SETTINGS)) == [
        *("recipe", "run", "my exp.py:net", "--seed", "1", "--budget", "15m"),
        *("--only", "inspect", "--only", "lr_range"),
        *("--ignore", "data-order=we | shuffle\nelsewhere", "--no-input"),
    ]


def test_no_target():
    assert command({}) == "recipe run TARGET"
    assert command({"target": None, "epochs": 0}) == "recipe run TARGET --epochs 0"


def test_training_parameters_are_those_of_the_experiment():
    assert set(SEARCHABLE) == TRAINING_PARAMS


def test_loading_passes_only_the_arguments_of_the_model():
    code = loading_code(Best({"lr": 0.1, "dropout": 0.0, "act": "relu"}, 0.9))
    compile(code, "snippet", "exec")
    assert "experiment.model(dropout=0.0, act='relu')" in code
    assert 'load_file("best.safetensors")' in code
