"""Trials side by side and fused against the same trials one by one; workers that die."""

import multiprocessing
import os
import re
import signal
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from lab import EXPERIMENT, RATES, Lab, make, specs, timeless
from recipe.core.errors import UsageError
from recipe.search.executor_choice import Executors
from recipe.search.fused_executor import fused_groups
from recipe.search.halving import Halving
from recipe.search.open_trial import TrialSpec
from recipe.search.parallel_executor import ParallelExecutor
from recipe.search.runner import Runner
from recipe.search.short_training import ShortTraining, run_short
from recipe.training.execution_mode import PLAIN, ExecutionMode

PROCESSES = ExecutionMode(sharing="processes", width=2)
FUSED = ExecutionMode(sharing="fused", width=64)
HALVINGS = [
    Halving(), Halving(1 / 4, on_losses=True), Halving(0.1, on_losses=True),
    Halving(1 / 6, 0.6, then=Halving(1 / 3)),
]  # fmt: skip
"""Cuts after 2 epochs, after 1.5, and after two thirds of the first."""


@pytest.fixture(autouse=True)
def _one_thread():
    """As in a child, so that sums round alike."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _cuts_after_a_few_iterations(monkeypatch):
    monkeypatch.setattr("recipe.search.halving.LEAST_ITERATIONS", 3)


def run(folder, mode, given, halving=None):
    with Lab(folder) as lab:
        lab.runner.tune = lambda: mode
        lab.said = []
        lab.runner.say = lab.said.append
        trials = lab.run(given, halving)
        files = sorted(p.name for p in folder.glob("checkpoints/*"))
        weights = [p.read_bytes() for p in sorted(folder.glob("checkpoints/*"))]
    return trials, files, weights, lab


def close(one, other):
    """The same trial within float tolerance."""
    for name in ("key", "params", "status", "trained", "rung"):
        assert getattr(one, name) == getattr(other, name)
    assert one.reason == other.reason
    assert (one.val_loss is None) == (other.val_loss is None)
    if one.val_loss is not None:
        assert one.val_loss == pytest.approx(other.val_loss, rel=1e-4)
    assert one.curves.keys() == other.curves.keys()
    for name, values in one.curves.items():
        for a, b in zip(values, other.curves[name], strict=True):
            assert (a is None) == (b is None), name
            assert a is None or a == pytest.approx(b, rel=5e-3, abs=1e-3), name


@pytest.mark.parametrize("halving", [None, *HALVINGS])
def test_side_by_side_is_one_by_one_bit_for_bit(tmp_path, halving):
    given = [*specs(*RATES), *specs(0.03, weight_decay=0.01)]
    alone = run(tmp_path / "a", PLAIN, given, halving)
    together = run(tmp_path / "b", PROCESSES, given, halving)
    assert timeless(together[0]) == timeless(alone[0])
    assert together[1:3] == alone[1:3]  # the best weights
    assert together[3].runner.meter.epochs == pytest.approx(alone[3].runner.meter.epochs)
    assert together[3].progress[-1][0] == pytest.approx(alone[3].progress[-1][0])


@pytest.mark.parametrize("halving", [None, *HALVINGS])
def test_fused_is_one_by_one_within_rounding(tmp_path, halving):
    given = specs(*RATES)
    alone, *_, lone = run(tmp_path / "a", PLAIN, given, halving)
    fused, *_, lab = run(tmp_path / "b", FUSED, given, halving)
    for one, other in zip(fused, alone, strict=True):
        close(one, other)
    assert lab.fits == 0
    assert not lab.said
    assert lab.runner.meter.epochs == pytest.approx(lone.runner.meter.epochs)


@pytest.mark.parametrize("mode", [PROCESSES, FUSED])
def test_a_cell_that_diverges_and_one_whose_factory_fails_leave_the_others_alone(tmp_path, mode):
    given = [*specs(0.03), *specs(1e30), *specs(0.03, width=13), *specs(0.01)]
    alone, *_ = run(tmp_path / "a", PLAIN, given)
    together, *_ = run(tmp_path / "b", mode, given)
    assert [t.status for t in together] == ["finished", "diverged", "failed", "finished"]
    for one, other in zip(together, alone, strict=True):
        if one.status != "failed":
            close(one, other)
        assert one.reason == other.reason


def test_architectures_are_grouped_by_shape():
    def run(spec):
        return SimpleNamespace(spec=spec)

    mixed = [*specs(0.1, 0.2), *specs(0.1, 0.2, width=8), *specs(0.3), *specs(0.1, batch_size=16)]
    groups = fused_groups([run(spec) for spec in mixed], 64)
    assert [len(group) for group in groups] == [3, 2, 1]
    assert [len(g) for g in fused_groups([run(s) for s in specs(*RATES)], 2)] == [2, 2, 1]
    own = replace(EXPERIMENT, update=lambda *_: 0.0)
    alone = [run(TrialSpec({}, own.with_params({"lr": 0.1}))) for _ in range(2)]
    assert [len(group) for group in fused_groups(alone, 64)] == [1, 1]


class Branching(torch.nn.Module):
    """Looks at its values, which a batch of models cannot."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 3)

    def forward(self, x):
        out = self.layer(x)
        return out if out.sum() > 0 else 2 * out


def test_what_cannot_be_fused_is_trained_one_by_one_and_said(tmp_path):
    cells = [{"lr": lr} for lr in RATES]
    branching = replace(EXPERIMENT, model=Branching)
    given = [TrialSpec(cell, branching.with_params(cell)) for cell in cells]
    alone, *_ = run(tmp_path / "a", PLAIN, given)
    fused, *_, lab = run(tmp_path / "b", FUSED, given)
    assert timeless(fused) == timeless(alone)
    (said,) = lab.said
    assert said.startswith("Trials run one by one: ")
    assert "data-dependent control flow" in said


@pytest.mark.parametrize("mode", [PROCESSES, FUSED])
def test_a_metric_that_raises_late_fails_its_own_trial(tmp_path, mode):
    def picky(outputs, targets):
        score = (outputs.argmax(1) == targets).float().mean().item()
        if outputs.abs().max() > 50:
            raise ValueError("too large to score")
        return score

    own = replace(EXPERIMENT, metric=picky, optimizer="adam")
    given = [TrialSpec({"lr": lr}, own.with_params({"lr": lr})) for lr in (0.01, 3.0, 0.001)]
    alone, *_, lone = run(tmp_path / "a", PLAIN, given)
    together, *_, lab = run(tmp_path / "b", mode, given)
    assert [trial.status for trial in alone] == ["finished", "failed", "finished"]
    assert timeless(together) == timeless(alone)
    assert lab.runner.meter.epochs == pytest.approx(lone.runner.meter.epochs)


@pytest.mark.parametrize("mode", [PLAIN, PROCESSES])
def test_a_loss_that_misses_something_fails_the_trial_with_the_errors_name(tmp_path, mode):
    own = replace(EXPERIMENT, loss=lambda *_: {}["missing"])
    trials, *_ = run(
        tmp_path, mode, [TrialSpec({"lr": lr}, own.with_params({"lr": lr})) for lr in RATES]
    )
    assert {(t.status, t.reason) for t in trials} == {("failed", "KeyError: 'missing'")}


def test_an_error_in_a_loss_ends_the_step_and_the_children(tmp_path):
    def unreadable(*_):
        raise OSError("disk gone")

    own = replace(EXPERIMENT, loss=unreadable)
    given = [TrialSpec({"lr": lr}, own.with_params({"lr": lr})) for lr in RATES]
    with pytest.raises(UsageError, match=r"raised OSError: disk gone \(test_executor_choice\.py:"):
        run(tmp_path / "a", PROCESSES, given)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("mode", [PROCESSES, FUSED])
@pytest.mark.parametrize("kept", [1, 3])
@pytest.mark.parametrize("halving", HALVINGS)
def test_what_the_journal_holds_changes_nothing_for_the_rest(tmp_path, mode, kept, halving):
    given = specs(*RATES)
    whole, _, weights, first = run(tmp_path / "a", mode, given, halving)
    journal = tmp_path / "b"
    journal.mkdir()
    lines = (tmp_path / "a" / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (journal / "journal.jsonl").write_bytes(b"".join(lines[:kept]))
    again, _, other_weights, lab = run(journal, mode, given, halving)
    assert timeless(again) == timeless(whole)
    assert lab.runner.meter.epochs == pytest.approx(first.runner.meter.epochs)
    assert other_weights[-1:] == weights[-1:] or kept == 3
    assert sum(not reused for _, reused in lab.told) == len(given) - kept


def deadly(folder, times, how=signal.SIGKILL):
    """A factory that kills its own process the first times it is called in a child."""
    parent = os.getpid()

    def factory(width=16):
        if os.getpid() != parent:
            calls = len(list(folder.glob("died-*")))
            if calls < times:
                (folder / f"died-{calls}").touch()
                os.kill(os.getpid(), how)
        return make(width)

    return factory


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_trial_whose_worker_was_killed_is_run_again(tmp_path, how):
    given = specs(*RATES)
    alone, *_ = run(tmp_path / "a", PLAIN, given)
    killed = replace(EXPERIMENT, model=deadly(tmp_path, 1, how))
    again, *_, lab = run(
        tmp_path / "b",
        PROCESSES,
        [TrialSpec(s.params, killed.with_params(s.params)) for s in given],
    )
    assert timeless(again) == timeless(alone)
    (said,) = lab.said  # of those that start together, whichever came first
    assert re.fullmatch(rf"Trial \d is run again: its process was killed by {how.name}\.", said)


@pytest.mark.parametrize("halving", HALVINGS)
def test_a_worker_that_was_killed_while_it_waited_for_the_cut(tmp_path, monkeypatch, halving):
    given = specs(*RATES)
    alone, *_, lone = run(tmp_path / "a", PLAIN, given, halving)
    cut = Runner._cut

    def deadly_cut(self, runs, rung, halving, rivals):
        going = cut(self, runs, rung, halving, rivals)
        if halving.then is None:  # the last one: a trial may be killed once
            for child in multiprocessing.active_children():
                os.kill(child.pid, signal.SIGKILL)
                child.join()
        return going

    monkeypatch.setattr(Runner, "_cut", deadly_cut)
    again, *_, lab = run(tmp_path / "b", PROCESSES, given, halving)
    assert timeless(again) == timeless(alone)
    assert len(lab.said) == sum(trial.status == "finished" for trial in alone)
    assert lab.runner.meter.epochs == pytest.approx(lone.runner.meter.epochs)


def test_a_worker_that_is_killed_again_and_again_fails_its_trial_alone(tmp_path):
    killed = replace(EXPERIMENT, model=deadly(tmp_path, 2))
    first = TrialSpec({"lr": 0.1}, killed.with_params({"lr": 0.1}))
    bad, good = run(tmp_path / "b", PROCESSES, [first, *specs(0.03)])[0]
    assert bad.status == "failed"
    assert bad.reason == (
        "its process was killed by SIGKILL, 2 times; it may need more memory than there is"
    )
    assert good.status == "finished"


def shorts(*rates, seed=1):
    return [
        ShortTraining(EXPERIMENT.with_params({"lr": rate}).resolved(), seed, [rate] * 20, 5)
        for rate in rates
    ]


@pytest.mark.parametrize("mode", [PROCESSES, FUSED])
def test_short_trainings_are_the_same_however_they_run(tmp_path, mode):
    def stop(losses):
        return losses[-1] > 3

    def courses(folder, mode, given):
        with Lab(folder) as lab:
            lab.runner.tune = lambda: mode
            told = []
            return run_short(lab.runner, given, stop, told.append), told

    given = shorts(0.01, 0.1, 30.0, 1e30)
    alone, told = courses(tmp_path / "a", PLAIN, given)
    together, heard = courses(tmp_path / "b", mode, given)
    assert told[-1] == heard[-1] == 4
    for one, other in zip(together, alone, strict=True):
        assert one.losses == pytest.approx(other.losses, rel=1e-3)
    assert together[0].figures == pytest.approx(alone[0].figures, rel=1e-3)
    mixed = [*shorts(0.1), *shorts(0.1, seed=2)]
    (one, two), _ = courses(tmp_path / "c", mode, mixed)
    (alone_one, alone_two), _ = courses(tmp_path / "d", PLAIN, mixed)
    assert one.losses == pytest.approx(alone_one.losses, rel=1e-4)
    assert two.losses == pytest.approx(alone_two.losses, rel=1e-4)
    assert one.losses != two.losses


@pytest.mark.parametrize(("kind", "forked"), [("cpu", True), ("cuda", False)])
def test_no_copy_of_a_process_is_made_that_could_not_use_its_device(kind, forked):
    """As where a run that begun on processors goes on on a GPU."""
    runs = [SimpleNamespace(spec=spec, trial=None) for spec in specs(*RATES)]
    trainer = SimpleNamespace(
        mode=PROCESSES, device=torch.device(kind), carrier=lambda _: None, say=lambda _: None
    )
    (executor,) = Executors(runs, trainer).executors
    assert isinstance(executor, ParallelExecutor) == forked
