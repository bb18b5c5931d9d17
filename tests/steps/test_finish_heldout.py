"""The interval of the test score against its formula and a slow loop; who looked at the data."""

import math
import os
from statistics import stdev

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.plugin import loss_and_score
from recipe_steps.finish.heldout import LEDGER, RESAMPLES, _look, interval

SOURCE = torch.Generator().manual_seed(0)
Z = 1.959963984540054


def experiment(**given):
    return Experiment(model=nn.Identity, train=None, **given)


def answers(right, total):
    y = torch.zeros(total, dtype=torch.long)
    outputs = torch.zeros(total, 2)
    outputs[:right, 0], outputs[right:, 1] = 1, 1
    return [(outputs[:7], y[:7]), (outputs[7:], y[7:])]


@pytest.mark.parametrize(("right", "total"), [(8, 10), (10, 10), (0, 10), (731, 1000)])
def test_a_share_of_right_answers_has_the_interval_of_wilson(right, total):
    low, high, how = interval(experiment(), answers(right, total), 0)
    p, n = right / total, total
    centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    assert how == "wilson"
    assert (low, high) == pytest.approx(
        (max(0.0, centre - half), min(1.0, centre + half)), abs=1e-9
    )
    assert low <= p <= high


@pytest.mark.parametrize("metric", [None, lambda outputs, y: -float((outputs - y).abs().mean())])
def test_any_other_score_has_the_interval_of_the_bootstrap(metric):
    made = experiment(task="regression", metric=metric)
    y = torch.randn(60, 1, generator=SOURCE)
    outputs = y + 0.3 * torch.randn(60, 1, generator=SOURCE)
    low, high, how = interval(made, [(outputs[:20], y[:20]), (outputs[20:], y[20:])], 5)
    assert how == "bootstrap"
    drawing, scores = torch.Generator().manual_seed(5), []
    for _ in range(RESAMPLES):
        rows = torch.randint(60, (60,), generator=drawing)
        a, b = outputs[rows], y[rows]
        r2 = 1 - ((a - b) ** 2).sum().item() / ((b - b.mean()) ** 2).sum().item()
        scores.append(r2 if metric is None else metric(a, b))
    scores.sort()
    expected = [torch.quantile(torch.tensor(scores), q).item() for q in (0.025, 0.975)]
    assert (low, high) == pytest.approx(expected, abs=1e-4)
    assert low < high


def test_embeddings_are_not_compared_with_copies_of_themselves():
    draw = torch.Generator().manual_seed(3)
    widths, scores = [], []
    for _ in range(20):
        y = torch.arange(120) % 6
        outputs = 1.2 * nn.functional.one_hot(y, 6) + torch.randn(120, 6, generator=draw)
        made = experiment(
            task="embedding", metric="recall_at_1", loss=lambda e, _: e.square().mean()
        )
        low, high, _ = interval(made, [(outputs, y)], 5, 200)
        score = loss_and_score(made, [(outputs, y)])[1]
        assert low < score < high
        widths.append(high - low)
        scores.append(score)
    assert 0.5 < sum(widths) / 20 / (2 * Z * stdev(scores)) < 2.0


def test_masks_are_drawn_by_their_sums():
    y = torch.randint(0, 3, (20, 4, 4), generator=SOURCE)
    outputs = nn.functional.one_hot(y, 3).movedim(-1, 1) + torch.randn(
        20, 3, 4, 4, generator=SOURCE
    )
    made = experiment(task="segmentation")
    low, high, how = interval(made, [(outputs[:8], y[:8]), (outputs[8:], y[8:])], 5)
    task, drawing, scores = made.resolved_task, torch.Generator().manual_seed(5), []
    for _ in range(RESAMPLES):
        rows = torch.randint(20, (20,), generator=drawing)
        scores.append(task.score(task.sums(outputs[rows], y[rows])))
    ends = [torch.quantile(torch.tensor(scores), q).item() for q in (0.025, 0.975)]
    assert how == "bootstrap"
    assert (low, high) == pytest.approx(ends, abs=1e-4)


def test_two_looks_at_the_same_data_are_one_too_many(tmp_path):
    first, second = tmp_path / "a-1", tmp_path / "a-2"
    assert _look(first, "data", again=False) == ""
    assert _look(first, "data", again=False) == ""  # the same run, resumed
    assert "the run a-1 used the test data on 20" in _look(second, "data", again=False)
    assert _look(second, "other data", again=False) == ""
    assert _look(second, "data", again=True) == ""
    assert "a-2" in _look(tmp_path / "a-3", "data", again=False)
    assert len((tmp_path / LEDGER).read_text().splitlines()) == 3


def test_a_line_that_is_no_look_is_left_alone(tmp_path):
    (tmp_path / LEDGER).write_text('{"data": "da\n[]\n{"data": "x"}\n')
    assert _look(tmp_path / "a", "x", again=False) == ""
    lines = (tmp_path / LEDGER).read_text().splitlines()
    assert lines[:3] == ['{"data": "da', "[]", '{"data": "x"}']
    assert len(lines) == 4


LISTS = {
    "no UTF-8": lambda path: path.write_bytes(b"\xff\xfe\n"),
    "nested too deep": lambda path: path.write_text("[" * 100_000 + "\n"),
}


@pytest.mark.parametrize("make", LISTS.values(), ids=LISTS)
def test_lines_of_the_list_that_cannot_be_read_are_kept(tmp_path, make):
    make(tmp_path / LEDGER)
    assert _look(tmp_path / "a", "x", again=False) == ""
    assert "the run a used" in _look(tmp_path / "b", "x", again=False)


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_a_list_that_is_none_is_said(tmp_path, make):
    make(tmp_path / LEDGER)
    with pytest.raises(UsageError, match="used the test data, cannot be read"):
        _look(tmp_path / "a", "x", again=False)
