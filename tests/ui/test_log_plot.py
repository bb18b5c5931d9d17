"""Curves drawn with characters."""

import math

import pytest

from recipe.ui.log_plot import drawing

FALL = [(float(i), 2.0 - 0.1 * i) for i in range(20)]
RISE = [(float(i), 0.1 + 0.1 * i) for i in range(20)]


def drawn(curves, marks=(), width=60, **more):
    rows = drawing(curves, marks, width, **({"unicode": True, "colour": True} | more))
    return ["".join(text for text, _ in row) for row in rows]


def test_a_curve_goes_from_its_first_to_its_last_value():
    rows = drawn({"training loss": FALL}, unit="epoch")
    assert [rows[k].split("┤")[0].strip() for k in (0, 7)] == ["2", "0.1"]
    assert len(rows[0].rstrip()) < len(rows[3].rstrip()) < len(rows[7].rstrip()) == 60
    assert rows[-2].split() == ["0", "19", "epoch"]
    assert rows[-1].split() == ["──", "training", "loss"]


@pytest.mark.parametrize("width", [30, 60, 90])
def test_no_row_is_wider_than_there_is_room(width):
    curves = {"training loss": FALL, "validation loss": RISE}
    for options in ({}, {"unicode": False}, {"colour": False}):
        assert max(map(len, drawn(curves, [3.0, 18.9], width, **options))) <= width


def test_without_unicode_it_is_ascii():
    rows = drawn({"training loss": FALL, "validation loss": RISE}, [10.0], unicode=False)
    assert all(row.isascii() for row in rows)
    assert "^10" in rows[-2]
    assert any(":" in row for row in rows[:8])


def test_two_curves_without_colours_are_letters():
    rows = drawn({"training loss": FALL, "validation loss": RISE}, colour=False)
    assert "*" in rows[0] + rows[7]
    assert "o" in rows[0] + rows[7]


def test_the_place_of_a_finding_is_marked():
    rows = drawn({"training loss": FALL}, [5.0])
    column = rows[-2].index("▲")
    assert rows[-2][column:].startswith("▲5")
    assert any(row[column : column + 1] == "┊" for row in rows[:8])


def test_a_gap_is_none_and_a_value_that_is_not_finite_draws_nothing():
    broken = [(x, math.nan if 5 <= x < 15 else y) for x, y in FALL]
    rows = drawn({"training loss": broken})
    left, right = rows[0].index("┤"), max(map(len, rows[:8]))
    middle = [
        row[left + (right - left) * 4 // 10 : left + (right - left) * 6 // 10] for row in rows[:8]
    ]
    assert not any(part.strip(" ⠀") for part in middle)


def test_a_run_that_diverged_is_drawn_by_orders_of_magnitude():
    rows = drawn({"training loss": [(float(i), 10.0 ** (i if i > 15 else 0)) for i in range(20)]})
    assert rows[-1].endswith("(logarithmic)")


def test_a_narrow_terminal_gets_a_line_of_blocks():
    rows = drawn({"training loss": FALL, "validation loss": RISE}, width=26)
    assert len(rows) == 2
    assert (rows[0][:15], rows[0][-1]) == ("training loss █", "▁")
    assert (rows[1][:17], rows[1][-1]) == ("validation loss ▁", "█")
    assert max(map(len, rows)) <= 26
    assert all(row.isascii() for row in drawn({"val": FALL}, width=20, unicode=False))


@pytest.mark.parametrize(
    "points", [[], [(1.0, 2.0)], [(1.0, math.nan)], [(1.0, 0.0), (2.0, 0.0)], [(1.0, -3.0)] * 3]
)
def test_odd_curves_are_drawn_without_a_word(points):
    drawn({"training loss": points}, [1.0])
    drawn({"training loss": points}, [1.0], width=12)
