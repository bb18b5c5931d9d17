"""Masks whose names say nothing of what they mean."""

import pytest
import torch
from torch import nn
from torch.utils.data import Dataset

from recipe import Experiment
from recipe.data.splitting import load_splits
from recipe.models.adapted import adapter_of
from recipe.models.building import build_model
from recipe.training.preparation import prepare

CPU = torch.device("cpu")


class Ragged(Dataset):
    """Sequences of several lengths."""

    def __len__(self):
        return 24

    def __getitem__(self, index):
        return torch.arange(1, 3 + index % 5), index % 3


class Listed(Dataset):
    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


class Attends(nn.Module):
    """An attention layer in which padding has no part, if it is told where that is."""

    def __init__(self, true_for_padding):
        super().__init__()
        self.true_for_padding = true_for_padding
        self.words, self.head = nn.Embedding(12, 8), nn.Linear(8, 3)

    def pooled(self, tokens, mask):
        if mask is None:
            return self.head(self.words(tokens).mean(1))
        real = (~mask if self.true_for_padding else mask)[..., None]
        return self.head((self.words(tokens) * real).sum(1) / real.sum(1).clamp(min=1))


class ByMask(Attends):
    def forward(self, tokens, mask=None):
        return self.pooled(tokens, mask)


class ByPaddingMask(Attends):
    def forward(self, tokens, padding_mask=None):
        return self.pooled(tokens, padding_mask)


class Deaf(Attends):
    def forward(self, tokens, mask=None):
        return self.pooled(tokens, None)


def test_nothing_is_said_of_a_mask_that_is_not_given():
    x = [{"tokens": torch.arange(1, 6), "label": 0} for _ in range(8)]
    experiment = Experiment(model=lambda: ByMask(False), train=Listed(x)).resolved()
    said = []
    prepare(experiment, load_splits(experiment, CPU, 0), said.append)
    assert said == ["The model is called by name with tokens."]


@pytest.mark.parametrize(
    ("kind", "true_for_padding", "turned", "says"),
    [
        (ByMask, False, False, "mask, which says where sequences end"),
        (ByMask, True, True, "mask, which is true for padding"),
        (ByPaddingMask, True, False, "padding_mask, which says where sequences end"),
        (ByPaddingMask, False, True, "padding_mask, which is true for real steps"),
        (Deaf, False, False, "mask, which says where sequences end"),
    ],
)
def test_the_meaning_with_which_padding_changes_nothing(kind, true_for_padding, turned, says):
    experiment = Experiment(model=lambda: kind(true_for_padding), train=Ragged()).resolved()
    said = []
    experiment, data = prepare(experiment, load_splits(experiment, CPU, 0), said.append)
    model = build_model(experiment, 0, CPU).eval()
    assert adapter_of(model).calling.turned == turned
    assert says in said[0]
    x = data.train.sample(8, torch.Generator().manual_seed(0)).x
    alone = torch.cat([model.pooled(v[None, :n], None) for v, n in zip(*x.value, strict=True)])
    assert torch.allclose(model(x), alone, atol=1e-6) == (kind is not Deaf)
