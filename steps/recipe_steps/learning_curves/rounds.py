"""Step 7: from what the curves say to the next round of the refined grid."""

from typing import Any

from recipe.plugin import Evidence, Finding, Goto

LONGER = 1.5
TWICE = 2.0
MORE_DECAY, LESS_DECAY = 3.0, 1 / 3
WIDER = 2
WARMUP = 0.05
NOTED = ("still-improving", "slow-start", "underfitting")
"""Rules whose notes about the best run are acted on too: they say what to try next."""


def next_round(
    evidence: Evidence,
    findings: tuple[Finding, ...],
    plan: dict[str, Any],
    *,
    adopted: bool | None = None,
    left: float | None = None,
) -> Goto | None:
    """The first finding about the best run that a new grid can act on, causes before what they
    explain, and whose training is paid for by the epochs that are `left`; None when the last change
    was not adopted: what a further one gains is then within the noise too, or spoils more.
    """
    if adopted is False:
        return None
    # What an earlier round asked for is in the best setting by now.
    done = {"weight_decay_factor": 1.0} if "weight_decay_factor" in plan else {}
    epochs = evidence.number("best_planned_epochs") or 1
    actions = _actions(evidence, epochs)
    for found in sorted(findings, key=lambda found: found.because is not None):
        counts = found.counts or (found.rule in NOTED and not (found.ignored or found.because))
        if counts and found.rule in actions and "best run" in found.message:
            hypothesis, change = actions[found.rule]
            paid = left is None or change.get("epochs", epochs) <= left
            if paid and not change.items() <= plan.items():
                return Goto("refine_grid", hypothesis, {**done, **change})
    return None


def _actions(evidence: Evidence, epochs: float) -> dict[str, tuple[str, dict[str, Any]]]:
    """By rule, what the next round tries and why, and the change of the plan."""
    return {
        "too-few-updates": (
            f"training {TWICE:g} times as long, since all of it were few updates",
            {"epochs": round(epochs * TWICE)},
        ),
        "overfitting": (
            f"weight decay x {MORE_DECAY:g}, since validation loss rose",
            {"weight_decay_factor": MORE_DECAY},
        ),
        "still-improving": (
            f"training {LONGER:g} times as long, since both losses still fell",
            {"epochs": round(epochs * LONGER)},
        ),
        "needs-lr-decay": (
            "a cosine schedule, since the training loss went flat at a constant rate",
            {"schedule": "cosine"},
        ),
        "decayed-too-early": (
            "a cosine schedule, since the rate dropped while the loss still fell",
            {"schedule": "cosine"},
        ),
        "slow-start": (f"a warm-up over {WARMUP:.0%} of training", {"warmup": WARMUP}),
        "underfitting": _larger(evidence)
        or (
            "a third of the weight decay, since training and validation are both poor",
            {"weight_decay_factor": LESS_DECAY},
        ),
    }


def _larger(evidence: Evidence) -> tuple[str, dict[str, Any]] | None:
    """Twice the width, where the model offers one."""
    name, width = evidence.text("best_width_name"), evidence.number("best_width")
    if name is None or width is None:
        return None
    larger = round(WIDER * width)
    why = "since training and validation are both poor"
    return f"{name} {larger} instead of {width:g}, {why}", {name: larger}
