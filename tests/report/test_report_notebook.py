from recipe.core.results import RunResult
from recipe.core.trials import Best
from recipe.report.notebook import best_trial, notebook, varying
from report_samples import full_run, trial


def test_only_parameters_that_vary_are_columns():
    trials = (trial(1), trial(2), trial(3, params={"lr": 0.01, "dropout": None}))
    assert varying(trials) == ("lr", "weight_decay", "schedule", "dropout")
    assert varying(trials[:2]) == ("lr",)
    assert varying(()) == ()


def test_a_row_counts_epochs_from_one():
    book = notebook(full_run())
    row = dict(zip(book.header, book.rows[2], strict=True))
    assert row["trial"] == "3 (best)"
    assert row["best epoch"] == "1"
    assert row["epochs"] == "5 of 5"
    assert row["val accuracy"] == "0.53"
    assert row["dropout"] == "0.2"
    assert book.shared == (("weight decay", "0.0001"), ("schedule", "cosine"))


def test_a_diverged_trial_has_dashes_and_its_reason():
    row = notebook(full_run()).rows[1]
    assert row[5] == "diverged"
    assert row[7:10] == ("—", "—", "—")
    assert row[-1] == "loss is nan | inf"


def test_best_trial_is_the_one_with_the_best_score_among_equal_parameters():
    trials = (trial(1, val_score=0.4), trial(1, val_score=0.6), trial(2))
    best = Best({**trials[1].params, "batch_size": 32}, 0.6, epoch=0)
    assert best_trial(RunResult("x", trials=trials, best=best)) is trials[1]
    assert best_trial(RunResult("x", trials=trials)) is None
    assert best_trial(RunResult("x", trials=trials, best=Best({"lr": 9.0}, 1.0))) is None


def test_no_trials():
    assert notebook(RunResult("x")).rows == ()


def test_a_trial_that_was_stopped_inside_an_epoch_shows_its_part():
    stopped = trial(1, status="stopped", epochs=1, part=0.25, val_score=None)
    row = notebook(RunResult("run", trials=(stopped,))).rows[0]
    assert "1.25 of 5" in row
