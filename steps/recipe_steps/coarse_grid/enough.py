"""Whether so many trials at random places were enough."""

from collections.abc import Sequence

from recipe.plugin import Context, Scalar, Trial, best_of

FEWEST = 8
"""Trials below which the best of half of them says nothing."""


def expected_best(scores: Sequence[float], count: int) -> float:
    """The mean of the best of `count` draws from these scores (Dodge et al. 2019, "Show your
    work", equation 7).
    """
    ordered, total = sorted(scores), len(scores)
    return sum(
        score * ((place / total) ** count - ((place - 1) / total) ** count)
        for place, score in enumerate(ordered, 1)
    )


def last_doubling(ctx: Context, trials: Sequence[Trial]) -> dict[str, Scalar]:
    """What the last doubling of the trials is expected to have brought: the expected best of all of
    them less that of half as many. A trial that was stopped or diverged counts as the lowest score.
    Nothing for fewer than eight trials.
    """
    known = [t.val_score for t in trials if t.val_score is not None]
    if len(trials) < FEWEST or len(known) < FEWEST // 2:
        return {}
    scores = known + [min(known)] * (len(trials) - len(known))
    gain = expected_best(scores, len(scores)) - expected_best(scores, len(scores) // 2)
    return {
        "drawn": len(trials),
        "last_doubling": gain,
        "score_error": ctx.score_error(best_of(trials)),
    }
