"""Losses of embeddings: whether they pull together what belongs together."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import recipe


def hardest(embedded, labels, margin=0.3):
    """For each item its farthest of the same class and its nearest of another one."""
    distance = torch.cdist(embedded, embedded)
    same = labels[:, None] == labels
    farthest = distance.masked_fill(~same, 0.0).max(1).values
    nearest = distance.masked_fill(same, 10.0).min(1).values
    return F.relu(farthest - nearest + margin).mean()


def hardest_swapped(embedded, labels, margin=0.3):
    distance = torch.cdist(embedded, embedded)
    same = labels[:, None] == labels
    farthest = distance.masked_fill(~same, 0.0).max(1).values
    nearest = distance.masked_fill(same, 10.0).min(1).values
    return F.relu(nearest - farthest + margin).mean()


def contrastive(embedded, labels):
    """Supervised contrastive loss (Khosla et al. 2020)."""
    similar = F.normalize(embedded, dim=1)
    logits = similar @ similar.T / 0.1 - 1e9 * torch.eye(len(labels))
    same = (labels[:, None] == labels).float() - torch.eye(len(labels))
    return -((logits.log_softmax(1) * same).sum(1) / same.sum(1).clamp(min=1)).mean()


def contrastive_negated(embedded, labels):
    return -contrastive(embedded, labels)


LOSSES = {hardest: False, hardest_swapped: True, contrastive: False, contrastive_negated: True}


class Unit(nn.Module):
    """Embeddings of length 1."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 16)

    def forward(self, x):
        return F.normalize(self.layer(x), dim=1)


@pytest.mark.parametrize(("loss", "wrong"), LOSSES.items(), ids=[loss.__name__ for loss in LOSSES])
def test_a_loss_that_pushes_apart_what_belongs_together_is_named_and_no_other(
    loss, wrong, tmp_path
):
    draw = torch.Generator().manual_seed(0)
    centres = 3 * torch.randn(8, 6, generator=draw)
    labels = torch.arange(160) % 8
    data = centres[labels] + torch.randn(160, 6, generator=draw), labels
    experiment = recipe.Experiment(
        model=Unit, train=data, val=data, task="embedding", loss=loss, batch_size=40
    )
    result = recipe.run(experiment, until="initial_loss", out=tmp_path, device="cpu")
    step = next(step for step in result.steps if step.name == "initial_loss")
    found = [f.rule for f in step.findings if f.counts]
    assert found == (["loss-sign-flipped"] if wrong else [])
