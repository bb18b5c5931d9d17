"""Answers as the rows of a table, and in short how good they are."""

from collections.abc import Sequence
from statistics import fmean, median

from recipe.trained.answers import Answer


def as_table(answers: Sequence[Answer]) -> tuple[list[str], list[list[str]]]:
    """The header and the rows: item, answer and probability; then, where there is some, what names
    the item, the truth, whether the answer is right, each class's probability, and warnings.
    """
    carried = list(dict.fromkeys(name for each in answers for name in each.carried))
    classes = list(dict.fromkeys(name for each in answers for name in each.shares))
    known = any(each.truth is not None for each in answers)
    judged = any(each.right is not None for each in answers)
    warned = any(each.warnings for each in answers)
    head = [
        "item", "answer", "probability", *carried, *["truth"] * known, *["right"] * judged,
        *(f"p({name})" for name in classes), *["warnings"] * warned,
    ]  # fmt: skip
    rows = []
    for each in answers:
        right = "" if each.right is None else "yes" if each.right else "no"
        rows.append([
            each.item, each.answer, _share(each.probability),
            *(each.carried.get(name, "") for name in carried),
            *[each.truth or ""] * known, *[right] * judged,
            *(_share(each.shares.get(name)) for name in classes),
            *["; ".join(each.warnings)] * warned,
        ])  # fmt: skip
    return head, rows


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def in_short(answers: Sequence[Answer]) -> list[str]:
    """The score where the truth is known, and how many items are odd."""
    from scipy.stats import binomtest

    lines = []
    judged = [each.right for each in answers if each.right is not None]
    if judged:
        score = sum(judged) / len(judged)
        sure = binomtest(sum(judged), len(judged)).proportion_ci(method="wilson")
        ends = f"95 % interval {sure.low:.4g} to {sure.high:.4g}"
        lines.append(f"{sum(judged)} of {len(judged)} are right: accuracy {score:.4g} ({ends}).")
    errors = [error for each in answers if (error := _error(each)) is not None]
    if errors:
        off = f"off by {fmean(errors):.4g} on average, half of them by {median(errors):.4g} or less"
        lines.append(f"The answers to {len(errors)} items whose truth is known are {off}.")
    odd = sum(bool(each.warnings) for each in answers)
    if odd:
        lines.append(f"{odd} of {len(answers)} items have warnings: see the last column.")
    return lines


def _error(answer: Answer) -> float | None:
    """Of an amount."""
    if answer.truth is None or answer.shares:
        return None
    try:
        return abs(float(answer.answer) - float(answer.truth))
    except ValueError:
        return None
