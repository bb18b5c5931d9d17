"""Rules about the refined grid, beside those it shares with the coarse one."""

from recipe.plugin import Evidence, Finding, Lead, finding, rule
from recipe_steps.coarse_grid.rules import most_trials_diverge, trials_fail


@rule("note")
def gain_within_noise(evidence: Evidence) -> Finding | None:
    """What: the best cell and the next one are too close to call, or the change of a later round
    did not lead the setting before it on fresh seeds by more than scores differ between seeds.

    Why: with other validation items, or another seed, the order of the two may be the reverse.

    Fix: keep the simpler or cheaper setting; hold out more items if the difference matters.
    """
    if (found := _not_adopted(evidence)) is not None:
        return found
    best, other, error = (
        evidence.number(name) for name in ("best_score", "runner_up_score", "score_error")
    )
    if best is None or other is None or not error:
        return None
    lead = Lead(best - other, error)
    if lead.better:
        return None
    return finding(
        "note",
        f"The best score is {best:.4g}, the next one {other:.4g}: {lead}.",
        "Treat the two as equal, and keep the simpler setting.",
    )


def _not_adopted(evidence: Evidence) -> Finding | None:
    gain, spread = evidence.number("gain"), evidence.number("seed_spread")
    if evidence.scalars.get("adopted") is not False or gain is None or spread is None:
        return None
    lead, seeds = evidence.number("lead") or 0.0, evidence.number("fresh_seeds") or 0
    return finding(
        "note",
        f"The change of this round led by {lead:.2g}; trained again from {seeds:.0f} fresh seeds "
        f"it is {Lead(gain, spread)}, so it was not adopted.",
        "Keep the setting before this round.",
    )


RULES = (most_trials_diverge, trials_fail, gain_within_noise)
