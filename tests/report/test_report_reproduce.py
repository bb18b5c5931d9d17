import shlex
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from recipe.core.results import RunResult
from recipe.core.trials import Best
from recipe.notebook.run_folder import write_result
from recipe.report.reproduce import command, loading_code
from recipe.sources.targets import load_target
from report_samples import SETTINGS


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


def test_loading_where_the_experiment_came_from_python():
    code = loading_code(run_of(Best({"lr": 0.1}, 0.9), folder=Path("reports/x")))
    compile(code, "snippet", "exec")
    assert 'recipe.load("reports/x", experiment)' in code
    assert "# experiment is the one that recipe.run was given" in code


@pytest.mark.parametrize(
    "settings", [{"target": "digits"}, {"data": "t.csv", "target": "y", "model": "mlp"}]
)
def test_loading_where_the_run_names_it(settings):
    code = loading_code(run_of(Best({}, 0.9), settings=settings, folder=Path('a "b"')))
    compile(code, "snippet", "exec")
    assert code.endswith('model = recipe.load("a \\"b\\"")')


def test_loading_runs_as_it_stands(tmp_path):
    experiment = load_target("digits")
    state = experiment.model().state_dict()
    save_file(state, tmp_path / "best.safetensors")
    best = Best({"lr": 0.1}, 0.9, checkpoint="best.safetensors")
    result = run_of(best, settings={"target": "digits"}, folder=tmp_path)
    write_result(result, tmp_path)
    made: dict[str, Any] = {}
    exec(loading_code(result), made)  # noqa: S102 - what the report tells its reader to run
    assert not made["model"].training
    assert all(
        torch.equal(state[name], value) for name, value in made["model"].state_dict().items()
    )


def test_without_a_best_setting_there_is_nothing_to_load():
    with pytest.raises(ValueError, match="no weights"):
        loading_code(RunResult("x"))
