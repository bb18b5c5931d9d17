"""Whatever the curves of a log are, they are judged, printed and drawn without an error."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recipe.logs.log import Log
from recipe.report.log_comparison import comparison, levels, verdict
from recipe.report.log_diagnosis import diagnosed
from recipe.report.log_page import panels
from recipe.ui.log_json import as_json
from recipe.ui.log_lines import curves_of, lines_of
from recipe.ui.log_plot import drawing

values = st.one_of(
    st.floats(0, 3), st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0.0, 1.0])
)
columns = st.dictionaries(
    st.sampled_from(["train_loss", "val_loss", "train_score", "val_score", "lr"]),
    st.lists(values, max_size=40), max_size=5,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(columns, st.booleans(), st.sampled_from(["", "adversarial"]), st.booleans())
def test_any_curves_at_all(curves, placed, kind, growing):
    at = {n: [3.0 * k for k in range(len(c))] for n, c in curves.items()} if placed else {}
    log = Log(curves, at=at, end=200.0 if placed else None, unit="step", kind=kind)
    found = diagnosed("a log", log, growing=growing)
    assert lines_of(found)[0].startswith("a log: ")
    assert as_json([found, found])["logs"][0]["status"] in ("pass", "warn", "fail")
    for part in found.parts:
        panels(found, part)
        marks = [f.place for f in part.causes if f.place is not None]
        for kind_ in ("loss", "score"):
            drawing(curves_of(part, kind_), marks, 60, unicode=True, colour=True)


def test_findings_come_in_the_order_in_which_they_matter():
    losses = [0.3 + 2 * 0.8**i for i in range(20)] + [2.3] * 5
    found = diagnosed("x", Log({"train_loss": losses, "lr": [0.1] * 25}))
    severities = [f.severity for _, f in found.findings]
    assert severities == sorted(severities, key=["fail", "warn", "note"].index)
    assert found.failed
    assert found.unchecked[0].endswith("(no val_loss)")


def logs_of(*scores):
    return [diagnosed(f"run{k}.csv", Log({"val_score": s}, at={"val_score": [*range(len(s))]}))
            for k, s in enumerate(scores)]  # fmt: skip


def test_the_better_log_comes_first_and_its_best_point_is_told():
    low, high = [0.1 * i for i in range(6)], [0.12 * i for i in range(6)]
    rows = comparison(logs_of(low, high))
    assert rows[0][:2] == ("log", "val score at the end")
    assert [row[0] for row in rows[1:]] == ["run1.csv", "run0.csv"]
    assert rows[1][3:5] == ("0.6", "5")


def test_the_error_of_a_level_is_that_of_the_mean_of_independent_points():
    """Of a long end the standard error is the spread over the root of their number."""
    from random import Random

    random = Random(3)
    scores = [0.5 + random.gauss(0, 0.05) for _ in range(1000)]
    (level,) = levels(logs_of(scores), "val_score")
    assert level.error == pytest.approx(0.05 / math.sqrt(200), rel=0.2)


def test_runs_that_differ_by_a_number_are_seeds():
    told = verdict(logs_of([0.5] * 6, [0.6] * 6, [0.55] * 6))
    assert told.startswith("3 runs that differ by a number: val score 0.55 with a standard dev")
