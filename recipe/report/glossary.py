"""The end of the report: why each step is there, and the terms that the report uses."""

import re
from collections.abc import Sequence

from recipe.core.results import StepResult
from recipe.report.wording import prose

TERMS = {
    "learning rate": (
        r"learning rate|\blr\b",
        "How far each update moves the weights against the gradient (`lr`).",
    ),
    "weight decay": (
        r"weight decay",
        "How strongly each update pulls the weights towards zero. It works against overfitting.",
    ),
    "schedule": (r"schedules?", "How the learning rate changes over the course of training."),
    "warmup": (r"warm-?up", "The first part of training, during which the learning rate rises."),
    "batch size": (r"batch size", "How many items each update looks at."),
    "epoch": (r"epochs?", "One pass over all the training data."),
    "trial": (r"trials?", "One training run of a fresh model with one choice of settings."),
    "full training": (
        r"full trainings?",
        "A training run with the full number of epochs. Costs are counted in these.",
    ),
    "validation score": (
        r"validation \w+|val \w+|score",
        "How well the model does on data it was not trained on. The best epoch counts.",
    ),
    "baseline": (
        r"baseline",
        "A training run with the settings you declared; of transfer without any, the head alone.",
    ),
    "trivial answer": (
        r"trivial",
        "The best answer that ignores the input, such as the most frequent class or the mean.",
    ),
    "95 % interval": (
        r"interval|too close to call",
        (
            "The range in which the value would lie for 95 of 100 other sets of as many items. A "
            "difference whose interval contains zero is too close to call."
        ),
    ),
    "optimistic": (
        r"optimistic",
        "Too good on average: the same items were used to choose and to score. Test data are not.",
    ),
    "cause": (
        r"causes?",
        "A finding that no other finding explains. What follows from it is listed with it.",
    ),
    "confidence": (r"confidence", "How sure a rule is of its finding."),
    "remedy": (r"remed(?:y|ies)", "A change to the experiment that the program can make itself."),
    "proved": (
        r"proved",
        "The model was trained again with the remedy, from the same seed, and was better.",
    ),
    "applied": (r"applied", "The run carried on with the remedy in place."),
    "stopped early": (
        r"stopped",
        "A trial ended ahead of time because it fell behind the others or stopped improving.",
    ),
    "set aside": (
        r"set aside",
        "The best score, but ahead by no more than luck can explain, so another one was taken.",
    ),
    "diverged": (r"diverged", "The loss grew without bound or became NaN."),
    "round": (r"rounds?", "Another pass through a step, with what was learned in the meantime."),
    "overfitting": (
        r"overfitting",
        "The model memorizes the training data: their loss falls while the validation loss rises.",
    ),
    "underfitting": (r"underfitting", "The model does not even fit the training data well."),
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
