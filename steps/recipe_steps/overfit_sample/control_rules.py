"""Rules about trainings that ought to be alike."""

from recipe.plugin import Evidence, Finding, finding, rule

APART = 1e-3
"""Relative difference of two losses after a few updates. Sums in another order, as on accelerators,
leave 1e-6; other random numbers a tenth."""


@rule("note")
def not_reproducible(evidence: Evidence) -> Finding | None:
    """What: two trainings from the same seed have different losses within the first four updates.

    Why: something draws random numbers that no seed controls: NumPy's or Python's own generators
    seeded by the clock, a random transform in worker processes, a set whose order decides in which
    order layers are built, a file that changes. Then nothing that is tried can be told from luck,
    and no fault can be reproduced.

    Fix: draw from torch's generators, or seed the others where the model and the batches are made.
    """
    apart = evidence.number("twice_apart")
    if evidence.scalars.get("same_twice") is not False or (apart is not None and apart < APART):
        return None
    how = "one of them broke off" if apart is None else f"their losses differ by {apart:.2g}"
    return finding(
        "note",
        f"Of two trainings from the same seed {how} within four updates.",
        "Draw all random numbers from torch's generators, or seed the others.",
        confidence=0.9,
    )


RULES = (not_reproducible,)
"""All of them."""
