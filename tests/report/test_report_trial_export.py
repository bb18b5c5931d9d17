import csv
import io
from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from recipe.core.errors import UsageError
from recipe.report.trial_export import as_csv, to_optuna
from report_samples import full_run, trial


def test_every_trial_is_a_line():
    result = full_run()
    lines = list(csv.DictReader(io.StringIO(as_csv(result))))
    assert [line["number"] for line in lines] == ["1", "2", "3"]
    assert [line["param.dropout"] for line in lines] == ["", "", "0.2"]
    assert lines[0]["val_score"] == "0.51"
    assert lines[1]["val_score"] == ""
    assert lines[1]["reason"] == "loss is nan | inf"


def test_a_stopped_trial_has_trained_a_part_of_an_epoch():
    result = full_run(trials=(trial(1, status="stopped", epochs=1, part=0.25),))
    (line,) = csv.DictReader(io.StringIO(as_csv(result)))
    assert line["epochs"] == "1.25"


@pytest.fixture
def storage(tmp_path):
    return f"sqlite:///{tmp_path / 'runs.db'}"


def test_a_study_that_optuna_opens(storage):
    cut = {"status": "stopped", "curves": {"val_score": (0.2, None, 0.3)}}
    mixed = ({"lr": 0.5, "width": 8, "norm": True}, {"lr": 0.001, "width": 32, "norm": "batch"})
    result = full_run(
        folder=Path("runs/digits-1"),
        trials=(
            *full_run().trials[:2],
            trial(3, params=mixed[0], **cut),
            trial(4, params=mixed[1], val_score=0.9),
        ),
    )
    assert to_optuna(result, storage) == "digits-1"
    study = optuna.load_study(study_name="digits-1", storage=storage)
    assert [t.state.name for t in study.trials] == ["COMPLETE", "FAIL", "PRUNED", "COMPLETE"]
    assert (study.best_value, study.best_params) == (0.9, mixed[1])
    assert study.trials[2].params == mixed[0]
    assert study.trials[2].intermediate_values == {0: 0.2, 2: 0.3}
    assert study.trials[0].user_attrs["status"] == "finished"
    assert study.trials[0].duration.total_seconds() == result.trials[0].seconds == 3.25
    assert study.user_attrs["diagnosis"] == list(result.diagnosis)


def test_a_parameter_that_never_varied_is_kept(storage):
    to_optuna(full_run(trials=(trial(1, params={"lr": 0.1}),)), storage)
    (study,) = optuna.get_all_study_summaries(storage)
    assert study.best_trial.params == {"lr": 0.1}


def test_nothing_is_overwritten_and_a_wrong_storage_is_one_sentence(storage):
    to_optuna(full_run(), storage)
    with pytest.raises(UsageError, match="holds a study 'digits' already"):
        to_optuna(full_run(), storage)
    with pytest.raises(UsageError, match="write it like sqlite"):
        to_optuna(full_run(), "runs.db")


def test_repeats_stand_in_the_table_and_not_in_the_study(storage):
    again = replace(full_run().trials[2], key="again", val_score=0.99, repeats="k3")
    aside = replace(full_run().trials[0], key="aside", val_score=0.9, set_aside=True)
    result = full_run(trials=(*full_run().trials, again, aside))
    rows = list(csv.DictReader(io.StringIO(as_csv(result))))
    assert [row["repeats"] for row in rows] == ["", "", "", "k3", ""]
    assert [row["set_aside"] for row in rows] == ["False"] * 4 + ["True"]
    study = optuna.load_study(study_name=to_optuna(result, storage), storage=storage)
    assert [t.user_attrs["key"] for t in study.trials] == ["k1", "k2", "k3", "aside"]
    assert study.trials[3].user_attrs["set_aside"]
