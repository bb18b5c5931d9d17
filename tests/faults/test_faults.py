"""A quick part of the corpus: it fails when a score falls."""

import sys
from pathlib import Path

import pytest

from marks import slow_but

sys.path.insert(0, str(Path(__file__).parent))
from board import remedies
from catalogue import FAULTS
from healthy import healthy
from score import Row, jobs, measure

BASES = ("digits-mlp", "cancer-table", "diabetes-table")
FIRST = {
    "digits-mlp": (
        "softmax-before-cross-entropy", "summed-over-the-batch", "zero-weights", "deep-sigmoid",
        "layers-in-a-plain-list", "inputs-times-1000", "labels-from-one",
        "labels-shuffled", "every-third-label-drawn-anew", "rate-10000-times-too-low",
        "clipped-to-nothing", "gradients-kept",
    ),
    "cancer-table": (
        "sigmoid-before-logit-loss", "large-weights", "detached", "one-column-large",
        "sorted-tail-held-out", "rare-class-doubled-before-the-split",
    ),
    "diabetes-table": (
        "sigmoid-on-real-values", "broadcasting", "targets-in-thousands", "missing-values",
        "rate-300-times-too-high", "step-forgotten",
    ),
}  # fmt: skip
"""Where every one of these is named first, so that one miss is a fall."""
SOUND = (
    "digits-mlp, no rate declared", "cancer-table, adamw", "diabetes-table, huber",
    "digits-mlp, tanh", "digits-mlp, deep, batch norm", "digits-mlp, zero head", "xor",
    "digits-mlp, frozen first layer", "multilabel", "imbalanced",
)  # fmt: skip


def test_what_costs_next_to_nothing_is_a_note():
    row = Row(**measure(("fault", "no-nonlinearity", "digits-mlp", 0)))
    assert not row.diagnosis  # a line tells handwritten digits apart as well, within half a point


def test_the_corpus_is_as_large_as_it_says():
    runs = list(jobs(seeds=2))
    assert len(FAULTS) >= 60
    assert len({base for kind, _, base, _ in runs if kind == "fault"}) == 6
    assert len(list(healthy())) >= len(FAULTS)


CASES = [(base, fault) for base, faults in FIRST.items() for fault in faults]
QUICK = {
    ("digits-mlp", "softmax-before-cross-entropy"), ("digits-mlp", "inputs-times-1000"),
    ("digits-mlp", "zero-weights"), ("cancer-table", "large-weights"),
    ("cancer-table", "sorted-tail-held-out"), ("diabetes-table", "missing-values"),
    ("diabetes-table", "targets-in-thousands"), "xor", "imbalanced",
}  # fmt: skip


@pytest.mark.parametrize(("base", "fault"), slow_but(QUICK, CASES))
def test_the_cause_comes_first(base, fault):
    row = Row(**measure(("fault", fault, base, 0)))
    assert row.first, (row.diagnosis, row.error)


@pytest.mark.parametrize("name", slow_but(QUICK, SOUND))
def test_a_healthy_run_raises_no_alarm(name):
    row = Row(**measure(("healthy", name, "", 0)))
    assert not row.detected, (row.diagnosis, row.error)


@pytest.mark.parametrize(
    ("before", "after", "restored"),
    [(0.1, 0.9, True), (0.1, 0.81, False), (None, 0.95, True), (None, 0.2, False),
     (0.99, 0.85, True), (0.99, 0.6, False), (0.1, None, False)],
)  # fmt: skip
def test_a_score_is_restored_when_nine_tenths_of_the_gap_are_closed(before, after, restored):
    base = Row("base", "", "b", 0, score=0.9, chance=0.1)
    fault = Row("fault", "f", "b", 0, remedy="mend", before=before, after=after)
    assert remedies([base, fault]) == {"f": [restored]}
