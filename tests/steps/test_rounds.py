import pytest

from recipe import Experiment
from recipe.core.evidence import Evidence
from recipe.core.findings import Finding
from recipe_steps.learning_curves.rounds import next_round
from recipe_steps.learning_curves.width import width_of

EVIDENCE = Evidence({"best_planned_epochs": 20})


def found(rule, message="In the best run something.", severity="warn", **more):
    return Finding(rule, severity, message, "Do.", **more)


def plan_for(*findings, plan=None, evidence=EVIDENCE):
    goto = next_round(evidence, findings, plan or {})
    if goto is None:
        return None
    assert goto.step == "refine_grid"
    assert goto.hypothesis
    return goto.plan


@pytest.mark.parametrize(
    ("rule", "plan"),
    [
        ("too-few-updates", {"epochs": 40}),
        ("overfitting", {"weight_decay_factor": 3.0}),
        ("still-improving", {"epochs": 30}),
        ("needs-lr-decay", {"schedule": "cosine"}),
        ("decayed-too-early", {"schedule": "cosine"}),
        ("slow-start", {"warmup": 0.05}),
        ("underfitting", {"weight_decay_factor": 1 / 3}),
        ("diverged", None),
        ("some-other-rule", None),
    ],
)
def test_each_finding_has_its_change(rule, plan):
    assert plan_for(found(rule)) == plan


@pytest.mark.parametrize(
    "given",
    [
        (),
        (found("overfitting", "In the baseline something."),),
        (found("overfitting", severity="note"),),
        (found("overfitting", ignored="known"),),
    ],
)
def test_nothing_to_act_on(given):
    assert plan_for(*given) is None


def test_what_was_tried_is_not_tried_again():
    findings = found("needs-lr-decay"), found("slow-start")
    assert plan_for(*findings) == {"schedule": "cosine"}
    assert plan_for(*findings, plan={"schedule": "cosine"}) == {"warmup": 0.05}
    assert plan_for(*findings, plan={"schedule": "cosine", "warmup": 0.05}) is None


def test_a_model_that_offers_another_width_is_made_wider():
    evidence = Evidence({"best_planned_epochs": 20, "best_width_name": "hidden", "best_width": 16})
    assert plan_for(found("underfitting"), evidence=evidence) == {"hidden": 32}
    assert plan_for(found("underfitting"), evidence=evidence, plan={"hidden": 32}) is None
    assert (
        "hidden 32 instead of 16" in next_round(evidence, (found("underfitting"),), {}).hypothesis
    )


def of(factory, **more):
    return width_of(Experiment(model=factory, train=None, **more))


def test_the_width_that_a_factory_offers():
    assert of(lambda depth=2, hidden=32: None) == ("hidden", 32)
    assert of(lambda hidden=32: None, model_args={"hidden": 8}) == ("hidden", 8)
    assert of(lambda hidden=32, width=4: None) == ("width", 4)
    assert of(lambda hidden=32, width=4: None, space={"width": [4, 8]}) == ("hidden", 32)
    for fixed in (
        lambda: None, lambda width: None, lambda width="wide": None, lambda width=True: None,
        lambda width=0: None, min,
    ):  # fmt: skip
        assert of(fixed) is None


def test_few_updates_are_acted_on_before_what_they_explain():
    slow = found("slow-start", because="too-few-updates")
    assert plan_for(slow, found("too-few-updates")) == {"epochs": 40}


def test_length_without_a_known_plan():
    assert plan_for(found("still-improving"), evidence=Evidence()) == {"epochs": 2}


@pytest.mark.parametrize(("adopted", "goes_on"), [(None, True), (True, True), (False, False)])
def test_after_a_change_that_was_not_adopted_it_stops(adopted, goes_on):
    goto = next_round(EVIDENCE, (found("overfitting"),), {}, adopted=adopted)
    assert (goto is not None) == goes_on


@pytest.mark.parametrize(
    ("rule", "left", "goes_on"),
    [("overfitting", 20, True), ("overfitting", 19, False), ("still-improving", 29, False),
     ("still-improving", 30, True), ("still-improving", None, True)],
)  # fmt: skip
def test_a_round_whose_training_is_not_paid_for_is_not_begun(rule, left, goes_on):
    assert (next_round(EVIDENCE, (found(rule),), {}, left=left) is not None) == goes_on


def test_a_decay_that_was_adopted_is_not_raised_again_by_another_change():
    plan = {"weight_decay_factor": 3.0}
    assert plan_for(found("needs-lr-decay"), plan=plan) == {
        "weight_decay_factor": 1.0, "schedule": "cosine"
    }  # fmt: skip
