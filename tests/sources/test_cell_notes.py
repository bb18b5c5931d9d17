"""What is said of the cells of a column."""

import pytest

from recipe.sources.cell_notes import of_currencies
from recipe.sources.csv_cells import Columns
from recipe.sources.kinds import judged


def said_of(cells):
    table = Columns(("price",), (tuple(cells),))
    return of_currencies(table, judged("price", table.column("price")))


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        ("${}", "€{}", "$ in 20 rows, € in 10 rows"),
        ("{} USD", "{} EUR", "$ in 20 rows, € in 10 rows"),
        ("{}€", "GBP {}", "€ in 20 rows, £ in 10 rows"),
        ("{} CHF", "{} €", "CHF in 20 rows, € in 10 rows"),
        ("€{}k", "£{}k", "€ in 20 rows, £ in 10 rows"),
        ("¥{}", "A${}", "¥ in 20 rows, A$ in 10 rows"),
    ],
)
def test_several_currencies_are_named(first, second, named):
    (note,) = said_of([(first, first, second)[k % 3].format(3 * k + 5) for k in range(30)])
    assert named in note
    assert "'price' holds amounts in several currencies" in note


@pytest.mark.parametrize(
    ("first", "second"),
    [("${}", "{} USD"), ("€{}", "{} Euro"), ("{}", "${}"), ("{}", "{}"), ("{} kg", "{} g"),
     ("{} min", "{} h"), ("Rs. {}", "₹{}")],
)  # fmt: skip
def test_one_currency_is_not_spoken_of(first, second):
    assert said_of([(first, first, second)[k % 3].format(3 * k + 5) for k in range(30)]) == []
