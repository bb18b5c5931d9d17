"""Whether the change that a later round tests is taken: where fresh seeds confirm it, or where the
budget does not pay for these, by its lead alone.
"""

import math
from collections.abc import Sequence
from statistics import fmean, variance

from recipe.plugin import Context, Lead, Scalar, Trial, best_of

SEEDS = 2
"""Fresh ones, on which the change and the best setting before it are both trained."""


def decide(ctx: Context, before: Trial | None, trials: Sequence[Trial]) -> dict[str, Scalar]:
    """Compare the best of this round's trials with the best one before; those that are better and
    yet not adopted are set aside.

    A lead within the standard error of the score is not looked at further. A larger one is
    trained again from fresh seeds, both settings from the same; there its mean has to be better
    beyond doubt: the first seed, on which the leader was chosen, flatters it.
    """
    leader = best_of(trials)
    if before is None or leader is None or before.val_score is None or leader.val_score is None:
        return {}
    lead = leader.val_score - before.val_score
    found: dict[str, Scalar] = {"score_before": before.val_score, "lead": lead}
    adopted = lead > ctx.score_error(leader)
    epochs = SEEDS * (before.planned_epochs + leader.planned_epochs)
    if adopted and ctx.decide("repeats", lambda: pays_for(ctx, epochs)):
        gain, spread = _confirmed(ctx, before, leader, len(trials) + 1)
        found |= {"fresh_seeds": SEEDS, "gain": gain, "seed_spread": spread}
        adopted = gain is not None and Lead(gain, spread).better
    if not adopted:
        ctx.set_aside([t for t in trials if best_of([before, t]) is t])
    ctx.checkpoints.spared = None
    ctx.checkpoints.prune(leader if adopted else before)
    return {**found, "adopted": adopted}


def _confirmed(
    ctx: Context, before: Trial, leader: Trial, first: int
) -> tuple[float | None, float]:
    """Mean gain on fresh seeds, None where one of them has no score, and the standard deviation
    of a score between seeds.
    """
    pairs = ctx.repeat([before, leader], SEEDS, first=first)
    scores = [[trial.val_score for trial in column] for column in zip(*pairs, strict=True)]
    known = [[score for score in each if score is not None] for each in scores]
    if any(len(each) < SEEDS for each in known):
        return None, 0.0
    gain = fmean(known[1]) - fmean(known[0])
    whole = [[*each, t.val_score or 0.0] for each, t in zip(known, (before, leader), strict=True)]
    return gain, math.sqrt(fmean(variance(each) for each in whole))


def pays_for(ctx: Context, epochs: float) -> bool:
    """Whether the rest of the budget does."""
    left = ctx.epochs_left
    return left is None or epochs <= left
