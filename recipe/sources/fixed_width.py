"""Tables whose columns stand below each other, with empty cells among them."""

from collections.abc import Sequence

LEAST_COLUMNS, LEAST_LINES, GAP = 2, 10, 2
"""Columns and lines of such a table, and blanks in all lines between two columns."""


def places_of(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Where each column begins and ends; none where the lines have no blanks below each other.

    Args:
        lines: those with a value, the names of the columns first.

    """
    lines = [line.expandtabs() for line in lines if line.strip()]
    width = max(map(len, lines), default=0)
    taken = [any(line[at : at + 1].strip() for line in lines) for at in range(width)]
    places: list[tuple[int, int]] = []
    for at in (at for at in range(width) if taken[at]):
        if places and at - places[-1][1] < GAP:
            places[-1] = (places[-1][0], at + 1)
        else:
            places.append((at, at + 1))
    named = all(lines[0][start:end].strip() for start, end in places) if lines else False
    return places if named and len(places) > LEAST_COLUMNS and len(lines) >= LEAST_LINES else []


def cut(lines: Sequence[str]) -> list[list[str]]:
    """The cells of each line."""
    places = places_of(lines)
    return [[line.expandtabs()[start:end].strip() for start, end in places] for line in lines]
