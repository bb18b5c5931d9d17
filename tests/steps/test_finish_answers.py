"""What is kept of the validation items, and what is said of the choice."""

import csv
from dataclasses import replace
from statistics import stdev

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from recipe.core.evidence import Evidence
from recipe.core.trials import Trial
from recipe.testing import open_context
from recipe_steps.finish import Finish, choice_rules
from recipe_steps.finish.all_data import FILE as ALL_DATA
from recipe_steps.finish.answers import FILE, by_class, keep_answers
from recipe_steps.finish.certainty import simpler_marks, study_spread
from rule_cases import NAN
from tiny import experiment

BLANK = {"step": "refine_grid", "round": 1, "seed": 0, "status": "finished", "epochs": 6,
         "planned_epochs": 6, "seconds": 0.0}  # fmt: skip


def trial(number, score, **params):
    return Trial(key=str(number), number=number, params=params, val_score=score, **BLANK)


@pytest.fixture
def ctx(tmp_path):
    with open_context(Finish(), experiment, tmp_path) as opened:
        yield opened


def table(ctx):
    return list(csv.DictReader((ctx.runner.folder / FILE).read_text().splitlines()))


def test_answers_of_classes_are_a_table(ctx):
    ctx.experiment = replace(ctx.experiment, classes=("a", "b", "c"))
    outputs = torch.tensor([[5.0, 0.0, 0.0], [0.0, 5.0, 0.0], [9.0, 0.0, 0.0]])
    scalars, _ = keep_answers(ctx, [(outputs[:2], torch.tensor([0, 1])),
                                    (outputs[2:], torch.tensor([2]))])  # fmt: skip
    rows = table(ctx)
    assert [row["target"] for row in rows] == ["a", "b", "c"]
    assert [row["answer"] for row in rows] == ["a", "b", "a"]
    assert [row["right"] for row in rows] == ["yes", "yes", "no"]
    assert float(rows[0]["probability"]) == pytest.approx(outputs[0].softmax(0)[0].item(), rel=1e-3)
    assert scalars["answers_file"] == FILE


def test_answers_of_numbers_are_a_table(tmp_path):
    given = replace(experiment, task="regression", model=lambda: nn.Linear(2, 1),
                    train=(torch.randn(30, 2), torch.randn(30, 1)))  # fmt: skip
    with open_context(Finish(), given, tmp_path) as ctx:
        scalars, curves = keep_answers(ctx, [(torch.tensor([[1.5]]), torch.tensor([[2.0]]))])
        assert table(ctx) == [{"item": "0", "target": "2", "answer": "1.5"}]
    assert (set(scalars), curves) == ({"answers_file"}, {})


def test_what_is_no_label_is_not_kept(ctx):
    masks = torch.zeros(2, 4, 4, dtype=torch.long)
    assert keep_answers(ctx, [(torch.zeros(2, 3, 4, 4), masks)]) == ({}, {})
    assert keep_answers(ctx, []) == ({}, {})
    assert not (ctx.runner.folder / FILE).exists()


def test_right_answers_are_counted_by_class():
    targets = torch.tensor([0] * 50 + [1] * 20 + [2] * 3 + [-100] * 4)
    said = targets.clone()
    said[50:60] = 0  # half of class 1
    scalars, curves = by_class(targets, said, 4, ["a", "b", "c"])
    assert (scalars["rarest_class"], scalars["rarest_items"], scalars["rarest_right"]) == (
        "c",
        3,
        3,
    )
    assert (scalars["worst_class"], scalars["worst_right"], scalars["worst_items"]) == ("b", 10, 20)
    assert scalars["others_right_share"] == 1.0
    assert scalars["worst_luck"] < 1e-6
    assert curves == {"class_number": (0.0, 1.0, 2.0), "class_right": (1.0, 0.5, 1.0)}


def test_one_mistake_is_nothing_where_all_others_are_right():
    targets = torch.tensor([0] * 50 + [1] * 400)
    said = targets.clone()
    said[0] = 1
    assert by_class(targets, said, 2)[0]["worst_luck"] > 0.01


def test_a_single_class_has_no_worst_one():
    assert by_class(torch.zeros(20, dtype=torch.long), torch.zeros(20), 3) == ({}, {})


def test_another_search_would_have_found_another_best():
    assert study_spread([trial(k, 0.5) for k in range(3)]) is None
    assert study_spread([trial(k, 0.5) for k in range(9)]) == 0.0
    scores = [0.1 * k for k in range(10)]
    spread = study_spread([trial(k, s) for k, s in enumerate(scores)])
    # of the best of ten draws from ten values
    assert 0.05 < spread < stdev(scores)


def test_a_smaller_model_within_the_error_is_simpler(ctx):
    best = trial(1, 0.9, lr=0.05, width=64)
    ctx.trials += [best, trial(2, 0.899, lr=0.05, width=8), trial(3, 0.5, lr=0.05, width=1)]
    found = simpler_marks(ctx, best)
    assert (found["simpler_trial"], found["simpler_parameters"]) == (2, 8 * 3 + 8 * 3 + 3)
    assert found["best_parameters"] == 64 * 3 + 64 * 3 + 3
    ctx.trials[1] = trial(2, 0.899, lr=0.05, width=60)
    assert simpler_marks(ctx, best) == {}


def test_rates_alone_make_no_model_simpler(ctx):
    best = trial(1, 0.9, lr=0.05)
    ctx.trials += [best, trial(2, 0.899, lr=0.01)]
    assert simpler_marks(ctx, best) == {}


def test_a_whole_step_looks_at_the_chosen_model(tmp_path):
    with open_context(Finish(), experiment, tmp_path, all_data=True, exact=True) as ctx:
        ctx.step = "refine_grid"
        ctx.run_trials([{"lr": lr, "weight_decay": 0.0} for lr in (0.05, 0.02, 0.01, 0.005)])
        ctx.step = "finish"
        evidence = Finish().measure(ctx)
        assert len(table(ctx)) == len(ctx.data.val)
        right = sum(row["right"] == "yes" for row in table(ctx)) / len(ctx.data.val)
        kept = load_file(ctx.runner.folder / ALL_DATA)
        before = (ctx.runner.folder / ALL_DATA).stat().st_mtime_ns
        again = Finish().measure(ctx)  # the journal knows it
        assert (ctx.runner.folder / ALL_DATA).stat().st_mtime_ns == before
    assert evidence.number("chosen_score") == pytest.approx(right)
    assert evidence.number("val_low") <= right <= evidence.number("val_high")
    assert evidence.number("between_searches") is not None
    assert evidence.text("all_data_file") == ALL_DATA
    assert evidence.number("all_data_items") == 240
    assert set(kept) == set(experiment.model().state_dict())
    assert again.scalars["all_data_epochs"] == evidence.scalars["all_data_epochs"]
    rules = {rule(evidence).rule for rule in choice_rules.RULES if rule(evidence)}
    assert {"score-uncertainty", "trained-on-all-data"} <= rules
    assert "class-left-behind" not in rules


UNCERTAIN = {"val_low": 0.7, "val_high": 0.8, "chosen_score": 0.75, "between_seeds": 0.01,
             "between_searches": 0.02}  # fmt: skip
SIMPLER = {"best_score": 0.9, "score_error": 0.01, "simpler_score": 0.895, "simpler_trial": 4,
           "simpler_parameters": 500, "best_parameters": 1000}  # fmt: skip
DECLARED = {"best_score": 0.9, "score_error": 0.01, "declared_score": 0.895}
BEHIND = {"worst_class": "cat", "worst_items": 40, "worst_right": 20, "others_right_share": 0.9,
          "worst_luck": 1e-6}  # fmt: skip
ALL = {"all_data_file": ALL_DATA, "all_data_items": 240, "all_data_epochs": 6}


@pytest.mark.parametrize(
    ("rule", "given", "says"),
    [
        (choice_rules.score_uncertainty, UNCERTAIN, "lie between 0.7 and 0.8"),
        (
            choice_rules.score_uncertainty,
            UNCERTAIN,
            "other seeds would move it by up to 0.02 either way, another search of as many trials by up to 0.039",
        ),
        (choice_rules.score_uncertainty, UNCERTAIN | {"val_low": NAN}, None),
        (choice_rules.score_uncertainty, {}, None),
        (choice_rules.simpler_model_as_good, SIMPLER, "Trial 4 has 50% of the parameters"),
        (choice_rules.simpler_model_as_good, SIMPLER | {"simpler_score": 0.88}, None),
        (choice_rules.simpler_model_as_good, SIMPLER | {"score_error": NAN}, None),
        (
            choice_rules.simpler_model_as_good,
            DECLARED,
            "The best setting scores 0.9, the declared one 0.895: too close",
        ),
        (choice_rules.simpler_model_as_good, DECLARED | {"declared_score": 0.87}, None),
        (choice_rules.simpler_model_as_good, DECLARED | {"declared_score": 0.9}, None),
        (choice_rules.class_left_behind, BEHIND, "Of class cat 20 of 40"),
        (choice_rules.class_left_behind, BEHIND | {"worst_luck": 0.01}, None),
        (choice_rules.class_left_behind, BEHIND | {"others_right_share": 0.7}, None),
        (choice_rules.class_left_behind, BEHIND | {"worst_right": NAN}, None),
        (choice_rules.trained_on_all_data, ALL, "all 240 items, for 6 epochs"),
        (choice_rules.trained_on_all_data, {}, None),
        (choice_rules.trained_on_all_data, ALL | {"all_data_items": NAN}, None),
    ],
)
def test_rules(rule, given, says):
    found = rule(Evidence(given))
    assert (found is None) == (says is None)
    if found:
        assert found.severity == "note"
        assert says in found.message
