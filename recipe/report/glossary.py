"""The end of the report: why each step is there, and the terms that the report uses."""

import re
from collections.abc import Sequence

from recipe.core.results import StepResult
from recipe.report.wording import prose

TERMS = {
    "learning rate": (
        r"learning rate|\blr\b",
        "How far one update moves the weights along the gradient (`lr`).",
    ),
    "weight decay": (
        r"weight decay",
        "How strongly every update pulls the weights towards zero, against overfitting.",
    ),
    "schedule": (r"schedules?", "How the learning rate changes in the course of a training."),
    "warmup": (r"warm-?up", "The first part of a training, in which the learning rate grows."),
    "batch size": (r"batch size", "How many items one update looks at."),
    "epoch": (r"epochs?", "One pass over all training data."),
    "trial": (r"trials?", "One training of a fresh model with one setting."),
    "full training": (
        r"full trainings?",
        "As many epochs as one training to the end has; the unit in which cost is counted.",
    ),
    "validation score": (
        r"validation \w+|val \w+|score",
        "How well the model does on data that it was not trained on; the best epoch's counts.",
    ),
    "baseline": (
        r"baseline",
        "The run with the declared settings; of transfer learning without any, the head alone.",
    ),
    "cause": (
        r"causes?",
        "A finding that no other one explains; what follows from it stands with it.",
    ),
    "confidence": (r"confidence", "How sure a rule is of its finding."),
    "remedy": (r"remed(?:y|ies)", "A change to the experiment that a program can make."),
    "proved": (
        r"proved",
        "The model was trained again with the remedy, from the same seed, and did better.",
    ),
    "applied": (r"applied", "The run itself went on with the remedy in place."),
    "stopped early": (
        r"stopped",
        "A trial was ended before its time: it fell behind the others, or no longer improved.",
    ),
    "set aside": (r"set aside", "A score led by less than luck can explain, so another was taken."),
    "diverged": (r"diverged", "The loss grew beyond all bounds or was no number any more."),
    "round": (r"rounds?", "Once more through a step, with what was learned in the meantime."),
    "overfitting": (
        r"overfitting",
        "Training data are learned by heart: their loss falls while that of others rises.",
    ),
    "underfitting": (r"underfitting", "Not even the training data are learned well."),
}
"""What each term is found by in the report, and what it means."""


def section(steps: Sequence[StepResult], text: str) -> str:
    """The glossary of the report `text`; empty where it would have no entry.

    Steps without a reasoning, and terms that do not occur, are left out.
    """
    reasons = {step.title: step.why for step in steps if step.why}
    words = prose("\n".join(line for line in text.splitlines() if not line.startswith("#")))
    found = {
        term: meaning
        for term, (pattern, meaning) in TERMS.items()
        if re.search(rf"\b(?:{pattern})\b", f"{words} {' '.join(reasons.values())}", re.IGNORECASE)
    }
    lines = ["## Glossary"] if reasons or found else []
    if reasons:
        lines += ["", "### Why these steps", ""]
        lines += [f"- **{prose(title)}**: {prose(why)}" for title, why in reasons.items()]
    if found:
        lines += ["", "### Terms", ""]
        lines += [f"- **{term}**: {meaning}" for term, meaning in found.items()]
    return "".join(f"{line}\n" for line in lines)
