"""One run's curves as the rules read them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from recipe.plugin import Evidence, Finding, RemedyOutcome, Severity, finding, standard_error
from recipe_steps.learning_curves.shapes import known, scatter

LEARNT = 0.995
"""Training score from which there is nothing left to learn."""
DECAYED = 0.1
"""A rate below a tenth of its peak has decayed: what improves then is the decay's own gain."""


LEAST_GAIN = 0.003
"""Of a score, as when remedies are proved; of one that is larger than 1, this share of it."""
TOLD = 0.98
"""Of the loss of the best constant prediction: no constant one comes below that loss, and outputs
that know nothing come z^2 / (2 n) below it by luck, with z their luck in standard deviations: of
200 items in two classes a fiftieth needs z = 2.4."""
LUCKY = 2.0
"""Times the scatter of single epochs by which means of many have to differ."""
LOSS_GAIN = 0.1
"""Of the loss, where a score of few items cannot tell."""
UNCERTAIN = 0.6
"""Confidence in a shape alone."""


@dataclass(frozen=True)
class Branch:
    """What the same training brought with one thing changed; best values, as of a run."""

    rule: str
    """The suspicion that it puts to the test."""
    epoch: int
    """Epochs that it shares with the run."""
    score: float | None
    loss: float | None
    late: float | None = None
    """Mean score of the later half of its epochs."""
    on: str | None = None
    """The suspicion that was mended before, where this one was tested on top of it; and the score
    and loss that were reached so."""
    on_score: float | None = None
    on_loss: float | None = None


@dataclass(frozen=True)
class Run:
    """One run's curves, cut at the first missing point."""

    label: str
    status: str
    schedule: str
    warmup: float
    regularised: bool
    chance: float
    constant: float | None
    """Score of the best constant answer; None when unknown."""
    start: float | None
    """Loss of the best constant prediction on the validation data; None when unknown."""
    items: float
    """Validation items; 0 when unknown."""
    answers: float
    """Of which the score is the mean: the items, or the tokens of their sequences."""
    updates: float
    """Of the whole run; 0 when unknown."""
    decay: float
    """Weight decay."""
    optimizer: str
    dropout: float
    """The largest rate of its dropout layers."""
    smoothing: float
    """Of labels, by the loss."""
    score: float | None
    """The best on validation data; and the lowest loss, in `loss`."""
    loss: float | None
    metric: str
    branches: tuple[Branch, ...]
    longer: float | None
    """Score that an earlier round's longer training reached."""
    planned: float
    """Epochs; those that were trained where nobody knows."""
    train_loss: list[float]
    val_loss: list[float]
    train_score: list[float]
    val_score: list[float]
    lr: list[float]
    batch_loss: list[float]

    def tested(self, rule: str) -> Branch | None:
        """The branch that put the suspicion of this rule to the test, the last of several."""
        return next((b for b in reversed(self.branches) if b.rule == rule), None)

    @property
    def decayed(self) -> bool:
        """Whether the rate ended far below its peak."""
        return bool(self.lr) and self.lr[-1] <= DECAYED * max(self.lr)

    @property
    def tells(self) -> bool:
        """Whether validation shows that items are told apart, whatever the score says."""
        start = self.start
        return start is not None and bool(self.val_loss) and min(self.val_loss) < TOLD * start

    @property
    def of_classes(self) -> bool:
        """Whether its scores are shares of right answers, on training and on validation data."""
        return 0 < self.chance < 1 and bool(self.train_score) and bool(self.val_score)

    @property
    def learnt(self) -> bool:
        """Whether the training data is memorized."""
        return bool(self.train_score) and max(self.train_score[-2:]) >= LEARNT


LABELS = {"best": "In the best run", "baseline": "In the baseline"}


def runs(evidence: Evidence) -> list[Run]:
    """The runs that the evidence holds, the best first."""
    found = []
    for name, label in LABELS.items():
        status = evidence.text(f"{name}_status")
        if status is None:
            continue
        curves = {c: known(evidence.curve(f"{name}_{c}")) for c in (
            "train_loss", "val_loss", "train_score", "val_score", "lr", "batch_loss")}  # fmt: skip
        found.append(
            Run(
                evidence.text(f"{name}_label") or label,
                status,
                evidence.text(f"{name}_schedule") or "",
                evidence.number(f"{name}_warmup") or 0.0,
                evidence.flag(f"{name}_regularised"),
                evidence.number(f"{name}_chance") or 0.0,
                evidence.number(f"{name}_constant"),
                evidence.number(f"{name}_start"),
                evidence.number(f"{name}_items") or 0.0,
                evidence.number(f"{name}_answers") or evidence.number(f"{name}_items") or 0.0,
                evidence.number(f"{name}_updates") or 0.0,
                evidence.number(f"{name}_weight_decay") or 0.0,
                evidence.text(f"{name}_optimizer") or "",
                evidence.number(f"{name}_dropout") or 0.0,
                evidence.number(f"{name}_smoothing") or 0.0,
                evidence.number(f"{name}_score"),
                evidence.number(f"{name}_loss"),
                evidence.text("metric") or "score",
                _branches(evidence, name),
                evidence.number(f"{name}_longer"),
                evidence.number(f"{name}_planned_epochs") or len(curves["val_score"]),
                **curves,
            )
        )
    return found


MOST_BRANCHES = 4
"""Of one run."""
WITHOUT = {
    "augmentation-too-strong": "without augmentation",
    "regularization-too-strong": "without dropout, weight decay and label smoothing",
}
"""What a branch changed, where another one may be on top of it."""


def branch_key(number: int) -> str:
    """What the figures of a run's n-th branch are called by in the evidence."""
    return "branch" if number == 0 else f"branch{number + 1}"


def _branches(evidence: Evidence, name: str) -> tuple[Branch, ...]:
    found = []
    for number in range(MOST_BRANCHES):
        prefix = f"{name}_{branch_key(number)}"
        rule = evidence.text(prefix)
        if rule is None:
            break
        found.append(
            Branch(
                rule,
                int(evidence.number(f"{prefix}_epoch") or 0),
                evidence.number(f"{prefix}_score"),
                evidence.number(f"{prefix}_loss"),
                evidence.number(f"{prefix}_late"),
                evidence.text(f"{prefix}_on"),
                evidence.number(f"{prefix}_on_score"),
                evidence.number(f"{prefix}_on_loss"),
            )
        )
    return tuple(found)


def before(run: Run, branch: Branch) -> Run:
    """What a branch is compared with: the run, or what an earlier branch made of it."""
    if branch.on is None:
        return run
    return replace(run, score=branch.on_score, loss=branch.on_loss, val_score=[], val_loss=[])


def wins(run: Run, branch: Branch) -> bool:
    """Whether the branch is better beyond noise: by its score, or where that holds, by its loss."""
    run = before(run, branch)
    if branch.score is None:
        return False
    if run.score is None:
        return True
    late = len(run.val_score) // 2
    noise = noise_of(run)
    gain = branch.score - run.score
    if gain > noise or (gain > error_of(run) and _settles(run, branch)):
        return True
    if branch.loss is None or run.loss is None:
        return False
    wanted = max(LOSS_GAIN * abs(run.loss), 2 * scatter(run.val_loss[late:]))
    return gain > -noise and run.loss - branch.loss > wanted


def late_mean(scores: Sequence[float | None]) -> float | None:
    """Of the later half of the epochs; None where one of them has no score."""
    late = [score for score in scores[len(scores) // 2 :] if score is not None]
    return fmean(late) if late and len(late) == len(scores) - len(scores) // 2 else None


def _settles(run: Run, branch: Branch) -> bool:
    """Whether a branch's later epochs lie beyond the reach of those of a run whose score jumps from
    epoch to epoch: the best of many such epochs is a lucky one, so means are compared.
    """
    late = late_mean(run.val_score)
    if late is None or branch.late is None:
        return False
    return branch.late - late > LUCKY * scatter(run.val_score[len(run.val_score) // 2 :])


def noise_of(run: Run) -> float:
    """By how much scores differ without a cause: the larger of the scatter from epoch to epoch and
    `error_of`.
    """
    return max(error_of(run), scatter(run.val_score[len(run.val_score) // 2 :]))


def error_of(run: Run) -> float:
    """One standard error of as many items, and at least what counts as a gain. Where shares are
    expected and the score is none, it is taken for the mean of losses whose spread is its size.
    """
    score = 0.0 if run.score is None else run.score
    least = LEAST_GAIN * max(1.0, abs(score))
    if run.score is None or not run.items:
        return least
    if run.chance > 0 and not 0 <= score <= 1:
        return max(least, abs(score) / math.sqrt(run.items))
    return max(least, standard_error(score, run.items, shares=run.chance > 0))


def finding_of_branch(
    evidence: Evidence, rule: str, test: Callable[[Run], str | None], change: str, advice: str
) -> Finding | None:
    """A finding about a shape: with a branch, only where that wins; a note where a run of our own
    had none, since a shape alone is no proof.

    Args:
        evidence: of the step.
        rule: the name that a branch carries.
        test: what the shape says of a run.
        change: what the branch did.
        advice: what to do.

    """
    said: list[str] = []
    severity: Severity = "note"
    outcome: RemedyOutcome | None = None
    for run in runs(evidence):
        text = test(run)
        branch = run.tested(rule)
        if text is None or (branch and not wins(run, branch)):
            continue
        if branch:
            old = before(run, branch)
            besides = f"{WITHOUT[branch.on]}, and " if branch.on else ""
            text += f"; {besides}{change} validation reaches {_shown(branch)} instead of "
            text += f"{_shown(Branch(rule, 0, old.score, old.loss))}"
            outcome = outcome or RemedyOutcome(
                change, verified=True, metric=f"val_{run.metric}", before=old.score,
                after=branch.score,
            )  # fmt: skip
        if branch or not run.items:
            severity = "warn"
        said.append(f"{run.label} {text}.")
    if not said:
        return None
    found = finding(severity, " ".join(said), advice, 0.9 if outcome else UNCERTAIN)
    return replace(found, remedy=outcome)


def _shown(branch: Branch) -> str:
    score = "no score" if branch.score is None else f"{branch.score:.4g}"
    return score if branch.loss is None else f"{score} (loss {branch.loss:.3g})"


def finding_of_runs(
    evidence: Evidence,
    test: Callable[[Run], str | None],
    severity: Severity,
    advice: str,
    *,
    confidence: float = 1.0,
) -> Finding | None:
    """A finding of what a test says of each run it applies to, in one sentence each.

    A warning about the run that the search chose, and not about the declared one, is a note: it
    says what the next round may try, and nothing about the experiment.
    """
    every = runs(evidence)
    accused = [(run, text) for run in every if (text := test(run))]
    if not accused:
        return None
    if severity == "warn" and chosen_only([run for run, _ in accused], every):
        severity = "note"
    said = " ".join(f"{run.label} {text}." for run, text in accused)
    return finding(severity, said, advice, confidence)


def chosen_only(accused: list[Run], every: list[Run]) -> bool:
    """Whether only the run that the search chose is accused, beside a declared one."""
    return len(every) > 1 and all(run.label == LABELS["best"] for run in accused)
