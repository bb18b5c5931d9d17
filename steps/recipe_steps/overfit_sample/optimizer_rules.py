"""Settings of the optimizer that are not usual: judged by what usual ones do."""

from dataclasses import replace

from recipe.plugin import Evidence, Finding, RemedyOutcome, finding, rule
from recipe_steps.overfit_sample import remedies
from recipe_steps.symptoms import NOT_LEARNING, OVERSHOOTING

LEARNT, FURTHER = 0.8, 0.1
"""Shares of the way from chance to perfect: what usual settings of the optimizer have to reach, and
by how much more than the declared ones, which are given more rates and more passes."""
SLOWER = 3.0
"""Times as many passes as with usual settings; seeds differ by less than two."""
BETTER, CERTAIN = 0.02, 2.0
"""Share of the way from chance to perfect, and standard errors, by which a whole training with
usual settings has to be better."""
ADVICE = "Use the optimizer's default settings, or a rate that makes up for these."


@rule(
    "warn",
    explains=[*NOT_LEARNING, *OVERSHOOTING, "update-ratio-too-low", "best-at-edge-of-grid",
              "needs-lr-decay", "decayed-too-early", "still-improving",
              "metric-disagrees-with-loss"],
    remedy=remedies.usual_optimizer,
)  # fmt: skip
def optimizer_settings_unusual(evidence: Evidence) -> Finding | None:
    """What: momentum, betas or epsilon are not usual, and the sample is learnt with the usual
    settings only, or several times as fast; or as long a training with these ends better. Or the
    betas of Adam are the wrong way round.

    Why: an epsilon above the size of the gradients turns Adam into gradient descent at a tiny
    rate; a momentum of 0.999 sums up a thousand gradients. The rate then means something else
    than usual. With betas of (0.999, 0.9) the mean of the gradients is a hundred times older than
    the size that it is divided by; convergence of Adam is shown for a first beta below the root of
    the second only (Kingma and Ba 2015). Unusual settings that cost nothing are noted.

    Fix: the optimizer's default settings, or a rate that makes up for them.
    """
    return _on_sample(evidence) or _in_training(evidence) or _by_ranges(evidence)


@rule("fail", explains=[*NOT_LEARNING, *OVERSHOOTING, "best-at-edge-of-grid",
                        "update-ratio-too-low", "lr-range-at-edge", "still-improving"],
      remedy=remedies.pass_rate_on)  # fmt: skip
def rate_not_passed_on(evidence: Evidence) -> Finding | None:
    """What: the function that makes the optimizer gives it the same learning rate whatever rate it
    is asked for.

    Why: the rate that is declared, searched or scheduled never reaches the optimizer: all trials
    train alike, at a rate that nobody chose.

    Fix: pass the rate on, as in lambda params, lr, weight_decay: Adam(params, lr=lr).
    """
    rate = evidence.number("ignored_rate")
    if rate is None:
        return None
    return finding(
        "fail" if evidence.scalars.get("reached") is False else "warn",
        f"The optimizer has a rate of {rate:g} whatever rate its function is given: no search and "
        "no declared rate changes it.",
        "Pass the rate on: lambda params, lr, weight_decay: Adam(params, lr=lr).",
        confidence=0.9,
    )


def _on_sample(evidence: Evidence) -> Finding | None:
    """Where a sample is learnt with usual settings only, or much faster."""
    factor, usual = evidence.number("rate_factor"), evidence.number("usual_optimizer_progress")
    own = evidence.number("progress") or 0.0
    if factor is None or usual is None:
        return None
    passes, others = evidence.number("passes") or 0.0, evidence.number("usual_optimizer_passes")
    simple = evidence.number("simple_progress")
    learnt = LEARNT * (1.0 if simple is None else simple)
    worse = not evidence.flag("reached") and usual >= max(learnt, own + FURTHER)
    slower = evidence.flag("reached") and bool(others) and passes >= SLOWER * (others or 1.0)
    if not (slower or worse):
        return None
    return finding(
        "fail" if worse else "warn",
        f"The optimizer's settings change its rate by a factor of {factor:.2g}: of the sample "
        f"{max(own, 0):.0%} is learnt in {passes:.0f} passes, with usual settings {usual:.0%} in "
        f"{others or 0:.0f}.",
        "Use the optimizer's default epsilon and momentum.",
        confidence=0.9,
    )


def _in_training(evidence: Evidence) -> Finding | None:
    """Where as long a training with usual settings ends better, by more than chance and noise."""
    settings, before, after, error = (
        evidence.text("unusual_settings"), evidence.number("unusual_score"),
        evidence.number("usual_score"), evidence.number("usual_score_error"),
    )  # fmt: skip
    if settings is None or before is None or after is None or error is None:
        return None
    rate = evidence.number("usual_lr")
    room = 1 - (evidence.number("usual_chance") or 0.0)
    if after - before <= max(BETTER * room, CERTAIN * error):
        return None
    found = finding(
        "warn",
        f"With {settings} the declared setting scores {before:.3g}; as long a training with the "
        f"optimizer's usual settings scores {after:.3g}"
        f"{'' if rate is None else f' at a rate of {rate:g}'}.",
        ADVICE,
        confidence=0.9,
    )
    outcome = RemedyOutcome(
        remedies.usual_optimizer.name, verified=True, metric=evidence.text("usual_score_name"),
        before=before, after=after,
    )  # fmt: skip
    return replace(found, remedy=outcome)


def _by_ranges(evidence: Evidence) -> Finding | None:
    """Betas that stand the wrong way round; else a note on what was trained with such settings."""
    settings = evidence.text("unusual_settings")
    if settings is None:
        return None
    if evidence.flag("betas_turned"):
        return finding(
            "warn",
            f"The betas of Adam are the wrong way round: {settings}.",
            "Use betas=(0.9, 0.999).",
            confidence=0.8,
        )
    after = evidence.number("usual_score")
    if evidence.number("unusual_score") is None:
        return None
    tried = "" if after is None else f" Usual ones were tried, and brought no gain ({after:.3g})."
    return finding("note", f"The optimizer has {settings}.{tried}", ADVICE)
