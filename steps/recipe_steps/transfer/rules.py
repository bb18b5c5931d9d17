"""Rules about transfer learning."""

from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

from recipe.plugin import Evidence, Finding, Remedy, RemedyInput, finding, rule
from recipe_steps.transfer import advice

if TYPE_CHECKING:
    from recipe.plugin import Experiment

FAR = 2.0
"""Standard errors of a score below the head alone."""
TENTH = 0.1
DRAWN = 0.5
"""Share of the weights below the head that another seed draws otherwise: nothing was loaded."""


def _tenth_of_the_rate(subject: RemedyInput) -> "Experiment | None":
    experiment, declared = subject.experiment, subject.evidence.number("declared_features")
    if experiment.lr is None or declared is None:
        return None
    return replace(experiment, lr=experiment.lr * TENTH)


def _fresh_head(subject: RemedyInput) -> "Experiment | None":
    from recipe.plugin import reset_weights

    experiment, make = subject.experiment, subject.experiment.model

    @wraps(make)  # whether it takes `weights` is read off its signature
    def anew(**given: Any) -> Any:
        model = make(**given)
        reset_weights(model.get_submodule(str(experiment.head)))
        return model

    return replace(experiment, model=anew)


@rule("fail", exact=True, remedy=Remedy("begin the head anew", _fresh_head))
def head_not_reinitialised(evidence: Evidence) -> Finding | None:
    """What: two models from different seeds have the same weights in their head, to the last digit.

    Why: the head belongs to the earlier task. Its outputs mean other classes, so training begins
    with confident wrong answers; and if the head happens to have the right size, nobody notices.

    Fix: put a fresh layer in its place after loading (`model.fc = nn.Linear(...)`), or let
    `weights=` load the file, which leaves the head out.
    """
    if not evidence.flag("head_repeats"):
        return None
    return finding(
        "fail",
        f"The head {evidence.text('head') or ''!r} has the same weights from every seed: it was "
        "loaded, not begun anew.",
        "Replace the head by a fresh layer after the weights are loaded.",
    )


@rule(
    "warn",
    remedy=Remedy("a tenth of the rate", _tenth_of_the_rate, as_declared=True, decides=True),
)
def fine_tuning_rate_too_high(evidence: Evidence) -> Finding | None:
    """What: fine-tuning ends below the head alone by more than two standard errors, and a linear
    model on its features is worse than on those it began with.

    Why: updates as large as those of a training from scratch, or the large gradients of a fresh
    head, wipe out in a few steps what the features knew (forgetting).

    Fix: about a tenth of the rate that is right for the head; train the head first; freeze the
    lower blocks.
    """
    probe, error = evidence.number("probe_score"), evidence.number("score_error")
    before, noise = evidence.number("features_before"), evidence.number("features_error")
    if probe is None or error is None or before is None or noise is None:
        return None
    for name, what in (("declared", "The declared setting"), ("tuned", "Fine-tuning")):
        score, after = evidence.number(f"{name}_score"), evidence.number(f"{name}_features")
        lr = evidence.number(f"{name}_lr")
        if score is None or after is None or lr is None:
            continue
        if score < probe - FAR * error and after < before - noise:
            return finding(
                "warn",
                f"{what} at lr {lr:.3g} ends at {score:.3g}, the head alone at {probe:.3g}; on its "
                f"features a linear model reaches {after:.3g} instead of {before:.3g}.",
                "Fine-tune at a tenth of the rate, from a trained head, or freeze more blocks.",
                confidence=0.9,
            )
    return None


@rule("warn")
def features_do_not_transfer(evidence: Evidence) -> Finding | None:
    """What: with the pretrained weights, neither the head alone nor fine-tuning scores better than
    training from scratch, beyond noise; or the weights were never loaded.

    Why: the earlier task is too different, its inputs were scaled differently, or there is enough
    data to learn everything from scratch. It is a note if both are equally good, and a warning if
    the weights get in the way.

    Fix: check that inputs are scaled as in the earlier training; use weights from a more similar
    task; or train from scratch.
    """
    drawn = evidence.number("drawn_share")
    if drawn is not None and drawn > DRAWN:
        return finding(
            "warn",
            f"{drawn:.0%} of the weights below the head are drawn at random: nothing was loaded.",
            "Load the pretrained weights in the factory, or name them as weights=.",
        )
    known = advice.scores(evidence)
    scratch = known.pop("scratch", None)
    if scratch is None or evidence.number("score_error") is None or not known:
        return None
    way = max(known, key=lambda name: known[name])
    lead, error = known[way] - scratch, advice.error(evidence, way, "scratch")
    if lead > error:
        return None
    worse = lead < -error
    what = "are in the way" if worse else "bring nothing beyond the noise"
    return finding(
        "warn" if worse else "note",
        f"From scratch the model reaches {scratch:.3g}, with the pretrained weights "
        f"{known[way]:.3g}: they {what}.",
        "Scale inputs as the weights are used to, take weights of a nearer task, or train from "
        "scratch.",
        confidence=0.9 if worse else 0.7,
    )


@rule("note")
def transfer_advice(evidence: Evidence) -> Finding | None:
    """What: what the lecture's table advises, from what was measured: how many items there are,
    how far the head alone gets against training from scratch, which depth pays.

    Why: with few items and features that serve the task, more than the head overfits; with many,
    fine-tuning gains; where the features are about something else, lower ones or none are better.
    What measured best is advised; a cheaper way that is as good but for a standard error of the
    difference on the same items is named.

    Fix: nothing is wrong; continue in the way that is advised.
    """
    best, other = advice.best(evidence), advice.as_good(evidence)
    if best is None:
        return None
    known = advice.scores(evidence)
    parts = (advice.size(evidence), advice.similarity(evidence), advice.depth(evidence))
    case = "; ".join(part for part in parts if part)
    measured = f"Measured best: {advice.NOUNS[best]} ({known[best]:.3g})"
    if other is not None:
        measured += f"; {advice.NOUNS[other]} ({known[other]:.3g}) is as good within the noise"
    todo = f"{advice.what_to_do(evidence, best).capitalize()}."
    short = advice.too_short(evidence)
    if short is not None and best == "probe":
        measured += f", but the other ways had only {short:.0f} updates"
        todo = "Give it more budget or epochs: which way is best cannot be told yet."
    return finding("note", f"{case[0].upper()}{case[1:]}. {measured}.", todo, confidence=0.8)


RULES = (
    head_not_reinitialised,
    fine_tuning_rate_too_high,
    features_do_not_transfer,
    transfer_advice,
)
