import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from recipe.training.early_stopping import averaged_down
from recipe.training.epoch import Epoch
from recipe.training.fit import Fit


def scripted(scores, losses=None, diverged_at=None):
    """A training whose epochs measure these values, of four iterations each; its one weight is
    the epoch's number.
    """
    model = nn.Linear(1, 1)
    losses = losses or [1.0] * len(scores)

    numbers = iter(range(len(scores)))
    paused = []

    def epoch(pause=None):
        number = paused.pop() if paused else next(numbers)
        if pause is not None:
            paused.append(number)
            return Epoch(number, {}, [float(number)] * pause, part=pause / 4)
        model.weight.data.fill_(number)
        if number == diverged_at:
            return Epoch(number, {"lr": 0.1}, [2.0, 3.0], diverged=True)
        figures = {"val_score": scores[number], "val_loss": losses[number]}
        return Epoch(number, figures, [float(number)] * 4)

    return SimpleNamespace(model=model, epoch=epoch, iterations_per_epoch=4, close=lambda: None)


def fitted(scores, losses=None, patience=None, diverged_at=None):
    fit = Fit(scripted(scores, losses, diverged_at), len(scores), patience)
    fit.advance(len(scores))
    return fit


def test_the_best_epochs_snapshot_and_score_are_kept_not_the_last():
    fit = fitted([0.1, 0.9, 0.5, 0.4], losses=[4.0, 3.0, 2.0, 1.0])
    assert (fit.best_epoch, fit.best_score, fit.best_loss) == (1, 0.9, 3.0)
    assert fit.weights()["weight"].item() == 1
    assert fit.training.model.weight.item() == 3
    assert (fit.status, fit.reason, fit.done) == ("finished", None, 4)


def test_among_equal_scores_the_lower_loss_wins_then_the_earlier():
    assert fitted([0.9, 0.9, 0.9], losses=[2.0, 1.0, 1.0]).best_epoch == 1


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_without_a_score_the_loss_decides(score):
    fit = fitted([score] * 3, losses=[2.0, 1.0, 3.0])
    assert (fit.best_epoch, fit.best_score, fit.best_loss) == (1, None, 1.0)
    assert fit.curves["val_score"] == [None] * 3


def test_patience_counts_epochs_without_a_gain():
    fit = fitted([0.1, 0.5] + [0.4] * 10, patience=3)
    assert (fit.done, fit.status) == (5, "finished")
    assert "no gain in validation for 3 epochs" in fit.reason
    assert (fit.best_epoch, fit.weights()["weight"].item()) == (1, 1)


def test_a_lower_loss_is_a_gain_too_although_the_snapshot_stays():
    fit = fitted([0.5] + [0.4] * 9, losses=[1 - 0.1 * i for i in range(10)], patience=2)
    assert fit.done == 10
    assert fit.best_epoch == 0


def test_a_higher_score_is_a_gain_while_the_loss_rises():
    fit = fitted([0.1 * i for i in range(10)], losses=[1.0 + i for i in range(10)], patience=2)
    assert (fit.done, fit.best_epoch) == (10, 9)


def test_without_patience_it_runs_to_the_end():
    assert fitted([0.5] + [0.4] * 30).done == 31


def test_divergence_ends_it_and_keeps_what_was_best():
    fit = fitted([0.3, 0.6, 0.9, 0.9], diverged_at=2)
    assert (fit.status, fit.done) == ("diverged", 3)
    assert fit.reason == "the loss was not finite in epoch 3, iteration 3"
    assert (fit.best_epoch, fit.best_score) == (1, 0.6)
    assert fit.curves["val_score"] == [0.3, 0.6, None]
    assert fit.curves["lr"] == [None, None, 0.1]
    assert fit.losses[-2:] == [2.0, 3.0]


def test_advancing_in_parts_is_the_same_as_at_once():
    seen = []
    fit = Fit(scripted([0.1, 0.2, 0.3]), 3)
    fit.advance(1, lambda fit: seen.append(fit.done))
    assert (fit.done, fit.status) == (1, None)
    fit.advance(1)
    fit.advance(9, lambda fit: seen.append(fit.done))
    assert seen == [1, 2, 3]
    assert fit.status == "finished"
    assert fit.curves == fitted([0.1, 0.2, 0.3]).curves
    fit.advance(9)
    assert fit.done == 3


def test_a_pause_in_the_middle_of_an_epoch_leaves_no_trace():
    fit, seen = Fit(scripted([0.1, 0.2, 0.3]), 3), []
    for until in (0.5, 0.5, 0.75, 1.5):
        fit.advance(until, lambda fit: seen.append(fit.trained))
    assert seen == [0.5, 0.5, 0.75, 1.0, 1.5]
    assert (fit.done, fit.part, fit.status, fit.best_epoch) == (1, 0.5, None, 0)
    assert fit.unfinished == [1.0, 1.0]
    assert fit.batch_losses() == [0.0] * 4 + [1.0] * 2
    fit.advance(9)
    assert (fit.trained, fit.unfinished, fit.status) == (3, [], "finished")
    assert fit.curves == fitted([0.1, 0.2, 0.3]).curves
    assert fit.losses == fitted([0.1, 0.2, 0.3]).losses


def test_stop():
    fit = Fit(scripted([0.1, 0.2, 0.3]), 3)
    fit.advance(1)
    fit.stop("stopped", "enough")
    fit.advance(3)
    assert (fit.status, fit.reason, fit.done) == ("stopped", "enough", 1)


def test_the_snapshot_is_a_copy():
    fit = Fit(scripted([0.9, 0.1]), 2)
    fit.advance(1)
    fit.training.model.weight.data.fill_(7)
    assert torch.equal(fit.weights()["weight"], torch.zeros(1, 1))
    assert set(fit.weights()) == {"weight", "bias"}


def test_batch_losses_are_thinned_to_a_hundred():
    assert fitted([0.5] * 30).batch_losses() == pytest.approx(
        averaged_down(sorted(list(range(30)) * 4), 100)
    )
