"""Notes that explain causes, with the rules of the steps."""

from dataclasses import replace

import pytest

from recipe.engine.explaining_notes import all_that_explains, in_order
from recipe.plugin import finding
from recipe.plugin.registry import all_rules, load

RULES = all_rules(load())


def note(rule, confidence=1.0, severity="note"):
    return replace(finding(severity, "Seen.", "Do.", confidence), rule=rule)


def test_a_note_is_tried_before_what_may_come_from_it():
    causes = ["loss-sign-flipped", "underfitting", "simple-model-does-better"]
    order = in_order(RULES, causes, ["class-imbalance", "order-ignored"])
    assert order.index("order-ignored") < order.index("underfitting")
    assert order[0] == "loss-sign-flipped"
    assert sorted(order) == sorted([*causes, "class-imbalance", "order-ignored"])


def test_without_explaining_notes_the_order_stays():
    assert in_order(RULES, ["underfitting", "overfitting"], []) == ["underfitting", "overfitting"]


@pytest.mark.parametrize(
    ("causes", "untried", "told"),
    [
        (["underfitting", "simple-model-does-better"], [note("order-ignored")], {"order-ignored"}),
        (["underfitting", "loss-sign-flipped"], [note("order-ignored")], set()),
        (["underfitting"], [note("order-ignored", 0.6)], set()),
        (["underfitting"], [note("order-ignored", severity="warn")], set()),
        ([], [note("order-ignored")], set()),
        (["underfitting"], [], set()),
    ],
)
def test_a_note_that_explains_everything_is_the_cause(causes, untried, told):
    assert all_that_explains(RULES, causes, untried) == told
