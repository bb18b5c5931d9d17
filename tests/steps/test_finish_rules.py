"""The remarks of the last step: what is said, when, and when nothing is."""

import subprocess
import sys

import pytest

from recipe.core.evidence import Evidence
from recipe.plugin.step import read_examples
from recipe_steps.finish import Finish, choice_rules, rules

ENSEMBLE = {"trainings": 5, "seeds_score": 0.742, "seed_mean": 0.718, "seeds_error": 0.006,
            "lead_items": 80, "error_correlation": 0.62}  # fmt: skip
SNAPSHOTS = {
    "snapshots": 5,
    "snapshot_score": 0.731,
    "single_score": 0.722,
    "snapshot_error": 0.002,
}
AVERAGE = {"averaging_gain": 0.004, "averaging_error": 0.001, "averaging_trainings": 5}
TEST = {"test_score": 0.73, "test_low": 0.71, "test_high": 0.75, "test_items": 2000,
        "chosen_score": 0.742}  # fmt: skip
CASES = [(rules.ensemble_gain, ENSEMBLE), (rules.snapshot_gain, SNAPSHOTS),
         (rules.averaging_gain, AVERAGE), (rules.test_score, TEST)]  # fmt: skip


def said(rule, **scalars):
    return rule(Evidence(scalars))


@pytest.mark.parametrize(("rule", "given"), CASES)
def test_it_speaks_and_bears_on_nothing(rule, given):
    found = said(rule, **given)
    assert (found.rule, found.severity, found.counts) == (rule.name, "note", False)


@pytest.mark.parametrize(("rule", "given"), CASES)
def test_it_is_silent_where_something_was_not_measured(rule, given):
    assert rule(Evidence()) is None
    needed = {"ensemble-gain": ("trainings", "seeds_score", "seed_mean"),
              "snapshot-gain": ("snapshots", "snapshot_score", "single_score"),
              "averaging-gain": ("averaging_gain", "averaging_trainings"),
              "test-score": ("test_score", "test_items")}  # fmt: skip
    for name in needed[rule.name]:
        for unknown in (None, float("nan")):
            assert rule(Evidence({**given, name: unknown})) is None
    assert rule(Evidence({name: given[name] for name in needed[rule.name]})) is not None


@pytest.mark.parametrize(("gain", "pays"), [(0.0061, False), (0.0117, False), (0.0119, True)])
def test_an_ensemble_pays_where_its_interval_excludes_no_gain(gain, pays):
    given = {**ENSEMBLE, "seed_mean": 0.5, "seeds_score": 0.5 + gain, "seeds_error": 0.006}
    found = said(rules.ensemble_gain, **given)
    assert found.advice.startswith("Use the ensemble") == pays
    assert ("too close to call on 80 items" in found.message) != pays


def test_two_of_eighty_items_are_no_gain():
    """A gain of 1.8 images is not sold as one."""
    found = said(rules.ensemble_gain, **{**ENSEMBLE, "seed_mean": 0.65, "seeds_score": 0.672,
                                         "seeds_error": 0.027})  # fmt: skip
    assert "too close to call on 80 items (+0.02, 95 % interval -0.03 to +0.07)" in found.message
    assert found.advice == "Keep the single model."


@pytest.mark.parametrize(("score", "pays"), [(0.72, False), (0.73, True), (0.6, False)])
def test_snapshots(score, pays):
    found = said(rules.snapshot_gain, **{**SNAPSHOTS, "snapshot_score": score})
    assert found.advice.startswith("Use the snapshots") == pays


@pytest.mark.parametrize(
    ("gain", "error", "use"),
    [(0.004, 0.001, True), (0.0019, 0.001, False), (-0.004, 0.001, False), (0.004, None, False)],
)
def test_averages_are_used_where_they_help_for_certain(gain, error, use):
    found = said(
        rules.averaging_gain, **{**AVERAGE, "averaging_gain": gain, "averaging_error": error}
    )
    assert found.advice.startswith("Use the averaged") == use


@pytest.mark.parametrize(
    ("gain", "advice"),
    [(0.004, "Use the averaged"), (0.0005, "Use either"), (-0.004, "Keep the weights")],
)
def test_what_averaging_brings_is_said_either_way(gain, advice):
    assert said(rules.averaging_gain, **{**AVERAGE, "averaging_gain": gain}).advice.startswith(
        advice
    )


def test_the_score_on_the_test_data_stands_beside_the_one_in_validation():
    found = said(rules.test_score, **TEST)
    for part in ("2000 test items", "0.73", "0.71 to 0.75", "0.742"):
        assert part in found.message
    assert "interval" not in said(rules.test_score, **{**TEST, "test_low": None}).message


FAR = {"test_score": 0.94, "test_low": 0.9235, "test_high": 0.9531, "val_low": 0.9766,
       "val_high": 0.9916, "chosen_score": 0.986}  # fmt: skip


def test_a_gap_beyond_luck_to_the_test_data_warns():
    found = said(choice_rules.test_differs_from_validation, **FAR)
    assert found.severity == "warn"
    assert "5.4 standard errors" in found.message
    near = {**FAR, "test_score": 0.95, "test_low": 0.9335, "test_high": 0.9631}
    assert said(choice_rules.test_differs_from_validation, **near) is None
    higher = {**FAR, "test_score": 0.999, "test_low": 0.9985, "test_high": 0.9995}
    assert said(choice_rules.test_differs_from_validation, **higher) is None
    for name in FAR:
        for unknown in (None, float("nan")):
            given = {**FAR, name: unknown}
            assert said(choice_rules.test_differs_from_validation, **given) is None


@pytest.mark.parametrize(
    ("reason", "advice"),
    [("the run a-1 used the test data on 2026-01-02", "--again"),
     ("a remedy changed the data, and the test data are as they were", "Fix the data")],
)  # fmt: skip
def test_test_data_that_were_not_used(reason, advice):
    found = said(rules.test_score, test_withheld=reason)
    assert reason in found.message
    assert advice in found.advice


def test_no_error_claims_nothing():
    found = said(rules.ensemble_gain, **{**ENSEMBLE, "seeds_error": None})
    assert "interval" not in found.message
    assert found.advice == "Keep the single model."


def test_every_rule_has_an_example_on_which_it_speaks():
    examples = Finish().examples
    assert set(examples) == {rule.name for rule in Finish.rules}
    assert all(rule(examples[rule.name]) for rule in Finish.rules)
    assert read_examples(rules.__file__) == examples


def test_judging_needs_no_torch():
    code = (
        "import sys; from recipe_steps.finish import Finish; "
        "[r(Finish().examples[r.name]) for r in Finish.rules]; assert 'torch' not in sys.modules"
    )
    paths = [path for path in sys.path if path]
    subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}; {code}"], check=True
    )
