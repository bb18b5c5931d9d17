"""Remarks about the model that was chosen: how certain its score is, what it is worst at, whether a
simpler one would do.
"""

import math

from recipe.plugin import ERRORS, Evidence, Finding, Lead, finding, rule

LUCK = 1e-3
"""Chance of so few right answers of any class, from which it is no luck."""
MUCH_LESS = 0.5
"""Of the wrong answers of all other classes: twice as many."""


BEYOND_LUCK = 5.0
"""Standard errors of the difference: the best of a hundred equal trials lies 2.5 of its own above
its mean, on average."""


@rule("note")
def score_uncertainty(evidence: Evidence) -> Finding | None:
    """What: how much the validation score would differ with other validation items, with other
    seeds, and with another search of as many trials.

    Why: three kinds of luck are part of one number (Google's tuning playbook): of the data, of the
    training, and of the search. A gain that is smaller than one of them may be luck.

    Fix: adopt a change if its gain is larger than all three; hold out more items, and train from
    more seeds (`--ensemble`), if smaller differences matter.
    """
    low, high, score, seeds, searches = (
        evidence.number(name)
        for name in ("val_low", "val_high", "chosen_score", "between_seeds", "between_searches")
    )
    if low is None or high is None or score is None:
        return None
    parts = [f"with other validation items it would lie between {low:.4g} and {high:.4g}"]
    if seeds is not None:
        parts.append(f"other seeds would move it by up to {ERRORS * seeds:.2g} either way")
    if searches is not None:
        parts.append(f"another search of as many trials by up to {ERRORS * searches:.2g}")
    return finding(
        "note",
        f"The validation score is {score:.4g}; {', '.join(parts)} (all 95 %). It is optimistic: "
        "the model was chosen by it.",
        "Do not take smaller differences for gains.",
    )


@rule("note")
def simpler_model_as_good(evidence: Evidence) -> Finding | None:
    """What: a model with clearly fewer parameters, or the declared setting, scores as much as the
    best one, or the two are too close to call.

    Why: of two models with the same score, the simpler one is faster, smaller and easier to
    maintain: a gain has to be worth the complexity (Google's tuning playbook).

    Fix: use the simpler one.
    """
    best, error = evidence.number("best_score"), evidence.number("score_error")
    score, own, other, trial = (
        evidence.number(name)
        for name in ("simpler_score", "simpler_parameters", "best_parameters", "simpler_trial")
    )
    if best is None or error is None:
        return None
    if score is not None and own and other and trial is not None:
        lead = Lead(score - best, error)
        if lead.verdict == "worse":
            return None
        return finding(
            "note",
            f"Trial {trial:.0f} has {own / other:.0%} of the parameters of the best one and scores "
            f"{score:.4g}, the best one {best:.4g}: {lead}.",
            "Use the smaller model.",
        )
    declared = evidence.number("declared_score")
    if declared is None or best <= declared or Lead(best - declared, error).better:
        return None
    return finding(
        "note",
        f"The best setting scores {best:.4g}, the declared one {declared:.4g}: "
        f"{Lead(best - declared, error)}.",
        "Keep the declared setting, unless fresh seeds confirm the other one.",
    )


@rule("note")
def class_left_behind(evidence: Evidence) -> Finding | None:
    """What: the chosen model is wrong about one class at least twice as often as about the others,
    beyond luck.

    Why: a score over all items hides what happens to a class of few of them. With very few items
    the share itself is uncertain, so counts are given, and classes of fewer than ten items are not
    judged.

    Fix: look at its wrong answers in validation.csv; collect more items of it, weight the classes,
    or use a score in which each class counts the same.
    """
    name = evidence.text("worst_class")
    items, right, others, luck = (
        evidence.number(key)
        for key in ("worst_items", "worst_right", "others_right_share", "worst_luck")
    )
    if name is None or not items or right is None or others is None or luck is None:
        return None
    wrong = 1 - right / items
    if luck > LUCK or 1 - others > MUCH_LESS * wrong:
        return None
    return finding(
        "note",
        f"Of class {name} {right:.0f} of {items:.0f} validation items are right "
        f"({right / items:.0%}), of all others {others:.0%}.",
        "Look at its items in validation.csv; weigh the classes if it matters.",
    )


@rule("note")
def trained_on_all_data(evidence: Evidence) -> Finding | None:
    """What: the best setting was trained once more, on training and validation data together.

    Why: once everything is chosen and the test data have been looked at, validation data are of no
    other use, and more data nearly always help. There is nothing left to measure the score of this
    model with.

    Fix: use these weights in production, and report the score of the chosen model.
    """
    file, items, epochs = (
        evidence.text("all_data_file"), evidence.number("all_data_items"),
        evidence.number("all_data_epochs"),
    )  # fmt: skip
    if file is None or items is None or epochs is None:
        return None
    return finding(
        "note",
        f"The weights in {file} were trained on all {items:.0f} items, for {epochs:.0f} epochs.",
        "Report the score of the chosen model: nothing is left to score these with.",
    )


@rule("warn")
def test_differs_from_validation(evidence: Evidence) -> Finding | None:
    """What: the chosen model scores far lower on the test data than on the validation data, beyond
    what luck and the choice by the validation score explain.

    Why: the best of a hundred trials flatters itself by two to three standard errors of its score.
    A larger gap says that the test items are of another kind: data were split in the order of a
    file, by time or by source, or items of validation have near twins in training.

    Fix: find out how the parts were made; split at random, or by the same groups, all three of
    them. Until then the lower score is the one to report.
    """
    test, chosen = evidence.number("test_score"), evidence.number("chosen_score")
    ends = [evidence.number(n) for n in ("test_low", "test_high", "val_low", "val_high")]
    if test is None or chosen is None or any(end is None for end in ends):
        return None
    low, high, val_low, val_high = (float(end or 0.0) for end in ends)
    error = math.hypot(high - low, val_high - val_low) / (2 * ERRORS)
    if not error > 0 or chosen - test < BEYOND_LUCK * error:
        return None
    return finding(
        "warn",
        f"On the test data the chosen model scores {test:.4g} ({low:.4g} to {high:.4g}), on the "
        f"validation data {chosen:.4g} ({val_low:.4g} to {val_high:.4g}): "
        f"{(chosen - test) / error:.1f} standard errors apart, which neither luck nor the choice "
        "by the validation score explains.",
        "Find out how the three parts were made: shuffle before splitting, or split by the same "
        "groups. Until then, report the score on the test data.",
        confidence=0.8,
    )


RULES = (
    test_differs_from_validation,
    score_uncertainty,
    simpler_model_as_good,
    class_left_behind,
    trained_on_all_data,
)
