"""Logs beside each other: which is better, and whether that may be luck."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median, stdev

from recipe.report.log_diagnosis import Diagnosed
from recipe.report.wording import humanise, show

Row = tuple[str, ...]
MEASURES = ("val_score", "val_loss", "train_score", "train_loss")
LATE, FEWEST = 0.2, 3
"""Share of a curve, in points at least, whose level is that of its end."""
ERRORS = 2.0
"""Standard errors up to which two levels may differ by luck."""
CHANCE = 0.05
MAD = 1.4826
"""Standard deviation of a normal distribution, in median absolute deviations."""
_SEED = re.compile(
    r"(?:seed|run|rep|repeat|trial|fold|version|s|r)?[-_=]?\d+(?=\D*$)", re.IGNORECASE
)


@dataclass(frozen=True)
class Level:
    """Where one log ends, by one measure."""

    name: str
    last: float
    """Mean over the end."""
    error: float
    """Standard error of it, as points scatter; infinite for fewer than three."""
    best: float
    best_at: float
    group: str
    """The name without the number of a seed."""


def measure_of(logs: Sequence[Diagnosed]) -> str | None:
    """The measure that all of them have, of validation before training."""
    return next((m for m in MEASURES if all(_values(d, m) for d in logs)), None)


def levels(logs: Sequence[Diagnosed], measure: str) -> list[Level]:
    """The end of every log, the best first."""
    sign = 1.0 if measure.endswith("score") else -1.0
    found = [_level(d, measure, sign) for d in logs]
    return sorted(found, key=lambda level: -sign * level.last)


def comparison(logs: Sequence[Diagnosed]) -> list[Row]:
    """A table, the better ones first; the first row is its header."""
    measure = measure_of(logs)
    if measure is None:
        return [("log", "found"), *((d.name, _found(d)) for d in logs)]
    unit = logs[0].log.unit or "point"
    found = {d.name: _found(d) for d in logs}
    rows: list[Row] = [("log", f"{humanise(measure)} at the end", "+-", "best", unit, "found")]
    for level in levels(logs, measure):
        error = "-" if math.isinf(level.error) else show(level.error)
        rows.append((level.name, show(level.last), error, show(level.best), f"{level.best_at:g}",
                     found[level.name]))  # fmt: skip
    return rows


def verdict(logs: Sequence[Diagnosed]) -> str:
    """One sentence: which is better, and whether that may be luck."""
    measure = measure_of(logs)
    if measure is None:
        return "The logs have no measure in common: they cannot be compared."
    ordered = levels(logs, measure)
    groups = _groups(ordered)
    if len(groups) > 1 and all(len(group) > 1 for group in groups.values()):
        return _between_groups(groups, measure)
    if len(groups) == 1 and len(ordered) > 2:
        return _of_one_group(ordered, measure)
    first, second = ordered[:2]
    gain = abs(first.last - second.last)
    said = humanise(measure)
    if not gain:
        return f"Both end at a {said} of {show(first.last)}."
    head = (
        f"{first.name} ends better than {second.name}: {said} {show(first.last)} against "
        f"{show(second.last)}"
    )
    error = math.hypot(first.error, second.error)
    if math.isinf(error):
        return f"{head}; too few points to say how much of that is luck."
    if gain <= ERRORS * error:
        return f"{head}; two standard errors of the difference are {show(ERRORS * error)}: luck."
    return (
        f"{head}, more than their points scatter (two standard errors are {show(ERRORS * error)}); "
        "what another seed would change, one run of each cannot say."
    )


def _between_groups(groups: dict[str, list[Level]], measure: str) -> str:
    from scipy.stats import ttest_ind

    sign = 1.0 if measure.endswith("score") else -1.0
    ordered = sorted(groups.items(), key=lambda g: -sign * fmean(x.last for x in g[1]))
    (better, a), (worse, b) = ordered[:2]
    ends = [[level.last for level in group] for group in (a, b)]
    means = [fmean(values) for values in ends]
    chance = float(ttest_ind(*ends, equal_var=False).pvalue)
    head = (
        f"{better} ({len(a)} runs) ends better than {worse} ({len(b)} runs): {humanise(measure)} "
        f"{show(means[0])} against {show(means[1])}"
    )
    luck = not chance < CHANCE
    return f"{head}; by chance in {chance:.2g} of the cases (Welch's test over seeds), so it " + (
        "may be luck." if luck else "is more than luck."
    )


def _of_one_group(ordered: Sequence[Level], measure: str) -> str:
    ends = [level.last for level in ordered]
    return (
        f"{len(ends)} runs that differ by a number: {humanise(measure)} {show(fmean(ends))} with a "
        f"standard deviation of {show(stdev(ends))} between them; a change that gains less than "
        f"{show(2 * stdev(ends))} may be luck."
    )


def _groups(ordered: Sequence[Level]) -> dict[str, list[Level]]:
    groups: dict[str, list[Level]] = {}
    for level in ordered:
        groups.setdefault(level.group, []).append(level)
    return groups


def _values(found: Diagnosed, measure: str) -> list[float]:
    return [v for v in found.log.curves.get(measure, []) if math.isfinite(v)]


def _level(found: Diagnosed, measure: str, sign: float) -> Level:
    values = _values(found, measure)
    late = values[-max(FEWEST, round(len(values) * LATE)) :]
    best = max(range(len(values)), key=lambda i: sign * values[i])
    places = found.log.at.get(measure, [])
    known = len(places) == len(found.log.curves[measure])
    at = places[best] if known and len(values) == len(places) else best + 1
    return Level(found.name, fmean(late), _error(late), values[best], at, _group(found.name))


def _group(name: str) -> str:
    """A name without its last number: of the seed, where several differ by nothing else."""
    return _SEED.sub("*", name.rpartition(".")[0] or name)


def _error(late: Sequence[float]) -> float:
    """Standard error of the mean over the end, from second differences, which a trend leaves alone;
    of three points from their first.
    """
    if len(late) < FEWEST:
        return math.inf
    bends = [
        abs(a - 2 * b + c) / math.sqrt(6) for a, b, c in zip(late, late[1:], late[2:], strict=False)
    ]
    steps = [abs(b - a) / math.sqrt(2) for a, b in pairwise(late)]
    return MAD * max(median(bends), median(steps)) / math.sqrt(len(late))


def _found(found: Diagnosed) -> str:
    counting = [f.rule for _, f in found.findings if f.counts]
    return ", ".join(dict.fromkeys(counting)) or "nothing"
