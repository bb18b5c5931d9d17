"""What a plot shows, as plain data: from a figure and its evidence to points, cells and marks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

from recipe.core.evidence import Curve, Evidence, Figure
from recipe.core.results import RunResult
from recipe.report.notebook import best_trial
from recipe.report.wording import humanise, show
from recipe.training.schedules import SCHEDULES, with_warmup

HUGE = 1e150
"""Beyond it a diverged loss overflows the arithmetic of the axes: shown as a gap."""
SPREAD = 10.0
"""A largest value this many times the median flattens the rest: a log axis shows both."""
GRID_SIDE = 12
"""More rows or columns than this leave no room to write a value in each cell."""
SMALL_SIDE = 5
"""Up to this size cells read well even when most of them are empty."""
GRID_SHARE = 0.6
"""Trials fill at least this share of a grid; random ones lie scattered."""
_LOWER_IS_BETTER = ("loss", "error", "perplexity")
_DEFAULT_X_LABEL = Figure("", "", ()).x_label


@dataclass(frozen=True)
class Series:
    """Named points; a y of None is a gap."""

    label: str
    x: tuple[float, ...]
    y: Curve
    look: Literal["normal", "strong", "faint", "points", "dots", "behind"] = "normal"


@dataclass(frozen=True)
class LinePanel:
    """Series over a common axis, as lines or as bars, with marks in the legend."""

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    bars: bool = False
    whole_x: bool = False
    """x counts epochs, iterations or models: no ticks between them."""
    log_x: bool = False
    log_y: bool = False
    mark_x: tuple[tuple[str, float], ...] = ()
    mark_y: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Cell:
    """One point of a map; a value of None is a trial without a score."""

    x: float
    y: float
    value: float | None


@dataclass(frozen=True)
class MapPanel:
    """A value over two parameters."""

    title: str
    x_label: str
    y_label: str
    value_label: str
    cells: tuple[Cell, ...]
    best: tuple[Cell, ...] = ()
    """The cells of the best value: scores of few items often tie."""
    log_x: bool = False
    log_y: bool = False

    @property
    def xs(self) -> tuple[float, ...]:
        """The columns, ascending."""
        return tuple(sorted({cell.x for cell in self.cells}))

    @property
    def ys(self) -> tuple[float, ...]:
        """The rows, ascending."""
        return tuple(sorted({cell.y for cell in self.cells}))

    @property
    def is_grid(self) -> bool:
        """Whether the cells fill a grid that leaves room for their values."""
        columns, rows = len(self.xs), len(self.ys)
        filled = len(self.cells) >= GRID_SHARE * columns * rows
        return max(columns, rows) <= (GRID_SIDE if filled else SMALL_SIDE)


Panel = LinePanel | MapPanel


def panel(figure: Figure, evidence: Evidence) -> Panel | None:
    """What `figure` shows of `evidence`; None when nothing of it was measured."""
    if figure.kind == "map":
        return _map_panel(figure, evidence)
    series = tuple(
        shown
        for name in figure.series
        if (shown := _series(figure, evidence, name)) and any(y is not None for y in shown.y)
    )
    if not series:
        return None
    series = _briefly(series)
    if figure.kind == "dots":
        series = tuple(replace(each, look="dots") for each in series)
    return LinePanel(
        title=figure.title,
        x_label=_x_label(figure),
        y_label=figure.y_label,
        series=series,
        bars=figure.kind == "bars",
        whole_x=all(x % 1 == 0 for each in series for x in each.x),
        log_x=figure.log_x,
        log_y=figure.log_y or (figure.kind == "line" and _needs_log(series)),
        mark_x=_marks(figure.mark_x, evidence),
        mark_y=_marks(figure.mark_y, evidence),
    )


def schedules_panel(result: RunResult) -> LinePanel | None:
    """The schedules to choose from, the best trial's strong, and the rates it logged.

    None before any trial: there is no schedule to compare then.
    """
    if not result.trials:
        return None
    params = result.best.params if result.best else {}
    chosen, warmup = params.get("schedule"), params.get("warmup")
    progress = tuple(i / 200 for i in range(201))
    series = []
    for name, shape in SCHEDULES.items():
        if name == chosen:
            shape = with_warmup(shape, warmup if isinstance(warmup, float) else 0.0)  # noqa: PLW2901
        label = f"{humanise(name)} (best trial)" if name == chosen else humanise(name)
        look: Literal["strong", "faint"] = "strong" if name == chosen else "faint"
        series.append(Series(label, progress, tuple(shape(p) for p in progress), look))
    if logged := _logged_rates(result):
        series.append(logged)
    return LinePanel(
        title="Learning-rate schedules",
        x_label="progress of training",
        y_label="share of the base learning rate",
        series=tuple(series),
    )


def spaced(
    dots: Sequence[tuple[float, float]],
    labels: Sequence[tuple[float, float]],
    room: tuple[float, float],
) -> list[int]:
    """Indices of the labels that cover neither a dot nor an earlier label.

    Args:
        dots: centres of everything drawn.
        labels: centres of the labels, the most important first.
        room: width and height of a label, in the units of the points.

    """
    kept: list[int] = []
    for index, label in enumerate(labels):
        covers_dot = any(_near(label, dot, room, 0.6) for dot in dots)
        if not covers_dot and not any(_near(label, labels[k], room, 1.0) for k in kept):
            kept.append(index)
    return kept


def _near(
    a: tuple[float, float], b: tuple[float, float], room: tuple[float, float], share: float
) -> bool:
    return abs(a[0] - b[0]) < share * room[0] and abs(a[1] - b[1]) < share * room[1]


def _needs_log(series: Sequence[Series]) -> bool:
    values = [y for each in series for y in each.y if y is not None]
    return min(values) > 0 and max(values) > SPREAD * median(values)


def _x_label(figure: Figure) -> str:
    forgotten = figure.x is not None and figure.x_label == _DEFAULT_X_LABEL
    return humanise(figure.x) if figure.x and forgotten else figure.x_label


def _series(figure: Figure, evidence: Evidence, name: str) -> Series:
    ys = _drawable(evidence.curve(name))
    xs: Curve = tuple(map(float, range(1, len(ys) + 1)))
    if figure.x is not None:
        xs = _drawable(evidence.curve(figure.x))
    points = [(x, y) for x, y in zip(xs, ys, strict=False) if x is not None]
    return Series(humanise(name), tuple(x for x, _ in points), tuple(y for _, y in points))


def _briefly(series: tuple[Series, ...]) -> tuple[Series, ...]:
    """Without the words that all names begin with: the title says them."""
    names = [each.label.split() for each in series]
    while (
        len(names) > 1
        and all(len(name) > 1 and name[1].isalpha() for name in names)
        and len({name[0] for name in names}) == 1
    ):
        names = [name[1:] for name in names]
    return tuple(replace(s, label=" ".join(n)) for s, n in zip(series, names, strict=True))


def _marks(names: Sequence[str], evidence: Evidence) -> tuple[tuple[str, float], ...]:
    at: dict[float, list[str]] = {}
    for name in names:
        value = evidence.number(name)
        if value is not None and abs(value) < HUGE:
            at.setdefault(value, []).append(humanise(name))
    return tuple((f"{' = '.join(called)}: {show(value)}", value) for value, called in at.items())


def _map_panel(figure: Figure, evidence: Evidence) -> MapPanel | None:
    value_name, y_name = figure.series[:2]
    values = _drawable(evidence.curve(value_name))
    xs = _drawable(evidence.curve(figure.x or ""))
    ys = _drawable(evidence.curve(y_name))
    sign = -1.0 if any(word in value_name for word in _LOWER_IS_BETTER) else 1.0

    def rank(cell: Cell) -> float:
        return float("-inf") if cell.value is None else sign * cell.value

    cells: dict[tuple[float, float], Cell] = {}
    for x, y, value in zip(xs, ys, values, strict=False):
        if x is None or y is None:
            continue
        # Trials that differ in a third parameter share a cell: it shows the best of them.
        other, cell = cells.get((x, y)), Cell(x, y, value)
        cells[x, y] = cell if other is None else max(other, cell, key=rank)
    if not cells:
        return None
    scored = [cell for cell in cells.values() if cell.value is not None]
    top = max(map(rank, scored), default=None)
    best = tuple(cell for cell in scored if rank(cell) == top)
    return MapPanel(
        title=figure.title,
        x_label=_x_label(figure),
        y_label=humanise(y_name),
        value_label=humanise(value_name),
        cells=tuple(cells.values()),
        best=best,
        log_x=figure.log_x,
        log_y=figure.log_y,
    )


def _logged_rates(result: RunResult) -> Series | None:
    """The rate at the end of each epoch of the best trial, as a share of its base rate."""
    trial = best_trial(result)
    rates = trial.curves.get("lr", ()) if trial else ()
    known = [rate for rate in rates if rate is not None]
    if trial is None or not known:
        return None
    given = trial.params.get("lr")
    base = float(given) if isinstance(given, int | float) and given else max(known)
    if base <= 0:
        return None
    planned = max(trial.planned_epochs, len(rates))
    xs = tuple((epoch + 1) / planned for epoch in range(len(rates)))
    ys = tuple(None if rate is None else rate / base for rate in rates)
    return Series(f"as logged by trial {trial.number}", xs, ys, "points")


def _drawable(values: Curve) -> Curve:
    return tuple(None if v is None or abs(v) > HUGE else v for v in values)
