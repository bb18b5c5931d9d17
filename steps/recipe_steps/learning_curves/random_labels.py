"""Whether the labels say anything of the inputs: memorized, and of no use for others."""

import math
from dataclasses import dataclass

from recipe.plugin import Evidence, Finding, rule
from recipe_steps.label_rules import RANDOM
from recipe_steps.learning_curves.run_curves import Run, finding_of_runs, runs

KNOWN_BY_HEART, TELLING = 0.9, 0.15
"""Shares of the way from chance to perfect: what training has to reach, and the uncertainty of
the validation score at most."""
ERRORS, CLEAR = 2.0, 3.0
"""Standard errors of the validation score within which it equals chance; and beyond which it is
above it for certain."""
UNTOLD, ENOUGH_ITEMS = 2.5, 300
"""Strength up to which simple predictors know nothing (`inspect.label_probe`): of 300 made-up data
sets without any relation 3 came above; and the items from which that is said of all there are."""
LUCKY, NO_USE = 3.5, 1.0
"""Strength that no relation reaches by luck (see `label_rules`), and one from training to
validation that is nothing."""


@dataclass(frozen=True)
class Known:
    """Scores of what training may have memorized."""

    train: float
    val: float
    chance: float = math.nan
    error: float = math.nan
    """Standard error of a score at chance; NaN where unknown."""

    @property
    def by_heart(self) -> bool:
        """Whether the training items are known."""
        return self.train - self.chance >= KNOWN_BY_HEART * (1 - self.chance)

    @property
    def random(self) -> bool:
        """Whether that is of no use for others, as far as these can tell."""
        within = ERRORS * self.error
        enough = within <= TELLING * (1 - self.chance)
        return self.by_heart and enough and self.val <= self.chance + within

    @property
    def helps(self) -> bool:
        """Whether it is of use for others for certain."""
        return self.by_heart and self.val > self.chance + CLEAR * self.error

    @property
    def said(self) -> str:
        """In a sentence."""
        reached = f"training reaches {self.train:.3g} and validation {self.val:.3g}"
        return f"{reached}, where chance is {self.chance:.3g}"

    def beside(self, chance: float, error: float) -> "Known":
        """With these figures where its own are unknown."""
        return self if math.isfinite(self.error) else Known(self.train, self.val, chance, error)


def _memory(evidence: Evidence) -> Known | None:
    """What some hundred items tell of others, where that was tried."""
    train, val, chance, error = (
        evidence.number(f"memory_{part}")
        for part in ("train_score", "val_score", "chance", "error")
    )
    if train is None or val is None:
        return None
    return (
        Known(train, val) if chance is None or error is None else Known(train, val, chance, error)
    )


def _untold(evidence: Evidence) -> bool:
    """Whether simple predictors know nothing of the labels of many items; or so little that it may
    be luck, and what they learnt from training is worth nothing in validation.
    """
    strength, items = evidence.number("probe_train"), evidence.number("probe_items")
    if strength is None or items is None or items < ENOUGH_ITEMS:
        return False
    across = evidence.number("probe_across")
    by_luck = across is not None and across < NO_USE and strength < LUCKY
    return strength < UNTOLD or by_luck


def _told_by_something_simple(evidence: Evidence) -> bool:
    """Whether a linear model or a forest is right on validation items beyond chance."""
    error = evidence.number("simple_error")
    scores = [evidence.number(f"simple_{name}") for name in ("linear", "forest")]
    known = [score for score in scores if score is not None]
    chance = max((run.chance for run in runs(evidence)), default=1.0)
    return bool(known) and error is not None and max(known) > chance + ERRORS * error


@rule("fail", explains=RANDOM, lasting=True)
def labels_look_random(evidence: Evidence) -> Finding | None:
    """What: the training data is memorized, and validation is no better than chance.

    Why: there is nothing in the inputs that tells the labels: they were shuffled apart, or
    belong to other items. What some hundred items memorized tell of others is judged by the
    mean recall of the classes, since with a frequent class even a useful model may be right less
    often than one that always answers it. Where neighbours, a linear model and trees know nothing
    of the labels either, it is enough that no training does: few inputs are not memorized.
    Silent where validation loss came below that of the best constant answer: random labels do not
    allow that.

    Fix: check that inputs and labels are paired, on a few items by eye.
    """
    memory = _memory(evidence)
    if any(run.tells for run in runs(evidence)) or (memory and memory.helps):
        return None
    if _told_by_something_simple(evidence):
        return None
    untold = _untold(evidence)

    def test(run: Run) -> str | None:
        if not run.of_classes or not run.items:
            return None
        error = math.sqrt(run.chance * (1 - run.chance) / run.answers)
        known = [Known(max(run.train_score), max(run.val_score), run.chance, error)]
        if memory:
            known.append(memory.beside(run.chance, error))
        if said := next((k.said for k in known if k.random), None):
            return said
        own = known[0]
        if untold and own.val <= own.chance + ERRORS * error:
            return f"{own.said}; neighbours, a linear model and trees know nothing of them either"
        return None

    return finding_of_runs(
        evidence, test, "fail", "Check that inputs and labels belong together.", confidence=0.8
    )
