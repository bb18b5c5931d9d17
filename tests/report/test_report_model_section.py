"""What the report and the terminal say of the model that was chosen."""

import pytest

from recipe.core.chosen_model import KINDS, Chosen, FinalScore, Member
from recipe.core.results import RunResult
from recipe.report.model_section import NAMES, about_model, model_lines

TWO = (Member({}, "a"), Member({}, "b"))
TEST = FinalScore(0.8012, 0.7755, 0.8244, 1000, 0.5, "wilson")


def test_every_kind_has_a_name():
    assert set(NAMES) == set(KINDS)


def test_nothing_is_said_where_nothing_was_chosen_or_it_is_the_best_training():
    for chosen in (None, Chosen("single", TWO[:1], 0.9)):
        assert about_model(RunResult("x", chosen=chosen)) == []
        assert model_lines(RunResult("x", chosen=chosen)) == []


def test_an_ensemble_and_its_test():
    result = RunResult("x", metric="accuracy", chosen=Chosen("ensemble", TWO, 0.83, 0.4, TEST))
    first, second = about_model(result)
    assert first == "The model to use is several trainings together (2 of them) (validation 0.83)."
    assert second == "On 1000 test items it scores **0.8012** (95 %: 0.7755 to 0.8244)."
    assert model_lines(result) == [
        "Model: several trainings together (2 of them), accuracy 0.83",
        "Test: accuracy 0.8012 (95 %: 0.7755 to 0.8244), 1000 items",
    ]


@pytest.mark.parametrize("test", [FinalScore(None), None])
def test_a_test_without_a_score_is_not_told(test):
    assert about_model(RunResult("x", chosen=Chosen("single", TWO[:1], 0.9, test=test))) == []


def test_a_score_whose_interval_is_not_known():
    chosen = Chosen("single", TWO[:1], 0.9, test=FinalScore(0.5, items=1))
    assert about_model(RunResult("x", chosen=chosen)) == ["On 1 test item it scores **0.5**."]
