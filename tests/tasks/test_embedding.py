import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe import Experiment, UsageError
from recipe.tasks import TASKS, Embedding, embedding
from recipe.tasks.classification import LossOfClasses
from recipe.tasks.embedding import EmbeddingByLoss, recall_at
from recipe.tasks.metrics import NamedMetric

SOURCE = torch.Generator().manual_seed(0)
LABELS = torch.tensor([0, 1, 2] * 9 + [7])  # of the last one there is no other
POINTS = torch.randn(28, 4, generator=SOURCE) + 2 * F.one_hot(LABELS.clamp(max=3), 4)
GROUPS = torch.randn(30, 3, 4, generator=SOURCE)
GROUPS[:, 1] = GROUPS[:, 0] + 0.5 * torch.randn(30, 4, generator=SOURCE)


def triplet(outputs, targets):
    return F.triplet_margin_loss(*outputs.unbind(1))


def contrastive(outputs, targets):
    first, second = F.normalize(outputs, dim=-1).unbind(1)[:2]
    return F.cross_entropy(10 * first @ second.T, torch.arange(len(outputs)))


def pulled(outputs, labels):
    """Items of a label together, others apart by a margin."""
    distances = (outputs[:, None] - outputs).square().sum(-1)
    same = labels[:, None] == labels
    return (distances * same + (1 - distances).clamp(min=0) * ~same).mean()


def slow_recall(k, points, labels):
    found = []
    for i, point in enumerate(points):
        others = [j for j in range(len(points)) if j != i]
        others.sort(key=lambda j: (point - points[j]).norm().item())
        if any(labels[j] == labels[i] for j in others):
            found.append(any(labels[j] == labels[i] for j in others[:k]))
    return sum(found) / len(found)


@pytest.mark.parametrize("k", [1, 5, 10])
@pytest.mark.parametrize("chunk", [embedding.CHUNK, 60])
def test_recall_is_the_share_with_one_of_theirs_among_the_nearest(k, chunk, monkeypatch):
    monkeypatch.setattr(embedding, "CHUNK", chunk)
    expected = slow_recall(k, POINTS, LABELS.tolist())
    assert recall_at(k, POINTS, LABELS, pulled) == pytest.approx(expected)
    metric = NamedMetric(f"recall_at_{k}", Embedding().adapted(pulled))
    running = metric.running()
    for part in zip(POINTS.split([3, 25]), LABELS.split([3, 25]), strict=True):
        running.add(*part)
    assert running.score() == pytest.approx(expected)  # compared with all, not with their batch


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize("chunk", [embedding.CHUNK, 60])
def test_of_pairs_the_partner_is_looked_for_among_all(k, chunk, monkeypatch):
    monkeypatch.setattr(embedding, "CHUNK", chunk)
    candidates = torch.cat([GROUPS[:, 1], GROUPS[:, 2]])
    hits = [
        torch.cdist(first[None], candidates)[0].argsort()[:k].eq(i).any().item()
        for i, first in enumerate(GROUPS[:, 0])
    ]
    found = recall_at(k, GROUPS, torch.zeros(30), triplet)
    assert found == pytest.approx(sum(hits) / 30)
    assert 0 < found < 1
    same = GROUPS[:, :1].expand(-1, 2, -1)
    assert recall_at(1, same, torch.zeros(30), triplet) == 1


def test_near_is_what_the_loss_means_by_it():
    apart = POINTS * torch.linspace(0.01, 100, 28)[:, None]  # by their lengths alone
    by_angle = slow_recall(1, F.normalize(apart, dim=-1), LABELS.tolist())

    def cosine(outputs, labels):
        return pulled(F.normalize(outputs, dim=-1), labels)

    assert recall_at(1, apart, LABELS, cosine) == pytest.approx(by_angle)
    assert recall_at(1, apart, LABELS, pulled) != pytest.approx(by_angle)
    pairs = GROUPS * torch.linspace(0.01, 100, 30)[:, None, None]
    assert recall_at(1, pairs, LABELS, contrastive) == recall_at(1, GROUPS, LABELS, contrastive)


def test_other_shapes_say_what_is_needed():
    with pytest.raises(UsageError, match=r"got \[28, 4\] with targets \[28, 2\]"):
        recall_at(1, POINTS, torch.zeros(28, 2), pulled)
    assert math.isnan(recall_at(1, POINTS, torch.arange(28), pulled))  # no two of one label


def test_the_score_is_minus_the_loss():
    task = Experiment(model=nn.Identity, train=None, task="ranking", loss=triplet).resolved_task
    assert isinstance(task, EmbeddingByLoss)
    targets = torch.zeros(30)
    assert task.score(task.sums(GROUPS, targets)) == pytest.approx(-triplet(GROUPS, targets).item())
    assert task.loss(GROUPS, targets) == triplet(GROUPS, targets)
    assert math.isnan(task.perfect_score(GROUPS, targets))
    assert math.isnan(task.expected_initial_loss(targets, 4))
    assert task.adapted(triplet) is task
    assert task.shape_problem(GROUPS, targets) is None


def test_without_a_loss_there_is_nothing_to_train():
    for call in (TASKS["embedding"].loss, TASKS["ranking"].sums):
        with pytest.raises(UsageError, match="has no loss of its own: pass loss="):
            call(GROUPS, LABELS)
    with pytest.raises(UsageError, match="not defined for embedding: pass a function"):
        Experiment(model=nn.Identity, train=None, task="embedding", metric="recall_at_1")


def test_classes_that_lie_together_can_be_looked_for_too():
    made = Experiment(model=nn.Identity, train=None, loss=pulled, metric="recall_at_1")
    assert isinstance(made.resolved_task, LossOfClasses)
    expected = slow_recall(1, POINTS, LABELS.tolist())
    assert made.metric_function(POINTS, LABELS) == pytest.approx(expected)
