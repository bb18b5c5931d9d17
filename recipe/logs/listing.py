"""All curves of a log, one a line."""

from pathlib import Path

from recipe.core.errors import UsageError
from recipe.logs.log import Series
from recipe.logs.reading import listed

MOST = 200
"""Curves that are listed; TensorBoard may hold thousands."""


def list_lines(path: Path) -> list[str]:
    """Name, values, the first and the last of each curve, below the name of its run.

    Raises:
        UsageError: the file cannot be read, or holds none.

    """
    found = listed(path)
    if not found:
        raise UsageError(f"{str(path)!r} holds no number with a name.")
    once = [series for series in found if series.points == 1]
    if any(series.points > 2 for series in found):
        found = [series for series in found if series.points > 1]
    left_out = len(once) if once and once[0] not in found else 0
    lines = [f"{path}: {len(found)} curves"]
    width = min(max(len(series.name) for series in found[:MOST]), 50)
    run = ""
    for series in found[:MOST]:
        if series.run != run:
            run = series.run
            lines.append(f"   run {run}")
        lines.append(_line(series, width))
    if len(found) > MOST:
        lines.append(f"   and {len(found) - MOST} more")
    if left_out:
        lines.append(f"   ({left_out} names with a single value are left out)")
    return lines


def _line(series: Series, width: int) -> str:
    values = f"{series.points} values" if series.points > 1 else "1 value"
    course = (
        f"{series.first:.6g} to {series.last:.6g}" if series.points > 1 else f"{series.last:.6g}"
    )
    return f"   {series.name:<{width}}  {values}, {course}"
