"""Rules about the refined grid, beside those it shares with the coarse one."""

from recipe.plugin import Evidence, Finding, finding, rule
from recipe_steps.coarse_grid.rules import most_trials_diverge, trials_fail


@rule("note")
def gain_within_noise(evidence: Evidence) -> Finding | None:
    """What: the best cell leads the next one by less than the standard error of its score, or the
    change of a later round leads the setting before it by less than scores differ between seeds.

    Why: with other validation items, or another seed, the order of the two may be the reverse.

    Fix: keep the simpler or cheaper setting; hold out more items where the difference matters.
    """
    if (found := _not_adopted(evidence)) is not None:
        return found
    best, other, error = (
        evidence.number(name) for name in ("best_score", "runner_up_score", "score_error")
    )
    if best is None or other is None or not error or best - other >= error:
        return None
    return finding(
        "note",
        f"The best score, {best:.4g}, leads the next one, {other:.4g}, by less than its standard "
        f"error of {error:.2g}.",
        "Read the two as equal, and keep the simpler setting.",
    )


def _not_adopted(evidence: Evidence) -> Finding | None:
    gain, spread = evidence.number("gain"), evidence.number("seed_spread")
    if evidence.scalars.get("adopted") is not False or gain is None or spread is None:
        return None
    lead, seeds = evidence.number("lead") or 0.0, evidence.number("fresh_seeds") or 0
    return finding(
        "note",
        f"The change of this round led by {lead:.2g}; on {seeds:.0f} fresh seeds it gains "
        f"{gain:.2g}, and scores differ by {spread:.2g} between seeds: it is not adopted.",
        "Keep the setting before this round.",
    )


RULES = (most_trials_diverge, trials_fail, gain_within_noise)
