"""Rules about the learning rate."""

import math
from dataclasses import replace

from recipe.plugin import Evidence, Finding, RemedyOutcome, Severity, finding, rule
from recipe_steps.lr_range import remedies, speed_rules
from recipe_steps.symptoms import NOT_LEARNING

MARGIN = 2.0
"""The declared rate may lie this factor outside of the measured bracket: 100 iterations cannot
tell rates apart more finely."""
POOR_SHARE, USELESS_SHARE = 0.3, 0.05
"""Shares of the best fall below which the declared rate warns and fails."""
TOLD = 0.97
"""Of the loss of an answer that knows nothing: what training comes below where items are told
apart. On shuffled labels a lucky rate ends two hundredths below."""
OFTEN = 0.5
"""Share of clipped updates in a whole training from which a lower rate does the same."""
MOSTLY, CLIPPED_SHARE = 0.9, 0.5
"""Share of clipped updates, and of the fall without clipping, at which clipping is too strong."""
FAR, ERRORS = 2.0, 3.0
"""Factor between two rates, and standard errors between what two whole trainings score, from which
the one is the better rate for certain: the best of a dozen trials is two of them ahead by luck."""
LOST, LOST_BY_CREEPING, MISSED = 0.15, 0.25, 0.5
"""What the better setting has to win, of the way from chance to a perfect score; more where its
rate is higher, since any training that is a little short ends better at a higher rate; and of what
is missing, where the declared setting is at chance and others may be why."""
MUCH_HIGHER, HALF, LEAST_WON = 3.0, 0.5, 0.03
"""Factor to a rate at which half of the wrong answers are right, and 3 of 100 answers at least:
what a training that is a little short does not lose."""
RATIO_HIGH, RATIO_LOW = 0.3, 1e-6
"""Far from the 1e-3 of CS231n ("ratio of weights:updates"), beyond what sound runs show early."""


def _share(evidence: Evidence) -> float | None:
    """How much of the best fall the declared rate reaches; -1 when it diverged."""
    if evidence.flag("declared_diverged"):
        return -1.0
    own, best = evidence.number("declared_drop"), evidence.number("best_drop")
    if own is None or best is None or best <= 0:
        return None
    return own / best


def _severity(evidence: Evidence, share: float) -> Severity:
    """How sure it is that the declared rate is to blame: less where the best one does not learn
    either what a constant answer does not give.
    """
    constant, start, drop = (
        evidence.number(name) for name in ("constant_loss", "start_loss", "best_drop")
    )
    none_learns = (
        constant is not None and start is not None and drop is not None
        and start - drop > TOLD * abs(constant)
    )  # fmt: skip
    return "fail" if share < USELESS_SHARE and not none_learns else "warn"


def _bracket(evidence: Evidence) -> tuple[float, float, float] | None:
    numbers = [evidence.number(n) for n in ("declared_lr", "bracket_low", "bracket_high")]
    declared, low, high = numbers
    if declared is None or low is None or high is None or not evidence.flag("works"):
        return None
    return declared, low, high


def outdone(evidence: Evidence, lost: float = LOST) -> tuple[float, float] | None:
    """Scores of whole trainings at the declared setting and at the best one that was tried, where
    the latter is better for certain and by far, `lost` being the share of the way from chance to
    perfect.
    """
    before, after, error = (
        evidence.number(name) for name in ("declared_score", "rival_score", "score_error")
    )
    chance = evidence.number("chance_score") or 0.0
    if before is None or after is None or error is None or not chance < after <= 1:
        return None
    learns = before > chance + ERRORS * error
    wanted = lost * (1 - chance) if learns else MISSED * (1 - before)
    certain = after - before >= max(wanted, ERRORS * math.sqrt(2) * error)
    return (before, after) if certain else None


def _halved(evidence: Evidence) -> tuple[float, float] | None:
    """The same where most of what is missing to a perfect share is won, beyond chance."""
    before, after, error = (
        evidence.number(name) for name in ("declared_score", "rival_score", "score_error")
    )
    chance = evidence.number("chance_score") or 0.0
    explained = evidence.text("score_name") == "val_r2"
    if before is None or after is None or not error or not chance < before < after <= 1:
        return None
    if not (chance > 0 or explained):
        return None  # a score of which nobody knows what is missing
    ratio = (1 - after) / (1 - before) * (1.0 if explained else after / before)
    both = error * math.sqrt(1 + ratio ** (2 if explained else 1))  # of both scores
    certain = after - before >= max(HALF * (1 - before), LEAST_WON, ERRORS * both)
    return (before, after) if certain else None


def _other_rate(evidence: Evidence, *, higher: bool) -> Finding | None:
    """Where whole trainings at the declared and at another rate were compared: what was lost."""
    declared, rival = evidence.number("declared_lr"), evidence.number("rival_lr")
    scores = outdone(evidence, LOST_BY_CREEPING if higher else LOST)
    if not declared or rival is None:
        return None
    if scores is None and higher and rival >= MUCH_HIGHER * declared:
        scores = _halved(evidence)
    if scores is None:
        return None
    factor = rival / declared if higher else declared / rival
    if factor < FAR:
        return None
    found = finding(
        "warn",
        f"The declared rate {declared:g} reaches a score of {scores[0]:.3g}; as long a training at "
        f"{rival:g} reaches {scores[1]:.3g}.",
        f"Use a rate near {rival:g}.",
        confidence=0.9,
    )
    outcome = RemedyOutcome(
        f"a rate of {rival:g}", verified=True, metric=evidence.text("score_name"),
        before=scores[0], after=scores[1],
    )  # fmt: skip
    return replace(found, remedy=outcome)


def _advice(low: float, high: float, evidence: Evidence) -> str:
    best = evidence.number("best_lr") or low
    return f"Use a rate between {low:g} and {high:g}; {best:g} fell most."


@rule(
    "fail",
    explains=["diverged", "unstable-training", "update-ratio-too-high", "predicts-majority-class",
              "slow-start", "underfitting", "best-at-edge-of-grid", "operation-not-finite"],
    remedy=remedies.best_rate,
)  # fmt: skip
def learning_rate_too_high(evidence: Evidence) -> Finding | None:
    """What: the declared rate lies above every rate at which the loss falls well.

    Why: steps that are too large overshoot: the loss swings, stalls or becomes infinite. A rate
    that works for a hundred iterations may still be too much for the end of a training: then a
    whole training at a lower rate ends far better.

    Fix: use a rate from the measured range, or warm up to the declared one.
    """
    bracket, share = _bracket(evidence), _share(evidence)
    if bracket is None or share is None:
        return _other_rate(evidence, higher=False)
    declared, low, high = bracket
    if declared <= MARGIN * high or share >= POOR_SHARE:
        return None
    what = "diverges" if share < 0 else f"reaches {max(share, 0):.0%} of the best fall"
    return finding(
        _severity(evidence, share),
        f"The declared rate {declared:g} {what}; usable rates end at {high:g}.",
        _advice(low, high, evidence),
        confidence=0.9,
    )


@rule(
    "fail",
    explains=["update-ratio-too-low", "underfitting", "slow-start", "still-improving",
              "predicts-majority-class", "too-few-updates", "best-at-edge-of-grid"],
    remedy=remedies.best_rate,
)  # fmt: skip
def learning_rate_too_low(evidence: Evidence) -> Finding | None:
    """What: the declared rate lies below every rate at which the loss falls well.

    Why: training crawls: what looks like underfitting is a model that has hardly moved. This is
    also found if a whole training at a higher rate ends far better.

    Fix: use a rate from the measured range.
    """
    bracket, share = _bracket(evidence), _share(evidence)
    if bracket is None or share is None:
        return _other_rate(evidence, higher=True)
    declared, low, high = bracket
    # What a rate does grows with the number of updates: a longer training may take a lower one.
    planned, tried = evidence.number("planned_iterations"), evidence.number("iterations")
    longer = max(1.0, planned / tried) if planned and tried else 1.0
    if declared * longer >= low / MARGIN or share >= POOR_SHARE:
        return None
    return finding(
        _severity(evidence, share),
        f"The declared rate {declared:g} reaches {max(share, 0):.0%} of the best fall in "
        f"{evidence.number('iterations') or 0:.0f} iterations; usable rates begin at {low:g}.",
        _advice(low, high, evidence),
        confidence=0.9,
    )


@rule("fail")
def no_learning_rate_works(evidence: Evidence) -> Finding | None:
    """What: no learning rate makes the loss fall by more than its own noise.

    Why: if every rate fails, the rate is not the problem: the gradient does not reach the weights,
    the loss does not depend on the outputs, or inputs and labels do not belong together. A model
    that has memorized a sample has shown that some rate works; it merely needs more than a hundred
    iterations, and this rule says nothing.

    Fix: go back to the first two steps: the initial loss, and overfitting a small sample.
    """
    if evidence.scalars.get("works") is not False or evidence.number("sample_lr") is not None:
        return None
    return finding(
        "fail",
        "At no learning rate does the loss fall by more than its noise.",
        "Go back to the first two steps: the learning rate is not the problem.",
        confidence=0.8,
    )


@rule("warn", remedy=remedies.best_rate, lasting=True)
def update_ratio_too_high(evidence: Evidence) -> Finding | None:
    """What: at the declared rate one update changes the weights by a large part of their size.

    Why: about 1e-3 is typical (CS231n). Updates nearly as large as the weights themselves wipe out
    what was learnt before.

    Fix: lower the rate; if it is low already, the initial weights are too small.
    """
    ratio = evidence.number("declared_update_ratio")
    if ratio is None or ratio <= RATIO_HIGH:
        return None
    return finding(
        "warn",
        f"At the declared rate an update is {ratio:.2g} of the weights, expected about 1e-3.",
        "Lower the learning rate, or start from larger weights.",
        confidence=0.6,
    )


@rule("warn", remedy=remedies.best_rate, lasting=True)
def update_ratio_too_low(evidence: Evidence) -> Finding | None:
    """What: at the declared rate, an update changes the weights by next to nothing.

    Why: about 1e-3 is typical (CS231n); at a millionth, even thousands of updates leave the weights
    where they were.

    Fix: raise the rate; if it is high already, the initial weights are too large or the
    gradient vanishes on its way.
    """
    ratio, share = evidence.number("declared_update_ratio"), _share(evidence)
    if ratio is None or ratio >= RATIO_LOW or (share is not None and share >= POOR_SHARE):
        return None  # what has arrived need not move
    return finding(
        "warn",
        f"At the declared rate an update is {ratio:.2g} of the weights, expected about 1e-3.",
        "Raise the learning rate, or start from smaller weights.",
        confidence=0.6,
    )


@rule("note", explains=["best-at-edge-of-grid"])
def lr_range_at_edge(evidence: Evidence) -> Finding | None:
    """What: the best rate is the last one tried, even after the sweep was extended.

    Why: the true best rate lies outside of what was tried. A rate that has to be a thousand times
    larger or smaller than usual makes up for something else: a loss that is scaled, inputs that are
    not. If that does harm, another rule says so.

    Fix: look at the scale of the loss and the inputs; then search further in that direction.
    """
    if not evidence.flag("at_edge") or not evidence.flag("works"):
        return None
    best = evidence.number("best_lr")
    if best is None:
        return None
    return finding(
        "note",
        f"The best rate, {best:g}, is the last one tried after the sweep was extended.",
        "Look at the scale of loss and inputs, then search further on that side.",
        confidence=0.6,
    )


@rule("warn", explains=[*NOT_LEARNING, "update-ratio-too-low"], remedy=remedies.without_clipping)
def gradient_clipping_too_strong(evidence: Evidence) -> Finding | None:
    """What: nearly every update is clipped, and without clipping the loss falls much further. Or
    more than half of them are, in the second half of a whole training: that is a note.

    Why: clipping is meant for rare, large gradients. If it cuts all of them, the learning rate is
    really the declared rate times the threshold divided by the norm: a thousandth of it, or less.
    From half of them on, a lower rate does what clipping does (Google's tuning playbook).

    Fix: raise the threshold above the usual norm of the gradient, or do without; or lower the rate.
    """
    if (found := _often_clipped(evidence)) is not None:
        return found
    share, clipped, free, noise = (
        evidence.number(name)
        for name in ("clipped_share", "clipped_drop", "unclipped_drop", "unclipped_noise")
    )
    if share is None or clipped is None or free is None or share < MOSTLY:
        return None
    if free <= 3 * (noise or 0.0) or clipped > CLIPPED_SHARE * free:
        return None
    norm, limit = evidence.number("gradient_norm"), evidence.number("clip_norm")
    sizes = f" (to {limit:g}; its norm is {norm:.2g})" if norm and limit else ""
    return finding(
        "fail" if clipped < USELESS_SHARE * free else "warn",
        f"{share:.0%} of the gradients are clipped{sizes}; the loss falls by {max(clipped, 0):.2g} "
        f"with clipping and by {free:.2g} without.",
        "Raise the threshold above the usual norm of the gradient, or do not clip.",
        confidence=0.9,
    )


def _often_clipped(evidence: Evidence) -> Finding | None:
    """Of a whole training; nothing of a range test."""
    for run, label in (("baseline", "the baseline"), ("best", "the best run")):
        curve = evidence.curve(f"{run}_clipped_share")
        late = [share for share in curve[len(curve) // 2 :] if share is not None]
        if late and sum(late) / len(late) > OFTEN:
            return finding(
                "note",
                f"In {label} {sum(late) / len(late):.0%} of the updates are clipped in the later "
                "half of training.",
                "Lower the learning rate, or raise the threshold to the 90th percentile of the "
                "gradient's norm.",
                confidence=0.6,
            )
    return None


RULES = (
    gradient_clipping_too_strong,
    lr_range_at_edge,
    learning_rate_too_high,
    learning_rate_too_low,
    no_learning_rate_works,
    update_ratio_too_high,
    update_ratio_too_low,
    *speed_rules.RULES,
)
