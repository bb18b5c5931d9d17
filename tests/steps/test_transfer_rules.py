"""Rules of transfer learning: where they fire, where they are silent, at the border, without a number."""

import pytest

from recipe.core.evidence import Evidence
from recipe_steps.transfer import Transfer, advice
from recipe_steps.transfer.rules import (
    features_do_not_transfer,
    fine_tuning_rate_too_high,
    head_not_reinitialised,
    transfer_advice,
)
from rule_cases import NAN, Case, assert_complete, check


def worse(**given):
    return {"probe_score": 0.8, "score_error": 0.02, "features_before": 0.82, "features_error": 0.03,
            "tuned_score": 0.6, "tuned_lr": 0.1, "tuned_features": 0.5, **given}  # fmt: skip


def three(probe=0.8, tuned=0.85, scratch=0.6, **given):
    return {"probe_score": probe, "tuned_score": tuned, "scratch_score": scratch, "score_error": 0.02,
            "blocks": 4, "tuned_freeze": 2, "tuned_lr": 0.01, "items_per_class": 20.0, **given}  # fmt: skip


DECLARED = {"declared_score": 0.5, "declared_lr": 1.0, "declared_features": 0.4}

CASES = [
    Case(head_not_reinitialised, {"head_repeats": True, "head": "fc"}, "fail", says="'fc'"),
    Case(head_not_reinitialised, {"head_repeats": False, "head": "fc"}, None),
    Case(head_not_reinitialised, {}, None),
    Case(fine_tuning_rate_too_high, worse(), "warn", says="0.5 instead of 0.82"),
    Case(fine_tuning_rate_too_high, worse(**DECLARED), "warn", says="The declared setting at lr 1 "),
    Case(fine_tuning_rate_too_high, worse(**DECLARED, tuned_score=0.9), "warn", says="declared"),
    Case(fine_tuning_rate_too_high, worse(tuned_score=0.761), None),
    Case(fine_tuning_rate_too_high, worse(tuned_score=0.759), "warn"),
    Case(fine_tuning_rate_too_high, worse(tuned_features=0.8), None),
    Case(fine_tuning_rate_too_high, worse(tuned_features=NAN), None),
    Case(fine_tuning_rate_too_high, worse(tuned_score=NAN), None),
    Case(fine_tuning_rate_too_high, worse(probe_score=NAN), None),
    Case(fine_tuning_rate_too_high, worse(features_error=NAN), None),
    Case(features_do_not_transfer, three(0.5, 0.55, 0.7), "warn", says="in the way"),
    Case(features_do_not_transfer, three(0.5, 0.69, 0.7), "note", says="nothing beyond the noise"),
    Case(features_do_not_transfer, three(0.5, 0.719, 0.7), "note"),
    Case(features_do_not_transfer, three(0.5, 0.721, 0.7), None),
    Case(features_do_not_transfer, three(0.5, 0.679, 0.7), "warn"),
    Case(features_do_not_transfer, three(0.5, 0.69, 0.7, tuned_scratch_error=0.005), "warn"),
    Case(features_do_not_transfer, three(0.5, 0.71, 0.7, tuned_scratch_error=0.005), None),
    Case(features_do_not_transfer, three(0.8, NAN, 0.7), None),
    Case(features_do_not_transfer, three(0.6, NAN, 0.7), "warn"),
    Case(features_do_not_transfer, three(scratch=NAN), None),
    Case(features_do_not_transfer, three(score_error=NAN, scratch=0.9), None),
    Case(features_do_not_transfer, {"drawn_share": 0.98}, "warn", says="nothing was loaded"),
    Case(features_do_not_transfer, {"drawn_share": 0.5}, None),
    Case(features_do_not_transfer, {"drawn_share": NAN}, None),
    Case(transfer_advice, three(), "note", says="20 items of each class are few; the features serve"),
    Case(transfer_advice, three(0.8, 0.81), "note", says="the head alone (0.8) is as good within the noise"),
    Case(transfer_advice, three(NAN, NAN, 0.6), "note", says="Measured best: training from scratch"),
    Case(transfer_advice, three(profile_best=2, profile_best_score=0.7, profile_last_score=0.6,
                                profile_error=0.03), "note", says="after block 2 of 4 tell more"),
    Case(transfer_advice, three(0.8, 0.7, updates=18.0, probe_updates=300.0), "note",
         says="the head alone (0.8), but the other ways had only 18 updates"),
    Case(transfer_advice, three(0.8, 0.9, updates=18.0, probe_updates=300.0), "note",
         says="few. Measured best: fine-tuning (0.9)."),
    Case(transfer_advice, three(updates=300.0, probe_updates=900.0), "note", says="serve this task"),
    Case(transfer_advice, three(NAN, NAN, NAN), None),
    Case(transfer_advice, {}, None),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case):
    check(Transfer(), case)


def test_every_rule_is_tested():
    assert_complete(Transfer(), CASES)


@pytest.mark.parametrize(
    ("probe", "tuned", "scratch", "best", "as_good"),
    [
        (0.80, 0.85, 0.6, "tuned", None),
        (0.80, 0.8199, 0.6, "tuned", "probe"),
        (0.80, 0.8201, 0.6, "tuned", None),
        (0.5, 0.69, 0.7, "scratch", "tuned"),
        (0.5, 0.6, 0.7, "scratch", None),
        (0.7, None, 0.69, "probe", None),
        (0.7, 0.7, None, "probe", None),
        (None, None, 0.69, "scratch", None),
        (None, None, None, None, None),
    ],
)
def test_the_best_way_and_a_cheaper_one_that_is_as_good(probe, tuned, scratch, best, as_good):
    evidence = Evidence(three(probe, tuned, scratch))
    assert advice.best(evidence) == best
    assert advice.as_good(evidence) == as_good


@pytest.mark.parametrize(("paired", "as_good"), [(0.005, None), (0.015, "probe")])
def test_the_error_of_the_difference_tells_what_is_as_good(paired, as_good):
    evidence = Evidence(three(0.80, 0.81, 0.6, probe_tuned_error=paired))
    assert advice.as_good(evidence) == as_good
    assert advice.error(evidence, "tuned", "probe") == paired
    assert advice.error(evidence, "tuned", "scratch") == 0.02


@pytest.mark.parametrize(
    ("items", "word"), [(99.0, "are few"), (100.0, "neither"), (999.0, "neither"), (1000.0, "many")]
)
def test_the_size_is_told_by_items_of_a_class(items, word):
    assert word in advice.size(Evidence({"items_per_class": items}))


@pytest.mark.parametrize(
    ("probe", "tuned", "says"),
    [
        (0.73, 0.9, "serve this task"),
        (
            0.71,
            0.9,
            "alone serve it no better than what is learnt from scratch, but are a good place",
        ),
        (0.71, 0.71, "features serve it no better"),
        (0.67, 0.9, "alone do not serve it, but are a good place to start from"),
        (0.67, 0.71, "something else"),
        (0.67, None, "something else"),
    ],
)
def test_similarity_is_the_head_alone_against_scratch(probe, tuned, says):
    assert says in advice.similarity(Evidence(three(probe, tuned, 0.7)))


@pytest.mark.parametrize(
    ("frozen", "says"), [(0, "the whole model"), (3, "the upper 1 of 4 blocks")]
)
def test_fine_tuning_is_advised_with_its_depth_and_rate(frozen, says):
    evidence = Evidence(three(tuned_freeze=frozen))
    assert says in advice.what_to_do(evidence, "tuned")
    assert "lr 0.01" in advice.what_to_do(evidence, "tuned")
    assert advice.what_to_do(evidence, "probe") == "train the head alone"
