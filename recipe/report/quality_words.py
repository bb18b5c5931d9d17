"""How good the model is: the sentences at the top of the report, and a table by class."""

import json
from collections.abc import Sequence

from recipe.core.leads import Lead
from recipe.core.results import RunResult
from recipe.report.results_view import final_score, found_in, trivial_of
from recipe.report.score_words import answers, error_of, interval
from recipe.report.wording import humanise, prose, show

BY_CLASS = ("class", "validation items", "found (recall)", "right when said (precision)", "F1")


def about_quality(result: RunResult) -> list[str]:
    """The score with its interval beside the trivial one, and what people of the field ask for."""
    score = final_score(result)
    if score is None:
        return []
    return [*_score(result, score), *_amounts(result), *_text(result), *_classes(result)]


def _score(result: RunResult, score: float) -> list[str]:
    metric, items, ends = humanise(result.metric), answers(result), interval(result, score)
    between = f"95 % interval {show(ends[0])} to {show(ends[1])}" if ends else ""
    on = f"{items:.0f} validation answers" if items else ""
    how = ", ".join(filter(None, [between, on]))
    has = f"The model has a validation {prose(metric)} of **{show(score)}**"
    said = [f"{has}{f' ({how})' if how else ''}."]
    if not result.only_declared:
        said.append("That is optimistic, since the settings were chosen by it.")
    trivial = trivial_of(result)
    if trivial is None:
        return said
    error = error_of(result, score)
    verdict = Lead(score - trivial[0], error, int(items) if items else None).verdict
    beside = {
        "better": ", and the model is better",
        "worse": ", and the model is worse",
        "too close to call": "; whether the model is any better is too close to call",
    }[verdict]
    told = "" if error is None else beside
    return [*said, f"A trivial answer ({prose(trivial[1])}) scores {show(trivial[0])}{told}."]


def _amounts(result: RunResult) -> list[str]:
    found = found_in(result, "mean_absolute_error")
    if found is None:
        return []
    mean, median, usual = (
        found.number(name)
        for name in ("mean_absolute_error", "median_absolute_error", "trivial_absolute_error")
    )
    target = next((column.name for column in result.columns if column.use == "target"), "")
    unit = f" {prose(target)}" if target else ""
    off = f"On average it is off by **{show(mean)}**{unit}"
    said = f"{off}, half of the time by {show(median)} or less"
    return [f"{said}; always saying the mean is off by {show(usual)}."] if usual else [f"{said}."]


def _text(result: RunResult) -> list[str]:
    found = found_in(result, "perplexity")
    if found is None:
        return []
    bits = [
        f", which is {show(value)} bits per {unit}"
        for unit in ("character", "token")
        if (value := found.number(f"bits_per_{unit}")) is not None
    ]
    return [f"Its perplexity is **{show(found.number('perplexity'))}**{''.join(bits)}."]


def text_sample(result: RunResult) -> tuple[str, str]:
    """The beginning of a text and how the model continues it; empty where none was written."""
    found = found_in(result, "sample_begins")
    if found is None:
        return "", ""
    return found.text("sample_begins") or "", found.text("sample_goes_on") or ""


def _classes(result: RunResult) -> list[str]:
    rows = by_class(result)
    if len(rows) < 3:
        return []
    ranked = sorted(rows, key=lambda row: float(row[2]))
    worst, best = ranked[0], ranked[-1]
    known = f"It knows {prose(best[0])} best ({_percent(best[2])} of them found)"
    return [f"{known} and {prose(worst[0])} least ({_percent(worst[2])})."]


def _percent(share: str) -> str:
    return f"{float(share):.0%}"


def by_class(result: RunResult) -> list[tuple[str, ...]]:
    """A row for each class that occurs; see `BY_CLASS`."""
    found = found_in(result, "class_recall")
    if found is None:
        return []
    names = json.loads(found.text("shown_classes") or "[]")
    columns = [found.curve(f"class_{name}") for name in ("items", "recall", "precision", "f1")]
    rows = zip(map(str, names), *columns, strict=False)
    return [(name, f"{items:.0f}", *_shares(shares)) for name, items, *shares in rows if items]


def _shares(values: Sequence[float | None]) -> list[str]:
    return [f"{value or 0.0:.2f}" for value in values]


def class_counts(result: RunResult) -> list[tuple[str, ...]]:
    """How many items of each class there are to train and to validate."""
    found = found_in(result, "train_by_class")
    if found is None:
        return []
    names = json.loads(found.text("counted_classes") or "[]")
    columns = found.curve("train_by_class"), found.curve("val_by_class")
    return [
        (str(name), f"{train or 0:.0f}", f"{val or 0:.0f}")
        for name, train, val in zip(names, *columns, strict=False)
    ]


def item_counts(result: RunResult) -> str:
    """How many items there are, in a sentence; empty where no step counted them."""
    found = found_in(result, "train_items")
    if found is None:
        return ""
    train, val = (found.number(f"{part}_items") for part in ("train", "val"))
    if train is None or val is None:
        return ""
    test = result.chosen.test.items if result.chosen and result.chosen.test else None
    more = f", {test} to test" if test else ""
    return f"{train:.0f} items to train, {val:.0f} to validate{more}."
