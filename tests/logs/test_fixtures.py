"""Logs of many tools, each with the columns and the number of points that it must take."""

from pathlib import Path

import pytest
from log_truth import TRUTH

from recipe.logs.reading import listed, read

FIXTURES = Path(__file__).parent / "fixtures"
CURVES = ("train_loss", "val_loss", "train_score", "val_score", "lr")


@pytest.mark.parametrize("name", TRUTH)
def test_it_is_read_without_options(name):
    truth = TRUTH[name]
    log = read(FIXTURES / name)
    taken = {
        curve: (choice.columns, len(log.curves[curve])) for curve, choice in log.chosen.items()
    }
    meant = {}
    for curve in CURVES:
        if curve in truth:
            columns, points = truth[curve]
            names = (columns,) if isinstance(columns, str) else columns
            meant[curve] = (names, points or taken.get(curve, ((), 0))[1])
    assert taken == meant
    assert len(log.runs) == truth.get("runs", 0)
    assert log.kind == truth.get("kind", "")
    assert set(log.parts) == set(truth.get("parts", ()))
    assert {c: (e.point, e.how) for c, e in log.ends.items()} == truth.get("ends", {})
    if "planned" in truth:
        assert log.planned == truth["planned"]


def test_every_fixture_has_its_truth():
    assert {path.name for path in FIXTURES.iterdir()} == set(TRUTH)


@pytest.mark.parametrize("name", TRUTH)
def test_places_are_as_long_as_their_curves_and_rise(name):
    log = read(FIXTURES / name)
    for curve, values in log.curves.items():
        assert len(log.at[curve]) == len(values)
        assert log.at[curve] == sorted(log.at[curve])
        assert log.end >= log.at[curve][-1]
    for part, curves in log.parts.items():
        for curve, values in curves.items():
            assert len(log.at[f"{part}/{curve}"]) == len(values)


@pytest.mark.parametrize("name", TRUTH)
def test_what_was_taken_is_among_what_is_listed(name):
    names = {series.name for series in listed(FIXTURES / name)}
    for choice in read(FIXTURES / name).chosen.values():
        assert set(choice.columns) <= names
