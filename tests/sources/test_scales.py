"""Words with an order, and words that look like some."""

import random

import pytest

from recipe.sources.kinds import judged
from recipe.sources.scales import order_of

ORDERED = (
    "Risk 3 (Low)|Risk 2 (Medium)|Risk 1 (High)",
    "neg.|(+)|+|++|+++",
    "Not confident|Somewhat confident|Confident|Very confident",
    "Very unhappy|Unhappy|Neutral|Happy|Very happy",
    "Strongly oppose|Oppose|Neutral|Support|Strongly support",
    "much lower|lower|about the same|higher|much higher",
    "poorest|poorer|middle|richer|richest",
    "Very negative|Negative|Mixed|Positive|Overwhelmingly positive",
    "Extremely green|Green|Slightly green|Moderate|Slightly brown|Brown|Extremely brown",
    "Far below average|Below average|Average|Above average",
    "gering|mittel|hoch|außergewöhnlich hoch",
    "kein Schaden|leichter Schaden|mittlerer Schaden|schwerer Schaden",
    "Very dissatisfied|A little dissat|Mod. satisfied|Very satisfied",
    "Minor damage|Major damage|Total loss",
    "Less than high school|High school|Bachelor|Master",
    "Early Phase 1|Phase 1|Phase 2|Phase 3",
    "$|$$|$$$|$$$$",
    "None|1or2|3or4|5orMore",
    "menos de 18|18-25|26-40|más de 65",
    "under €2 million|€2 to €10 million|over €50 million",
    "1 - 5 lakh|5 - 10 lakh|more than 1 crore",
    "Aged 18 to 24|Aged 25 to 34|Aged 65 and over",
    "★1|★2|★4|★5",
    "とても不満|不満|普通|満足|とても満足",
    "TRACE|DEBUG|INFO|WARN|ERROR",
    "no|Sometimes|Frequently|Always",
    "Insufficient_Weight|Normal_Weight|Overweight_Level_I|Overweight_Level_II|Obesity_Type_I",
    "Too little|About right|Too much",
    "Not a problem|Minor problem|Major problem",
    "Once a month|Once a week|2-3x a week|Every day",
)
UNORDERED = (
    "left|right|centre",
    "win|loss|draw",
    "Category 1|Category 2|Category 3",
    "light blue|dark blue|red",
    "A1|B7|C3",
    "very early|late",
    "unfurnished|furnished|other",
)


@pytest.mark.parametrize("words", ORDERED)
def test_from_the_least_to_the_most(words):
    known = words.split("|")
    found = list(order_of(set(known), ""))
    assert found in (known, known[::-1])


@pytest.mark.parametrize("words", UNORDERED)
def test_no_order(words):
    assert order_of(set(words.split("|")), "") is None


@pytest.mark.parametrize(
    "word", ["NDA", "Not Enough Data", "No rating", "Unknown / not applicable"]
)
def test_one_word_that_says_nothing_is_missing_among_grades(word):
    dice = random.Random(word)
    cells = [dice.choice(["Very Weak", "Weak", "Average", "Strong", word]) for _ in range(80)]
    column = judged("a", cells)
    assert column.kind == "grade"
    assert column.number("Weak") < column.number("Strong")
    assert column.number(word) != column.number(word)


def test_a_word_among_others_in_capitals_is_no_acronym():
    cells = ["LOW", "MEDIUM", "HIGH", "BMW"] * 20
    assert judged("a", cells).kind == "category"
