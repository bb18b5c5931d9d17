import shlex
from pathlib import Path
from typing import Any

import pytest
from report_samples import SETTINGS
from safetensors.torch import save_file

from recipe.experiment import SEARCHABLE
from recipe.report.reproduce import TRAINING_PARAMS, command, loading_code
from recipe.results import Best, RunResult
from recipe.target import load_target


def run_of(best: Best, **changes: Any) -> RunResult:
    return RunResult("x", best=best, **changes)


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
    code = loading_code(run_of(Best({"lr": 0.1, "dropout": 0.0, "act": "relu"}, 0.9)))
    compile(code, "snippet", "exec")
    assert "experiment.model(dropout=0.0, act='relu')" in code
    assert 'load_file("best.safetensors")' in code
    assert "# experiment is the one that recipe.run was given" in code


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"target": 'a "b".py:net'}, 'load_target("a \\"b\\".py:net")'),
        (
            {"data": "t.csv", "target": "y", "seed": 3, "model": "mlp"},
            "experiment_by_name(data='t.csv', target='y', model='mlp')",
        ),
    ],
)
def test_loading_names_the_experiment_of_the_run(settings, line):
    code = loading_code(run_of(Best({}, 0.9), settings=settings, folder=Path("reports/x")))
    compile(code, "snippet", "exec")
    assert line in code
    assert 'load_file("reports/x/best.safetensors")' in code


def test_loading_runs_as_it_stands(tmp_path):
    experiment = load_target("digits")
    save_file(experiment.model().state_dict(), tmp_path / "best.safetensors")
    result = run_of(Best({"lr": 0.1}, 0.9), settings={"target": "digits"}, folder=tmp_path)
    made: dict[str, Any] = {}
    exec(loading_code(result), made)  # noqa: S102 - what the report tells its reader to run
    assert not made["model"].training


def test_without_a_best_setting_there_is_nothing_to_load():
    with pytest.raises(ValueError, match="no weights"):
        loading_code(RunResult("x"))
