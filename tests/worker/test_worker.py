"""Trials in worker processes against the same trials in this one; workers that die."""

import os
import signal
import threading
from contextlib import closing

import pytest
import torch

from lab import RATES, Lab, timeless
from placed import FLAGS, HURTING, Pool, placed, specs
from recipe.core.errors import UsageError
from recipe.search.halving import Halving
from recipe.training.execution_mode import PLAIN, ExecutionMode

MODES = {
    "plain": PLAIN,
    "processes": ExecutionMode(sharing="processes", width=2),
    "fused": ExecutionMode(sharing="fused", width=64),
    "fused by two": ExecutionMode(sharing="fused", width=2),
}
HALVINGS = [None, Halving(), Halving(0.1, on_losses=True), Halving(1 / 6, 0.6, Halving(1 / 3))]


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def flags(tmp_path_factory):
    """Where faults that come once leave a file: workers are told when they start."""
    folder = tmp_path_factory.mktemp("flags")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FLAGS, str(folder))
        yield folder


@pytest.fixture(autouse=True)
def _cuts_after_a_few_iterations(monkeypatch):
    monkeypatch.setattr("recipe.search.halving.LEAST_ITERATIONS", 3)
    monkeypatch.setattr("recipe.machine.stalled.LOOK_EVERY", 0.2)


@pytest.fixture(scope="module")
def pool():
    with closing(Pool()) as found:
        yield found


@pytest.fixture(scope="module")
def hurt(flags):
    assert flags.is_dir()
    with closing(Pool("HURTING", timeout=1.0)) as found:
        yield found


def here(folder, mode, given, halving=None):
    with Lab(folder) as lab:
        lab.runner.tune = lambda: mode
        trials = lab.run(given, halving)
        return trials, kept(folder), lab


def kept(folder):
    return {path.name: path.read_bytes() for path in folder.glob("checkpoints/*")}


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_trials_in_workers_are_those_of_one_process_byte_for_byte(tmp_path, mode, pool):
    given = [*specs(*({"lr": rate} for rate in RATES)), *specs({"lr": 0.03, "width": 13}),
             *specs({"lr": 1e30}), *specs({"lr": 0.03, "weight_decay": 0.01})]  # fmt: skip
    for number, halving in enumerate(HALVINGS):
        alone, weights, lone = here(tmp_path / f"a{number}", MODES[mode], given, halving)
        folder = tmp_path / f"b{number}"
        with placed(folder, pool) as lab:
            lab.runner.tune = lambda: MODES[mode]
            trials = lab.run(given, halving)
        assert timeless(trials) == timeless(alone)
        assert kept(folder) == weights
        assert not lab.fits
        assert lab.runner.meter.epochs == pytest.approx(lone.runner.meter.epochs)
        assert lab.progress[-1][0] == pytest.approx(lone.progress[-1][0])


@pytest.mark.slow
def test_what_the_journal_holds_changes_nothing_for_the_rest(tmp_path, pool):
    given, mode = specs(*({"lr": rate} for rate in RATES)), MODES["fused"]
    halving = Halving()
    alone, weights, _ = here(tmp_path / "a", mode, given, halving)
    folder = tmp_path / "b"
    folder.mkdir()
    lines = (tmp_path / "a" / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "journal.jsonl").write_bytes(b"".join(lines[:2]))
    with placed(folder, pool) as lab:
        lab.runner.tune = lambda: mode
        assert timeless(lab.run(given, halving)) == timeless(alone)
    (said,) = lab.said
    assert said.startswith(
        "1 of 2 workers stays idle here: these 5 trials train as 1 fused model, "
    )
    assert max(kept(folder).items()) == max(weights.items())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("kill", "its process was killed by SIGKILL"),
        ("abort", "its process was killed by SIGABRT"),
        ("segfault", "its process was killed by SIGSEGV"),
        ("exit", "its process ended with exit code 0"),
        ("stop", "its process stood still for 1 s, stopped by somebody or waiting for a disk"),
    ],
)
def test_a_worker_that_dies_has_its_trial_run_again_and_then_it_fails_alone(
    tmp_path, kind, said, hurt, flags
):
    once, always = {"kind": kind, "once": True}, {"kind": kind}
    rates = (0.01, 0.02, 0.03)
    given = specs({"lr": rates[0]}, {"lr": rates[1], **once}, {"lr": rates[2]}, {"lr": 0.05, **always},
                  experiment=HURTING)  # fmt: skip
    alone, *_ = here(tmp_path / "a", PLAIN, specs(*({"lr": r} for r in rates), experiment=HURTING))
    with placed(tmp_path / "b", hurt) as lab:
        (flags / kind).touch()  # then `once` does nothing, and all of it begins
        *good, bad = lab.run(given)
        assert [trial.val_loss for trial in good] == [trial.val_loss for trial in alone]
        assert bad.status == "failed"
        assert bad.reason == f"{said}, 2 times; it may need more memory than there is"
        assert lab.said == [f"Trial 4 is run again: {said}."]
        lab.said.clear()
        (flags / kind).unlink()
        (again,) = lab.run(given[1:2], round_=2, first=7, step="other")
    assert again.status == "finished"


@pytest.mark.slow
def test_memory_that_runs_out_in_a_worker_is_said_as_everywhere(tmp_path, hurt):
    given = specs({"lr": 0.01, "kind": "memory"}, {"lr": 0.02}, experiment=HURTING)
    with placed(tmp_path / "b", hurt) as lab:
        bad, good = lab.run(given)
    assert (bad.status, good.status) == ("failed", "finished")
    assert bad.reason.startswith("memory ran out")


@pytest.mark.slow
def test_a_group_whose_worker_dies_twice_is_trained_one_by_one(tmp_path, hurt):
    given = specs(*({"lr": r, "kind": "kill"} for r in (0.01, 0.02)), experiment=HURTING)
    with placed(tmp_path / "b", hurt) as lab:
        lab.runner.tune = lambda: MODES["fused"]
        trials = lab.run(given)
    assert {trial.status for trial in trials} == {"failed"}
    assert [said for said in lab.said if said.startswith("Trials")][:2] == [
        "Trials 1 to 2 are run again: its process was killed by SIGKILL.",
        "Trials 1 to 2 are run one by one: its process was killed by SIGKILL, 2 times.",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["plain", "fused by two"])
def test_workers_that_are_killed_while_trials_wait_for_a_cut(tmp_path, monkeypatch, mode, pool):
    given, halving = specs(*({"lr": rate} for rate in RATES)), Halving()
    alone, *_ = here(tmp_path / "a", MODES[mode], given, halving)
    with placed(tmp_path / "b", pool) as lab:
        cut = type(lab.runner)._cut

        def deadly_cut(self, *args):
            for peer in filter(None, lab.workers.at):
                os.kill(peer.process.pid, signal.SIGKILL)
                peer.process.wait()
            return cut(self, *args)

        monkeypatch.setattr(type(lab.runner), "_cut", deadly_cut)
        lab.runner.tune = lambda: MODES[mode]
        assert timeless(lab.run(given, halving)) == timeless(alone)


@pytest.mark.slow
def test_a_worker_that_loads_other_data_refuses_in_one_sentence(tmp_path):
    with (
        closing(Pool("RANDOM", 1)) as random,
        placed(tmp_path / "a", random) as lab,
        pytest.raises(UsageError, match=r"^worker 1 loads another experiment than this process: "),
    ):
        lab.run(specs({"lr": 0.1}))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("versions", "worker 1 has another PyTorch than this process: install the same version"),
        ("identity", "worker 1 reads other data than this process: see that it finds the same"),
    ],
)
def test_a_worker_says_what_differs(tmp_path, part, said):
    with closing(Pool(count=1)) as other, placed(tmp_path / "a", other) as lab:
        other.order[part] = dict.fromkeys(other.order[part], "other")
        with pytest.raises(UsageError, match=said):
            lab.run(specs({"lr": 0.1}))


@pytest.mark.slow
def test_workers_end_with_their_run(tmp_path):
    with closing(Pool()) as pool, placed(tmp_path / "a", pool) as lab:
        lab.run(specs({"lr": 0.1}, {"lr": 0.2}))
        processes = [peer.process for peer in lab.workers.at]
    assert all(process.poll() is not None for process in processes)


@pytest.mark.slow
def test_a_budget_of_time_ends_trials_in_workers(tmp_path, pool):
    from recipe.core.budget import Budget, Meter

    with placed(tmp_path / "a", pool) as lab:
        lab.run(specs({"lr": 0.05}))  # the worker has loaded everything
        lab.runner.meter = Meter(Budget(1, "seconds"))
        threading.Event().wait(1.0)
        (trial,) = lab.run(specs({"lr": 0.1, "epochs": 5000}), round_=2)
    assert trial.status == "stopped"
    assert "budget was used up" in trial.reason
