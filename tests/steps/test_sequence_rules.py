"""Cases of the rules about sequences."""

import pytest

from recipe.core.evidence import Evidence
from recipe_steps.inspect import Inspect
from recipe_steps.inspect.sequence_rules import (
    labels_not_masked,
    padding_changes_outputs,
    sees_the_future,
    wrong_token_shift,
)
from rule_cases import NAN, Case, check


def ahead(change, step=5, **more):
    return {"future_change": change, "future_step": step} | {
        f"future_{name}": value for name, value in more.items()
    }


def padding(change, mask=None, given=False, **more):
    return {
        "padding_change": change, "padding_cut": 4, "padding_item": 7, "padding_mask": mask,
        "padding_mask_given": given,
    } | {f"padding_{name}": value for name, value in more.items()}  # fmt: skip


def moved(shift, share=1.0, right=0.03, **more):
    return {"token_shift": shift, "token_shift_share": share, "token_shift_right": right} | more


MASK = "attention_mask"
SEQUENCE_CASES = [
    Case(sees_the_future, ahead(0.09401, 7, token=8, reach=8), "fail", says="by up to 9.4% of"),
    Case(sees_the_future, ahead(0.3, token=6, reach=1), "fail", says="5 changes when token 6 does"),
    Case(sees_the_future, ahead(0.3, token=6, reach=6), "fail", says="up to 6 steps before"),
    Case(sees_the_future, ahead(0.002), "fail", says="when the tokens behind it do"),
    Case(sees_the_future, ahead(1e-4), None),
    Case(sees_the_future, ahead(NAN), None),
    Case(sees_the_future, {"future_change": 0.0}, None),
    Case(sees_the_future, {}, None),
    Case(padding_changes_outputs, padding(1.83), "fail", says="more than items differ"),
    Case(padding_changes_outputs, padding(0.03), "warn", says="item 7 changes by 3.0%"),
    Case(padding_changes_outputs, padding(0.02), None),
    Case(padding_changes_outputs, padding(0.1, by_step=True), "note"),
    Case(padding_changes_outputs, padding(0.11, by_step=True), "warn"),
    Case(padding_changes_outputs, padding(3.2, MASK, given=True, cut=None, refilled=22), "fail",
         says="22 of its padding steps hold other values. The model is given"),
    Case(padding_changes_outputs, padding(3.2, MASK, given=True, cut=None), None),
    Case(padding_changes_outputs, padding(0.5), "fail", says="takes no mask and no lengths."),
    Case(padding_changes_outputs, padding(0.01, MASK), "fail", says=f"takes {MASK} and is not"),
    Case(padding_changes_outputs, padding(0.001, MASK), None),
    Case(padding_changes_outputs, padding(0.01, MASK, given=True), None),
    Case(padding_changes_outputs, padding(0.03, MASK, given=True), "warn", says=f"given {MASK}."),
    Case(padding_changes_outputs, padding(0.01, MASK, given=True, mask_idle=True), "fail",
         says="which changes nothing."),
    Case(padding_changes_outputs, padding(0.01, MASK, given=True, change_turned=0.0), "fail",
         says="with the mask turned round."),
    Case(padding_changes_outputs, padding(0.01, MASK, given=True, change_turned=0.3), None),
    Case(padding_changes_outputs, padding(0.0, MASK, given=True, mask_turned=True), "fail",
         says="marks padding and leaves out real steps"),
    Case(padding_changes_outputs, padding(NAN), None),
    Case(padding_changes_outputs, padding(0.0, MASK, given=True), None),
    Case(labels_not_masked, {"padding_in_loss": 0.3135}, "fail", says="31% are those of padding"),
    Case(labels_not_masked, {"padding_in_loss": 0.01}, "fail"),
    Case(labels_not_masked, {"padding_in_loss": 0.009}, None),
    Case(labels_not_masked, {"padding_in_loss": NAN}, None),
    Case(labels_not_masked, {}, None),
    Case(wrong_token_shift, moved(2, labels_moved=True), "fail", says="100% of the targets"),
    Case(wrong_token_shift, moved(1, right=1.0), None),
    Case(wrong_token_shift, moved(2), "fail", says="the token 2 steps behind"),
    Case(wrong_token_shift, moved(2, share=0.94), None),
    Case(wrong_token_shift, moved(2, right=0.6), None),  # a text that repeats itself
    Case(wrong_token_shift, moved(0, asked_change=0.8), "fail", says="the very token"),
    Case(wrong_token_shift, moved(0, asked_change=0.0), None),  # the model moves its inputs
    Case(wrong_token_shift, moved(0), None),
    Case(wrong_token_shift, moved(-1, asked_change=0.8), "fail", says="the token 1 before"),
    Case(wrong_token_shift, moved(NAN), None),
    Case(wrong_token_shift, {}, None),
]  # fmt: skip


@pytest.mark.parametrize("case", SEQUENCE_CASES, ids=str)
def test_rule(case):
    check(Inspect(), case)


@pytest.mark.parametrize(
    ("more", "advice"),
    [
        ({"labels_moved": True}, "labels equal to input_ids"),
        ({"token_shift_in_loss": 1}, "once, in the data or in the loss"),
        ({}, "by one step only"),
    ],
)
def test_the_right_shift_is_named(more, advice):
    found = wrong_token_shift(Evidence(moved(2, **more)))
    assert advice in found.advice
