"""Learning curves drawn with characters, the places of findings marked."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

Points = Sequence[tuple[float, float]]
"""Places and values of a curve."""
HEIGHT, LEAST_WIDTH = 8, 24
"""Rows of a plot; columns below which a line of blocks is all there is room for."""
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Of a braille character, by row and column."""
BRAILLE = 0x2800
BLOCKS, SHADES = "▁▂▃▄▅▆▇█", "_.-=+*#@"
LETTERS, STYLES = "*o", ("blue", "yellow")
"""Of training, and of validation."""
SPREAD = 10.0
"""Largest value over the median from which an axis is logarithmic."""
Cell = tuple[str, str]
"""A character and its style, by the words of rich."""


@dataclass(frozen=True)
class Frame:
    """Where values lie in a box of characters."""

    left: float
    right: float
    low: float
    high: float
    width: int
    rows: int
    log: bool

    def column(self, x: float, across: int = 1) -> float:
        """Dots from the left, of which a character has so many."""
        span = self.right - self.left
        return ((x - self.left) / span if span else 0.5) * (self.width * across - 1)

    def row(self, y: float, down: int = 1) -> float:
        """Dots from the top, of which a character has so many."""
        a, b, v = (math.log(z) if self.log else z for z in (self.low, self.high, y))
        share = (v - a) / (b - a) if b > a else 0.5
        return (1 - min(max(share, 0.0), 1.0)) * (self.rows * down - 1)


def frame_of(curves: Mapping[str, Points], width: int, rows: int) -> Frame | None:
    """The box for these curves; None where no value is finite. Values far above the others, as of a
    run that diverged, make the axis logarithmic.
    """
    xs = [x for points in curves.values() for x, _ in points]
    ys = [y for points in curves.values() for _, y in points if math.isfinite(y)]
    if not ys:
        return None
    log = min(ys) > 0 and max(ys) > SPREAD * median(ys)
    return Frame(min(xs), max(xs), min(ys), max(ys), width, rows, log)


def drawing(
    curves: Mapping[str, Points], marks: Sequence[float], width: int, *, unicode: bool,
    colour: bool, rows: int = HEIGHT, unit: str = "",
) -> list[list[Cell]]:  # fmt: skip
    """Rows of characters.

    Args:
        curves: at most two of one scale, by the names in the legend; those of validation begin
            so.
        marks: places on the x axis that are to be seen.
        width: columns that there are for all of it.
        unicode: whether more than ASCII can be written.
        colour: whether colours tell curves apart; without them letters do.
        rows: height without the axis.
        unit: what x counts.

    """
    curves = {name: points for name, points in curves.items() if points}
    labels = _labels(frame_of(curves, 2, rows))
    if labels is None:
        return []
    margin = max(map(len, labels)) + 2
    if width - margin < LEAST_WIDTH:
        return [_line(name, points, width, unicode=unicode) for name, points in curves.items()]
    frame = frame_of(curves, width - margin, rows)
    if frame is None:
        return []
    dotted = unicode and (colour or len(curves) == 1)
    grid = (_braille if dotted else _letters)(curves, frame)
    bar, corner, rule, tick = "│└─┤" if unicode else "|+-|"
    for mark in marks:
        for row in grid:
            at = round(frame.column(mark))
            if 0 <= at < frame.width and row[at][0] in (" ", chr(BRAILLE)):
                row[at] = ("┊" if unicode else ":", "bold")
    lines = []
    for k, row in enumerate(grid):
        label = {0: labels[0], rows - 1: labels[1]}.get(k, "")
        side = tick if label else bar
        lines.append([(f"{label:>{margin - 2}} {side}", ""), *row])
    lines.append([(" " * (margin - 1) + corner + rule * frame.width, "")])
    lines.append([(" " * margin + _axis(frame, marks, unit, unicode=unicode), "")])
    return lines + _legend(list(curves), margin, frame, dotted=dotted)


def _labels(frame: Frame | None) -> tuple[str, str] | None:
    return None if frame is None else (f"{frame.high:.3g}", f"{frame.low:.3g}")


def _segments(points: Points, frame: Frame, across: int, down: int) -> list[tuple[int, int]]:
    """Dots of a curve in a grid that is finer than characters; gaps stay where a value is none."""
    dots: list[tuple[int, int]] = []
    last: tuple[float, float] | None = None
    for x, y in points:
        if not math.isfinite(y):
            last = None
            continue
        here = (frame.column(x, across), frame.row(y, down))
        dots += _between(last or here, here)
        last = here
    return dots


def _between(a: tuple[float, float], b: tuple[float, float]) -> list[tuple[int, int]]:
    count = max(1, math.ceil(max(abs(b[0] - a[0]), abs(b[1] - a[1]))))
    return [
        (round(a[0] + (b[0] - a[0]) * k / count), round(a[1] + (b[1] - a[1]) * k / count))
        for k in range(count + 1)
    ]


def _braille(curves: Mapping[str, Points], frame: Frame) -> list[list[Cell]]:
    bits = [[0] * frame.width for _ in range(frame.rows)]
    style = [[""] * frame.width for _ in range(frame.rows)]
    for name, points in curves.items():
        for x, y in _segments(points, frame, 2, 4):
            bits[y // 4][x // 2] |= DOTS[y % 4][x % 2]
            style[y // 4][x // 2] = _style(name)
    return [
        [(chr(BRAILLE + b) if b else " ", s) for b, s in zip(*rows, strict=True)]
        for rows in zip(bits, style, strict=True)
    ]


def _letters(curves: Mapping[str, Points], frame: Frame) -> list[list[Cell]]:
    grid: list[list[Cell]] = [[(" ", "")] * frame.width for _ in range(frame.rows)]
    for name, points in curves.items():
        for x, y in _segments(points, frame, 1, 1):
            grid[y][x] = (_letter(name), _style(name))
    return grid


def _axis(frame: Frame, marks: Sequence[float], unit: str, *, unicode: bool) -> str:
    """First and last place, and the marked ones between them where there is room."""
    text = [" "] * frame.width

    def put(at: int, word: str) -> None:
        at = min(max(at, 0), frame.width - len(word))
        room = text[max(at - 1, 0) : at + len(word) + 1]
        if at >= 0 and all(letter == " " for letter in room):
            text[at : at + len(word)] = word

    sign = "▲" if unicode else "^"
    for mark in marks:
        put(round(frame.column(mark)), f"{sign}{mark:g}")
    put(0, f"{frame.left:g}")
    put(frame.width, f"{frame.right:g} {unit}".rstrip())
    return "".join(text).rstrip()


def _legend(names: Sequence[str], margin: int, frame: Frame, *, dotted: bool) -> list[list[Cell]]:
    """In one row, or where that is too long in one for each curve."""
    signs = [("──" if dotted else _letter(name), _style(name)) for name in names]
    entries: list[list[Cell]] = [
        [sign, (f" {name}", "")] for sign, name in zip(signs, names, strict=True)
    ]
    if frame.log:
        entries.append([("(logarithmic)", "dim")])
    left: Cell = (" " * margin, "")
    whole = [left, *(cell for entry in entries for cell in (*entry, ("  ", "")))][:-1]
    if sum(len(text) for text, _ in whole) <= margin + frame.width:
        return [whole]
    return [[left, *entry] for entry in entries]


def _style(name: str) -> str:
    return STYLES[name.startswith("val")]


def _letter(name: str) -> str:
    return LETTERS[name.startswith("val")]


def _line(name: str, points: Points, width: int, *, unicode: bool) -> list[Cell]:
    """One curve as a line of blocks, for a terminal that has room for no more."""
    signs = BLOCKS if unicode else SHADES
    values = [y for _, y in points]
    room = max(4, width - len(name) - 1)
    if len(values) > room:
        cuts = [round(k * len(values) / room) for k in range(room + 1)]
        groups = (values[a:b] for a, b in pairwise(cuts))
        values = [median([v for v in g if math.isfinite(v)] or [math.nan]) for g in groups]
    known = [v for v in values if math.isfinite(v)]
    low, span = min(known, default=0.0), max(known, default=0.0) - min(known, default=0.0)
    drawn = "".join(
        signs[round((v - low) / span * (len(signs) - 1)) if span else 0]
        if math.isfinite(v)
        else "x"
        for v in values
    )
    return [(f"{name} ", ""), (drawn, _style(name))]
