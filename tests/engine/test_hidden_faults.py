"""Behind the fault that stops a run the short steps look once more; through whole runs."""

import pytest
from torch import nn
from torch.nn import functional as F

import recipe
from recipe import Experiment
from recipe.engine.run_execution import execute
from recipe.report.markdown import render
from step_samples import digits, mlp

X, Y = digits(1200)
SOFTMAX = mlp(64, 10, 32, nn.Softmax(1))
COMMON = {
    "model": SOFTMAX, "train": (X[:900], Y[:900]), "val": (X[900:], Y[900:]), "batch_size": 32,
    "epochs": 8, "lr": 0.05,
}  # fmt: skip


def run(out, told=None, **given):
    settings = {name: given.pop(name) for name in ("verify_budget", "until") if name in given}
    settings = {"until": "lr_range", **settings}
    return recipe.run(
        Experiment(**{**COMMON, **given}), out=out, device="cpu", fresh=True, exact=True,
        observe=told, **settings,
    )  # fmt: skip


def never_cleared(model, optimizer, batch):
    x, y = batch
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


HIDDEN = {
    "learning-rate-too-low": {"lr": 1e-6},
    "gradients-not-cleared": {"update": never_cleared},
}


@pytest.mark.slow
@pytest.mark.parametrize("rule", HIDDEN)
def test_a_second_fault_is_found_with_the_first_one_mended(tmp_path, rule):
    result = run(tmp_path, **HIDDEN[rule])
    assert set(result.diagnosis[:2]) == {"softmax-before-loss", rule}
    (found,) = [f for f in result.findings if f.rule == rule]
    assert found.behind == "softmax-before-loss"
    assert result.verdict == "fail"
    assert result.step("initial_loss").status == "fail"
    assert "with `softmax-before-loss` repaired" in render(result)


@pytest.mark.slow
def test_a_single_fault_hides_nothing(tmp_path):
    result = run(tmp_path)
    assert result.diagnosis == ("softmax-before-loss",)
    assert all(trial.number == 0 for trial in result.trials)


def test_nothing_is_looked_at_where_proofs_are_off(tmp_path):
    assert run(tmp_path, lr=1e-6, verify_budget="off").diagnosis == ("softmax-before-loss",)


def test_behind_a_fault_that_no_program_repairs_exact_marks_are_found(tmp_path):
    one_class = {"train": (X[:900], Y[:900] * 0), "val": (X[900:], Y[900:] * 0)}
    result = run(tmp_path, **one_class, lr=1e-6)
    assert result.diagnosis[0] == "single-class-labels"
    behind = {f.rule for f in result.findings if f.behind and f.because is None}
    assert behind == {"softmax-before-loss"}  # a low rate may follow from the one class


def test_the_look_ends_where_the_run_was_to_end(tmp_path):
    result = run(tmp_path, lr=1e-6, until="initial_loss")
    assert result.diagnosis == ("softmax-before-loss",)


@pytest.mark.slow
def test_what_was_found_behind_is_known_when_the_run_is_resumed(tmp_path):
    first = run(tmp_path, **HIDDEN["learning-rate-too-low"])
    again = execute(
        Experiment(**COMMON | HIDDEN["learning-rate-too-low"]),
        recipe.core.settings.resolve({"until": "lr_range", "out": tmp_path, "seed": 0, "device": "cpu",
                                 "exact": True}),
        folder=first.folder,
    )  # fmt: skip
    assert again.diagnosis == first.diagnosis
    assert again.findings == first.findings
