"""Rules about labels: those that nothing in the inputs tells, and those that were given wrongly.

Noise of labels is told from a hard task. Who answers a hard task is wrong where it is unsure. Wrong
labels fall anywhere: among the items that one is surest of, as often as among all (Northcutt et al.
2021 look for label errors in the same place).
"""

import math

from recipe.plugin import Evidence, Finding, finding, rule

SIGNIFICANCE = 2.33
"""Standard normal quantile of one in a hundred."""
NOISY = 0.05
"""Share of wrong answers among the surest items that has to be exceeded at that significance."""
AS_OFTEN = 0.7
"""Wrong answers among the surest items, relative to all: 1 where errors fall anywhere; weak models
on clean CIFAR-10 reach 0.5."""
SKILL = 0.25
"""Share of the way from chance to perfect below which a model is sure of nothing."""
MOST = 0.5
"""Share of all labels that the model contradicts from which it is the model that is doubtful: a
small network on clean CIFAR-10 that is wrong on 58 % was wrong on 43 % of the surest."""

PROBE_NOISY, PROBE_SKILL = 0.015, 0.5
"""The same of simple predictors, which answer for thousands of items of both parts."""
FLAT, OF_ALL = 0.6, 0.25
"""Wrong answers among the fifth that these are surest of relative to those among the surest half,
and of these relative to all. Classes that overlap give 0 to 0.5; labels that were drawn anew 0.8 to
1.2."""
ONE_WAY, BOTH_WAYS = 0.5, 0.8
"""Share of a single confusion among the wrong answers, of many classes and of two: more of it is a
class that looks like another one."""
SURE_ITEMS, MANY_CLASSES, MANY_INPUTS = 200, 5, 16
"""Items from which it is said; and classes and columns from which a table is one of labels that
the inputs settle. In other tables what was not measured acts like noise."""

TOLD, UNTOLD, WEAKER = 6.0, 3.5, 0.3
"""Strengths (`inspect.label_probe`) from which labels are told by the inputs for certain, up to
which they are not, and relative to what the other part promises. Without any relation strengths
spread by 1.4 at most."""
NOTHING, MANY = 2.5, 200
"""Strength up to which simple predictors know nothing, and the items from which that is noted."""

RANDOM = ("overfitting", "underfitting", "best-at-edge-of-grid", "slow-start", "still-improving",
          "predicts-majority-class", "learning-rate-too-low", "learning-rate-too-high",
          "noisy-labels", "simple-model-does-better", "no-better-than-chance")  # fmt: skip
"""What labels look like that the inputs do not tell."""


@rule("fail", explains=RANDOM)
def labels_look_random(evidence: Evidence) -> Finding | None:
    """What: simple predictors tell the labels of one part, and nothing of those of the other.

    Why: there is nothing in the inputs that tells the labels: they were shuffled apart, or
    belong to other items. Neighbours, a linear model and trees that know nothing of the labels of
    both parts are noted only: a hard task looks alike to them.

    Fix: check that inputs and labels are paired, on a few items by eye.
    """
    return _by_probe(evidence)


def _by_probe(evidence: Evidence) -> Finding | None:
    train, val, across, expected = (
        evidence.number(f"probe_{name}") for name in ("train", "val", "across", "val_expected")
    )  # fmt: skip
    items, others = evidence.number("probe_items"), evidence.number("probe_val_items")
    if train is None or items is None:
        return None
    if val is not None and across is not None and expected is not None and others:
        promised = val * (items / others) ** 0.5
        # What was learnt from random labels may by luck fit a few clusters of the other part.
        if val >= TOLD and train < min(UNTOLD, WEAKER * promised) and across < WEAKER * val:
            return _apart("training", "validation")
        if expected >= TOLD and max(val, across) < min(UNTOLD, WEAKER * expected):
            return _apart("validation", "training")
    known = max(train, val or 0.0)
    if known >= NOTHING or items < MANY or evidence.text("best_status") is not None:
        return None
    return finding(
        "note",
        f"Neighbours, a linear model and trees know nothing of the labels of {items:.0f} training "
        "items that they were not shown.",
        "If the model learns nothing either, check that inputs and labels belong together.",
    )


def _apart(one: str, other: str) -> Finding:
    return finding(
        "fail",
        f"Neighbours, a linear model and trees tell the labels of {other} from the inputs, and "
        f"know nothing of those of {one}.",
        f"Check that inputs and labels of {one} belong together.",
        confidence=0.95,
    )


@rule("warn", explains=["overfitting", "underfitting", "needs-lr-decay"])
def noisy_labels(evidence: Evidence) -> Finding | None:
    """What: the best model, or neighbours and trees that were not shown an item's label, are wrong
    on the items they are surest of nearly as often as on all items.

    Why: on a hard task one is wrong where one is unsure. Wrong labels can fall anywhere, and
    training for longer memorizes them: validation loss rises as in overfitting, and more data of
    this kind help less than clean labels. In tables with few inputs or classes, anything that was
    not measured looks like a wrong label: there neighbours and trees say nothing.

    Fix: look at the listed items and correct their labels; until then stop early, or smooth the
    labels.
    """
    return _by_model(evidence) or _by_others(evidence)


def _by_model(evidence: Evidence) -> Finding | None:
    items, wrong, overall, chance = (
        evidence.number(name)
        for name in ("surest_items", "surest_wrong", "wrong_share", "best_chance")
    )
    if not items or wrong is None or not overall or chance is None or chance >= 1:
        return None
    if overall >= MOST:
        return None
    share = wrong / items
    skill = (1 - overall - chance) / (1 - chance)
    if not _exceeds(share, items, NOISY) or share < AS_OFTEN * overall or skill < SKILL:
        return None
    named = evidence.text("suspect_items")
    return finding(
        "warn",
        f"Of the {items:.0f} validation items that the best model is surest of, {share:.0%} have "
        f"another label (of all {overall:.0%}), among them items {named}.",
        "Look at these items and correct their labels; until then stop early or smooth the labels.",
        confidence=0.8,
    )


def _by_others(evidence: Evidence) -> Finding | None:
    """Where neighbours and trees contradict labels, the surest of them as often as any."""
    items, wrong, surer, overall, chance, pair = (
        evidence.number(f"probe_{name}")
        for name in ("sure_items", "sure_wrong", "surer_wrong", "wrong", "chance", "pair_share")
    )
    classes, inputs = evidence.number("probe_classes"), evidence.number("probe_inputs")
    if not items or wrong is None or surer is None or overall is None or chance is None:
        return None
    if pair is None or classes is None or inputs is None or chance >= 1 or items < SURE_ITEMS:
        return None
    settled = classes >= MANY_CLASSES and inputs >= MANY_INPUTS
    if not (settled or evidence.flag("probe_pictures")):
        return None
    share, skill = wrong / items, (1 - overall - chance) / (1 - chance)
    if skill < PROBE_SKILL or not _exceeds(share, items, PROBE_NOISY):
        return None
    if surer < FLAT * share or share < OF_ALL * overall:
        return None
    if pair > (BOTH_WAYS if classes == 2 else ONE_WAY):
        return None
    named = evidence.text("probe_suspects")
    among = f", among them training items {named}" if named else ""
    return finding(
        "warn",
        f"About {share:.0%} of the labels look wrong: of the {items:.0f} items that neighbours and "
        f"trees are surest of, {wrong:.0f} have another label{among}.",
        "Look at these items and correct their labels; until then stop early or smooth the labels.",
        confidence=0.8,
    )


def _exceeds(share: float, items: float, limit: float) -> bool:
    error = math.sqrt(max(share, limit) * (1 - min(share, 1 - limit)) / items)
    return share - SIGNIFICANCE * error > limit


RULES = (labels_look_random, noisy_labels)
