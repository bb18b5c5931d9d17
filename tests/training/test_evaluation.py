"""Scores item by item, and the error of the difference between two models on the same items."""

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.tasks import TASKS
from recipe.training.evaluation import MOST_PARTS, lead_error, part_sums

SOURCE = torch.Generator().manual_seed(0)


def experiment(**given):
    return Experiment(model=nn.Identity, train=None, **given)


def hits(share, n):
    """Outputs of a model that is right about this share of the items, drawn at random."""
    right = torch.rand(n, generator=SOURCE) < share
    y = torch.randint(3, (n,), generator=SOURCE)
    shown = torch.where(right, y, (y + 1) % 3)
    return nn.functional.one_hot(shown, 3).float(), y


def test_the_sums_of_the_items_add_up_to_the_score():
    for task, outputs, y in (
        ("classification", *hits(0.7, 90)),
        ("regression", torch.randn(90, 2, generator=SOURCE), torch.randn(90, 2, generator=SOURCE)),
        ("multilabel", torch.randn(90, 4, generator=SOURCE), torch.ones(90, 4)),
    ):
        batches = [(outputs[:40], y[:40]), (outputs[40:], y[40:])]
        sums = part_sums(experiment(task=task), batches, 90)
        whole = TASKS[task].sums(outputs, y)
        assert len(sums) == 90
        assert TASKS[task].score(sums.sum(0)) == pytest.approx(TASKS[task].score(whole))


def test_of_many_items_parts_of_a_few_say_how_sure_a_lead_is():
    n = 4 * MOST_PARTS
    outputs, y = hits(0.7, n)
    other = hits(0.7, n)[0]
    pair = [part_sums(experiment(), [(each, y)], n) for each in (outputs, other)]
    assert len(pair[0]) == MOST_PARTS
    assert float(pair[0][:, 1].sum()) == n  # every item is in one of them
    lead = (outputs.argmax(1) == y).double() - (other.argmax(1) == y).double()
    expected = float(lead.std()) / n**0.5
    assert lead_error(TASKS["classification"], *pair, seed=1) == pytest.approx(expected, rel=0.2)


def test_a_metric_of_ones_own_may_compare_items():
    assert part_sums(experiment(metric=lambda a, b: 0.0), [hits(0.5, 9)], 9) is None


def test_the_error_of_a_difference_is_that_of_paired_shares():
    n = 800
    outputs, y = hits(0.7, n)
    other = outputs.clone()
    other[:100] = hits(0.7, 100)[0]  # they differ in some of the items
    pair = [part_sums(experiment(), [(each, y)], n) for each in (outputs, other)]
    lead = (outputs.argmax(1) == y).double() - (other.argmax(1) == y).double()
    expected = float(lead.std()) / n**0.5
    found = lead_error(TASKS["classification"], *pair, seed=1)
    assert found == pytest.approx(expected, rel=0.2)  # of 200 resamples: 5 % is one deviation
    assert found < 0.6 * (2 * 0.7 * 0.3 / n) ** 0.5  # as if they had nothing in common
    assert lead_error(TASKS["classification"], pair[0], pair[0], seed=1) == 0


@pytest.mark.slow
def test_the_error_of_a_difference_of_r_squared_against_drawing_anew():
    def leads(n, seed):
        source = torch.Generator().manual_seed(seed)
        y = torch.randn(n, 1, generator=source)
        one, other = (y + s * torch.randn(n, 1, generator=source) for s in (0.5, 0.6))
        return [part_sums(experiment(task="regression"), [(each, y)], n) for each in (one, other)]

    task = TASKS["regression"]
    many = [
        task.score(a.sum(0)) - task.score(b.sum(0)) for a, b in (leads(300, k) for k in range(60))
    ]
    expected = float(torch.tensor(many).std())
    assert lead_error(task, *leads(300, 99), seed=1) == pytest.approx(expected, rel=0.35)
