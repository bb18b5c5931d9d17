from dataclasses import replace

import pytest
import torch
from safetensors.torch import load

from lab import CPU, EXPERIMENT, RATES, Lab, specs, timeless
from recipe.core.budget import Budget
from recipe.data.item_data import StreamData
from recipe.search.halving import Halving
from recipe.search.open_trial import TrialSpec
from recipe.search.ranking import best_of
from recipe.training.execution_mode import PLAIN, ExecutionMode
from recipe.training.loop import Training

FUSED = ExecutionMode(sharing="fused", width=64)


def test_a_trial_is_what_training_it_by_hand_gives(tmp_path):
    with Lab(tmp_path) as lab:
        (spec,) = specs(0.03)
        (trial,) = lab.run([spec])
        training = Training(spec.experiment, lab.runner.data, seed=0, device=CPU)
        epochs = list(training.epochs())
    scores = [epoch.figures["val_score"] for epoch in epochs]
    assert trial.curves["val_score"] == pytest.approx(scores)
    assert trial.curves["batch_loss"] == pytest.approx([v for e in epochs for v in e.losses])
    assert trial.val_score == max(scores)
    assert scores[trial.best_epoch] == max(scores)
    assert (trial.status, trial.epochs, trial.planned_epochs) == ("finished", 6, 6)
    assert (trial.step, trial.round, trial.number, trial.seed) == ("grid", 1, 1, 0)
    assert trial.params == {"lr": 0.03}
    assert trial.metric == "accuracy"


def test_the_same_specs_are_looked_up(tmp_path):
    with Lab(tmp_path) as lab:
        first = lab.run(specs(*RATES))
        assert lab.fits == 5
        assert lab.runner.meter.epochs == sum(trial.epochs for trial in first)
        again = lab.run(specs(*RATES), step="later", round_=2, first=7)
        assert lab.fits == 5
        assert [(t.step, t.round, t.number) for t in again] == [
            ("later", 2, 7 + i) for i in range(5)
        ]
        assert [t.curves for t in again] == [t.curves for t in first]
        assert lab.runner.meter.epochs == sum(trial.epochs for trial in first)  # paid once
        assert [reused for _, reused in lab.told] == [False] * 5 + [True] * 5
        lab.run(specs(0.2))
        assert lab.fits == 6
        lab.run(specs(0.2, epochs=2))
        assert lab.fits == 7
    with Lab(tmp_path) as other_process:
        assert timeless(other_process.run(specs(*RATES))) == timeless(first)
        assert other_process.fits == 0
        assert other_process.runner.meter.epochs == sum(trial.epochs for trial in first)
    with Lab(tmp_path, seed=1) as other_seed:
        assert other_seed.run(specs(0.03))[0].curves != first[3].curves
        assert other_seed.fits == 1


def test_halving_keeps_the_better_part(tmp_path):
    with Lab(tmp_path) as lab:
        trials = lab.run(specs(*RATES), Halving(share=1 / 3, keep=0.4))
    at_cut = [max(trial.curves["val_score"][:2]) for trial in trials]
    bar = sorted(at_cut, reverse=True)[1]
    assert [trial.status == "stopped" for trial in trials] == [score < bar for score in at_cut]
    assert {trial.epochs for trial in trials} == {2, 6}
    assert all("after 2 epochs" in t.reason for t in trials if t.status == "stopped")


def inside_an_epoch(monkeypatch, share=0.1):
    """Cuts after 4 of the 6 iterations of the first epoch."""
    monkeypatch.setattr("recipe.search.halving.LEAST_ITERATIONS", 3)
    return Halving(share, keep=0.4, on_losses=True)


def test_halving_inside_an_epoch_keeps_the_lower_losses(tmp_path, monkeypatch):
    halving = inside_an_epoch(monkeypatch)
    with Lab(tmp_path) as lab:
        trials = lab.run(specs(*RATES), halving)
    with Lab(tmp_path / "whole") as other:
        whole = other.run(specs(*RATES))
    stopped = [trial for trial in trials if trial.status == "stopped"]
    assert [trial.params["lr"] for trial in stopped] == list(RATES[:3])
    for trial, full in zip(trials, whole, strict=True):
        losses = full.curves["batch_loss"]
        assert (trial.rung, trial.curves["rung_loss"]) == (pytest.approx(0.6), losses[2:4])
        if trial in stopped:
            assert (trial.epochs, trial.part, trial.trained) == (0, 4 / 6, 4 / 6)
            assert (trial.val_score, trial.best_epoch) == (None, None)
            assert trial.curves.keys() == {"batch_loss", "rung_loss"}
            assert trial.curves["batch_loss"] == losses[:4]
            assert trial.reason == "in the lower part after 0.6 epochs"
        else:  # as if it had not paused, bit for bit
            curves = {k: v for k, v in trial.curves.items() if k != "rung_loss"}
            assert curves == full.curves
            assert (trial.key, trial.part, trial.val_loss) == (full.key, 0.0, full.val_loss)
    assert lab.runner.meter.epochs == pytest.approx(2 * 6 + 3 * 4 / 6, abs=1e-6)
    done = [progress[0] for progress in lab.progress]
    assert done == sorted(done)
    assert lab.progress[-1][0] == pytest.approx(lab.progress[-1][1])


def test_a_random_data_set_is_cut_between_epochs(tmp_path, monkeypatch):
    halving = inside_an_epoch(monkeypatch)
    with Lab(tmp_path) as lab:
        x, y = EXPERIMENT.train
        items = [(a, b) for a, b in zip(x, y, strict=True)]
        lab.runner.data = replace(lab.runner.data, train=StreamData(items, CPU))
        trials = lab.run(specs(*RATES), halving)
    assert {(trial.trained, trial.status) for trial in trials} == {
        (1, "stopped"), (6, "finished")
    }  # fmt: skip


def test_rivals_count_at_the_cut_as_they_stood_then(tmp_path, monkeypatch):
    halving = inside_an_epoch(monkeypatch)
    with Lab(tmp_path) as lab:
        trials = lab.run(specs(*RATES), halving)
        (slow,) = lab.run(specs(2e-4), halving, first=6, rivals=trials)
        (fast,) = lab.run(specs(0.05), halving, first=7, rivals=trials)
        assert (slow.status, slow.trained) == ("stopped", 4 / 6)
        assert (fast.status, fast.number) == ("finished", 7)
        (again,) = lab.run(specs(2e-4), halving, first=6, rivals=trials)
        assert again == slow
        (alone,) = lab.run(specs(2e-4), halving, first=6)
        assert alone.status == "finished"
        # Trials that were never compared are no rivals: how they stood then is not known.
        unknown = lab.run(specs(*RATES, batch_size=16))
        (other,) = lab.run(specs(2e-4, batch_size=16), halving, rivals=unknown)
        assert other.status == "finished"


def test_a_trial_known_to_the_end_counts_at_the_cut_as_it_stood_then(tmp_path):
    with Lab(tmp_path) as lab:
        (late,) = lab.run(specs(0.01))  # learns late: poor after two epochs, the best in the end
        trials = lab.run(specs(0.01, 0.02, 0.03), Halving(share=1 / 3, keep=0.5))
    assert [trial.status for trial in trials] == ["finished"] * 3
    at_cut = [max(trial.curves["val_score"][:2]) for trial in trials]
    assert late.val_score > max(at_cut)
    assert at_cut[0] == min(at_cut)
    assert lab.fits == 3


def test_one_trial_alone_is_never_stopped(tmp_path):
    with Lab(tmp_path) as lab:
        assert lab.run(specs(1e-4), Halving())[0].status == "finished"


def test_a_second_cut_is_among_those_that_went_on(tmp_path):
    with Lab(tmp_path) as lab:
        trials = lab.run(specs(*RATES), TWICE)
    left = list(trials)
    for epochs, kept in ((1, 3), (2, 2)):
        left.sort(key=lambda trial: -max(trial.curves["val_score"][:epochs]))
        gone, left = left[kept:], left[:kept]
        assert {(trial.status, trial.epochs) for trial in gone} == {("stopped", epochs)}
    assert {(trial.status, trial.epochs) for trial in left} == {("finished", 6)}


TWICE = Halving(share=1 / 6, keep=0.6, then=Halving(share=1 / 3, keep=0.5))


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("then", [None, Halving(share=1 / 3, keep=0.5)])
def test_a_resumed_run_makes_the_same_decisions(tmp_path, monkeypatch, inside, then):
    given, halving = specs(*RATES), TWICE if then else Halving(share=1 / 3, keep=0.4)
    if inside:
        halving = replace(inside_an_epoch(monkeypatch), then=then)
    with Lab(tmp_path / "whole") as lab:
        whole = lab.run(given, halving)
    lines = (tmp_path / "whole" / "journal.jsonl").read_bytes().splitlines(keepends=True)
    assert len(lines) == 5
    for kept in range(5):
        folder = tmp_path / str(kept)
        folder.mkdir()
        torn = lines[kept][: len(lines[kept]) // 2]
        (folder / "journal.jsonl").write_bytes(b"".join(lines[:kept]) + torn)
        with Lab(folder) as lab:
            assert timeless(lab.run(given, halving)) == timeless(whole)
            assert lab.fits == 5 - kept


def test_a_stopped_trial_is_no_answer_to_a_full_one(tmp_path):
    with Lab(tmp_path) as lab:
        halved = lab.run(specs(*RATES), Halving(keep=0.2))
        assert halved[0].status == "stopped"
        (whole,) = lab.run(specs(RATES[0]))
        assert (whole.status, whole.epochs) == ("finished", 6)
        assert whole.key != halved[0].key


def test_trials_share_initial_weights_and_data_order(tmp_path):
    with Lab(tmp_path) as lab:
        slow, fast = lab.run(specs(1e-9, 1e-8))
        (other,) = lab.run(specs(0.1))
        (decayed,) = lab.run(specs(0.1, weight_decay=1e-3))
    first = {trial.curves["batch_loss"][0] for trial in (slow, fast, other, decayed)}
    assert len(first) == 1
    # at a rate of almost zero every batch is compared: same order, same dropout
    assert slow.curves["batch_loss"] == pytest.approx(fast.curves["batch_loss"], abs=1e-5)
    assert len(set(slow.curves["batch_loss"])) > 30


def test_a_trial_whose_factory_raises_is_failed(tmp_path):
    cells = [{"lr": 0.03, "width": width} for width in (8, 13, 16)]
    with Lab(tmp_path) as lab:
        given = [TrialSpec(cell, EXPERIMENT.with_params(cell)) for cell in cells]
        trials = lab.run(given, Halving(keep=1.0))
        assert [trial.status for trial in trials] == ["finished", "failed", "finished"]
        failed = trials[1]
        assert "an unlucky width" in failed.reason
        assert (failed.epochs, failed.val_score, failed.best_epoch) == (0, None, None)
        assert timeless(lab.run(given, Halving(keep=1.0))) == timeless(trials)
        assert lab.fits == 3


def test_a_trial_that_diverges(tmp_path):
    with Lab(tmp_path) as lab:
        good, bad = lab.run(specs(0.03, 1e6), Halving(keep=0.5))
        assert bad.status == "diverged"
        assert "not finite in epoch" in bad.reason
        assert bad.epochs < 6
        assert all(loss is not None for loss in bad.curves["batch_loss"])
        assert good.status == "finished"
        assert best_of([bad, good]) is good
        assert lab.kept == [good.key]
        assert timeless(lab.run(specs(0.03, 1e6), Halving(keep=0.5))) == timeless([good, bad])
        assert lab.fits == 2


def test_progress_grows_to_the_whole(tmp_path):
    with Lab(tmp_path) as lab:
        trials = lab.run(specs(*RATES), Halving(keep=0.4))
        done = [progress[0] for progress in lab.progress]
        assert done == sorted(done)
        trained = sum(trial.epochs for trial in trials)
        assert done[-1] == trained == lab.progress[-1][1]
        # five trials of six epochs; after a third of them two of the five go on
        assert lab.progress[0] == (1, 5 * 2 + 2 * 4, "trial 1 of 5")


def test_later_trials_of_a_step_are_counted_on(tmp_path):
    with Lab(tmp_path) as lab:
        lab.run(specs(0.03, 1e-3), first=11)
        assert {what for _, _, what, *_ in lab.progress} == {"trial 11 of 12", "trial 12 of 12"}


def test_a_training_ends_when_the_time_is_up_and_keeps_its_best_epoch(tmp_path):
    with Lab(tmp_path / "a") as lab:
        lab.runner.meter.budget = Budget(1, "seconds")
        lab.runner.meter.started -= 10
        (trial,) = lab.run(specs(1e-2))
        assert (trial.status, trial.epochs, trial.best_epoch) == ("stopped", 1, 0)
        assert trial.reason == "the budget was used up after epoch 1"
        assert trial.planned_epochs == 6
        assert lab.kept == [trial.key]
        path = lab.runner.checkpoints.path(trial)
        weights = path.read_bytes()
        path.unlink()
        assert lab.runner.weights(trial, specs(1e-2)[0].experiment) == weights


def cut_after(monkeypatch, iterations):
    """The time is up when so many have been trained; evaluations are in time."""
    asked = iter(range(10**9))
    monkeypatch.setattr(
        "recipe.core.clock.is_up", lambda before=0.0: before >= 0 and next(asked) >= iterations
    )


@pytest.mark.parametrize("mode", [PLAIN, FUSED], ids=str)
def test_a_training_that_is_cut_off_in_its_first_epoch_leaves_a_model(tmp_path, monkeypatch, mode):
    cut_after(monkeypatch, 4)  # of 6 iterations
    with Lab(tmp_path) as lab:
        lab.runner._mode = mode
        trials = lab.run(specs(1e-2, 3e-2))
        trial = trials[0]
        assert (trial.status, trial.epochs, trial.part) == ("stopped", 0, pytest.approx(4 / 6))
        assert trial.reason == "the budget was used up after 0.67 epochs"
        assert trial.best_epoch == 0
        assert trial.val_score is not None
        assert len(trial.curves["batch_loss"]) == 4
        assert lab.progress[-1][0] == pytest.approx(sum(t.trained for t in trials))
        best = best_of(trials)
        path = lab.runner.checkpoints.path(best)
        weights = load(path.read_bytes())
        path.unlink()
        monkeypatch.undo()
        again = load(lab.runner.weights(best, specs(best.params["lr"])[0].experiment))
        assert all(torch.allclose(again[name], weights[name], atol=1e-6) for name in weights)


@pytest.mark.parametrize("mode", [PLAIN, FUSED], ids=str)
def test_a_later_epoch_that_is_cut_off_counts_for_nothing(tmp_path, monkeypatch, mode):
    cut_after(monkeypatch, 9)
    with Lab(tmp_path) as lab:
        lab.runner._mode = mode
        trial = lab.run(specs(1e-2, 3e-2))[0]
    assert (trial.status, trial.epochs, trial.part) == ("stopped", 1, 0.5)
    assert len(trial.curves["val_score"]) == 1


def test_trials_that_come_too_late_have_no_score(tmp_path, monkeypatch):
    cut_after(monkeypatch, 40)
    with Lab(tmp_path) as lab:
        first, second = lab.run(specs(1e-2, 3e-2))
    assert (first.status, second.status) == ("finished", "stopped")
    assert (second.epochs, second.part) == (0, pytest.approx(4 / 6))
    cut_after(monkeypatch, 0)
    with Lab(tmp_path / "late") as lab:
        assert [trial.val_score for trial in lab.run(specs(1e-2, 3e-2))] == [None, None]


def test_a_budget_of_epochs_never_ends_a_training(tmp_path):
    with Lab(tmp_path / "a") as lab:
        lab.runner.meter.budget = Budget(1, "epochs")
        lab.runner.meter.spend(5)
        (trial,) = lab.run(specs(1e-2))
        assert (trial.status, trial.epochs) == ("finished", 6)
