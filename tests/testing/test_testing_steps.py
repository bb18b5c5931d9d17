import math
import subprocess
import sys

import pytest
import torch

from recipe.core.errors import UsageError
from recipe.core.evidence import Evidence
from recipe.notebook.journal import Journal
from recipe.plugin.rules import finding, rule
from recipe.testing import judge_scalars, measure, open_context
from step_samples import blob_experiment


@rule("warn")
def too_many(evidence):
    """What: more than three.

    Why: a test.

    Fix: fewer.
    """
    number = evidence.number("count")
    last = evidence.curve("curve")[-1:] or (0,)
    if number is not None and number + (last[0] or 0) > 3:
        return finding("warn", f"{number:g}.", "Fewer.")
    return None


class Count:
    """Counts the training items."""

    name = "count"
    title = "Count"
    version = 1
    requires = frozenset({"inspect"})
    rules = (too_many,)

    def measure(self, ctx):
        return Evidence(
            {"count": len(ctx.data.train), "seed": ctx.seed, "device": str(ctx.device),
             "step": ctx.step, "epochs": ctx.experiment.epochs, "search": ctx.settings.search},
        )  # fmt: skip


def test_judge_scalars():
    assert [f.rule for f in judge_scalars(Count(), {"count": 4})] == ["too-many"]
    assert not judge_scalars(Count(), {"count": 3})
    assert not judge_scalars(Count(), {"count": math.nan})
    assert judge_scalars(Count(), {"count": 3}, {"curve": [0.0, 1.0]})
    assert not judge_scalars(Count(), {"count": 3}, {"curve": [1.0, math.nan]})


def test_measure_runs_one_step_in_a_folder_of_its_own(tmp_path):
    evidence = measure(Count(), blob_experiment(), tmp_path, seed=5, epochs=2, search="random")
    assert evidence.scalars == {
        "count": 192, "seed": 5, "device": "cpu", "step": "count", "epochs": 2, "search": "random"
    }  # fmt: skip
    (folder,) = tmp_path.iterdir()
    assert folder.name.startswith("count-")
    measure(Count(), blob_experiment(), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_the_folder_is_free_again_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), open_context(Count(), blob_experiment(), tmp_path):
        _ = 1 / 0
    Journal(next(tmp_path.iterdir())).close()


def test_unknown_option(tmp_path):
    with pytest.raises(UsageError, match="epochs"):
        measure(Count(), blob_experiment(), tmp_path, epoch=3)


def test_trials_in_a_context(tmp_path):
    with open_context(Count(), blob_experiment(epochs=1), tmp_path) as ctx:
        (trial,) = ctx.run_trials([{"lr": 0.1}])
        assert ctx.best_trial is trial
        assert trial.step == "count"
        assert torch.is_tensor(ctx.data.train.x)


STEPS = ("inspect", "initial_loss", "overfit_sample", "lr_range", "coarse_grid", "refine_grid",
         "learning_curves")  # fmt: skip


def test_judging_needs_no_torch():
    modules = ", ".join(f"recipe_steps.{step}.rules" for step in STEPS)
    code = f"import sys, recipe.testing, {modules}\nassert 'torch' not in sys.modules"
    path = [part for part in sys.path if part]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}\n{code}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
