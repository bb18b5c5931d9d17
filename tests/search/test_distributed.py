"""Trials that several processes train together, in a grid."""

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

import recipe.search.rank_team as teams
from lab import EXPERIMENT, RATES, Lab, specs
from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.machine import stalled
from recipe.search.halving import Halving
from recipe.training.rank_devices import sentence, together

CPU = torch.device("cpu")


def net(width=16):
    if width == 13:
        raise RuntimeError("an unlucky width")
    return nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 3))


def several(given, **more):
    more = {"parallel": "ddp", "processes": 2, "model": net, **more}
    return [replace(s, experiment=replace(s.experiment, **more)) for s in given]


def single(given, **more):
    return [replace(s, experiment=replace(s.experiment, model=net, **more)) for s in given]


def assert_alike(found, alone):
    assert [t.status for t in found] == [t.status for t in alone]
    for one, other in zip(found, alone, strict=True):
        assert one.epochs == other.epochs
        assert one.best_epoch == other.best_epoch
        assert one.val_loss == pytest.approx(other.val_loss, rel=1e-5)
        assert one.val_score == pytest.approx(other.val_score, rel=1e-5)


def test_a_grid_with_a_cut_is_that_of_one_process(tmp_path):
    with Lab(tmp_path / "several") as lab:
        found = lab.run(several(specs(*RATES)), halving=Halving(keep=0.4))
        assert len(lab.kept) >= 1
        assert lab.fits == 0, "no trial was trained here"
    with Lab(tmp_path / "one") as lab:
        alone = lab.run(single(specs(*RATES)), halving=Halving(keep=0.4))
    assert_alike(found, alone)
    assert {t.status for t in found} == {"finished", "stopped"}
    assert not {t.key for t in found} & {t.key for t in alone}, "results of one are not the other's"


def test_what_is_known_is_not_trained_again(tmp_path):
    with Lab(tmp_path) as lab:
        found = lab.run(several(specs(0.01)))
    with Lab(tmp_path) as lab:
        again = lab.run(several(specs(0.01)))
        assert [reused for _, reused in lab.told] == [True]
    assert [t.val_loss for t in again] == [t.val_loss for t in found]


class DiesOnce(nn.Module):
    """Its second process is killed in the trial of this width."""

    def __init__(self, width=16, how=signal.SIGKILL):
        super().__init__()
        self.body, self.width, self.how = net(16), width, how
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        if self.width == 17 and self.calls == 9 and rank() == 1:
            os.kill(os.getpid(), self.how)
            time.sleep(60)
        return self.body(x)


def rank():
    on = torch.distributed.is_initialized()
    return torch.distributed.get_rank() if on else None


def widths(*given, **more):
    cells = [{"lr": 0.01, "width": width} for width in given]
    base = replace(EXPERIMENT, parallel="ddp", processes=2, **more)
    return [replace(specs(0.01)[0], params=c, experiment=base.with_params(c)) for c in cells]


def test_a_process_that_is_killed_ends_its_trial_alone(tmp_path):
    with Lab(tmp_path) as lab:
        killed, other = lab.run(widths(17, 16, model=DiesOnce))
    assert killed.status == "failed"
    assert killed.reason == "process 2 of 2: its process was killed by SIGKILL"
    assert other.status == "finished"


def test_trials_that_wait_for_a_cut_survive_the_processes_that_held_them(tmp_path):
    with Lab(tmp_path / "some") as lab:
        trials = lab.run(widths(16, 17, 18, model=DiesOnce), halving=Halving(keep=0.7))
    assert [t.status for t in trials] == ["finished", "failed", "finished"]
    with Lab(tmp_path / "alone") as lab:
        alone = lab.run(widths(16, model=DiesOnce))
    assert trials[0].val_loss == alone[0].val_loss


def test_a_process_that_hangs_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(teams, "patience", lambda _: 3.0)
    monkeypatch.setattr(teams, "GRACE", 1.0)
    import recipe.search.distributed_executor as executor

    monkeypatch.setattr(executor, "patience", lambda _: 3.0)
    began = time.monotonic()
    with Lab(tmp_path) as lab:
        (hung, other) = lab.run(
            widths(17, 16, model=lambda width=16: DiesOnce(width, signal.SIGSTOP))
        )
    assert hung.status == "failed"
    assert hung.reason.startswith("process 2 of 2 did not answer the others for 3 s")
    assert other.status == "finished"
    assert time.monotonic() - began < 60


class Unlucky(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.body, self.width, self.calls = net(16), width, 0

    def forward(self, x):
        self.calls += 1
        if self.width == 17 and self.calls > 9 and rank() == 1:
            raise ValueError("no luck with this width")
        return self.body(x)


@pytest.mark.parametrize(
    ("model", "said"), [(Unlucky, "no luck with this width"), (net, "unlucky")]
)
def test_an_error_of_the_users_code_is_the_reason(model, said, tmp_path):
    width = 13 if model is net else 17
    with Lab(tmp_path) as lab:
        failed, other = lab.run(widths(width, 16, model=model))
    assert failed.status == "failed"
    assert said in failed.reason
    assert "Connection" not in failed.reason
    assert other.status == "finished"


def diverging(width=16):
    return net(width)


def test_a_loss_that_is_not_finite_ends_it_in_all(tmp_path):
    with Lab(tmp_path) as lab:
        (trial,) = lab.run(several(specs(1e20)))
    assert trial.status == "diverged"


def test_processes_that_begin_anew_train_the_same(tmp_path, monkeypatch):
    """As on a GPU, which no copy of this process could use; with functions without a name."""
    with Lab(tmp_path / "copies") as lab:
        copies = lab.run(several(specs(0.01, 0.03)))
    monkeypatch.setattr(teams, "can_fork", lambda _: False)
    width = 16
    model = lambda: net(width)  # noqa: E731
    with Lab(tmp_path / "anew") as lab:
        anew = lab.run(several(specs(0.01, 0.03), model=model))
    assert_alike(anew, copies)


def test_nothing_is_left_running(tmp_path):
    before, others = threading.active_count(), _children()
    with Lab(tmp_path) as lab:
        lab.run(several(specs(0.01)))
    assert _children() <= others
    assert threading.active_count() <= before + 1


def _children():
    pids = {int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()}
    return {p for p in pids if _parent(p) == os.getpid() and not _is_zombie(p)}


def _parent(pid):
    try:
        with Path(f"/proc/{pid}/stat").open() as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _is_zombie(pid):
    try:
        with Path(f"/proc/{pid}/stat").open() as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def declared(**given):
    return Experiment(model=net, train=EXPERIMENT.train, lr=0.1, **given).resolved()


def test_how_many_processes_there_are(monkeypatch):
    said = []
    assert together(declared(parallel="ddp"), CPU, said.append).processes == 2
    assert together(declared(), CPU, said.append).parallel is None
    assert together(declared(parallel="ddp", processes=3), CPU, said.append).processes == 3
    assert "each takes 64 of the 128 items" in said[0]
    assert "each takes 42 to 43 of the 128 items" in said[1]
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    gpus = together(declared(parallel="fsdp"), torch.device("cuda"), said.append)
    assert gpus.processes == 4
    assert "by 4 processes on 4 GPUs (fsdp)" in sentence(gpus, torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert together(declared(parallel="ddp"), torch.device("cuda"), said.append).parallel is None


@pytest.mark.parametrize(
    ("given", "device", "said"),
    [
        ({"processes": 2}, "cpu", "without parallel"),
        ({"parallel": "ddp", "update": lambda *_: 0.0}, "cpu", "own update step"),
        ({"parallel": "ddp", "processes": 9, "batch_size": 8}, "cpu", "needs an item"),
        ({"parallel": "ddp"}, "mps", "works on CUDA and on processors"),
        ({"parallel": "ddp", "processes": 3}, "cuda", "this machine has 2 GPUs"),
    ],
)
def test_what_cannot_be_is_refused(given, device, said, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(UsageError, match=said):
        together(declared(**given), torch.device(device), lambda _: None)


@pytest.mark.parametrize("wrong", ["dpp", 3])
def test_another_name_is_answered(wrong):
    with pytest.raises(UsageError, match="ddp"):
        declared(parallel=wrong)


def test_patience_outlasts_a_call_of_the_users():
    assert teams.patience(600) > 600
    assert teams.patience(0) == stalled.LONGEST
