"""Fused trials on items of several parts, against the same trials one by one."""

import pytest
import torch
from test_fused_training import CELLS, compare
from torch import nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from recipe import Experiment
from recipe.data.splitting import load_splits
from recipe.speed.fused_training import FusedTraining
from recipe.speed.fusing import CannotFuse
from recipe.training.preparation import prepare

CPU = torch.device("cpu")
X = torch.randn(64, 6, generator=torch.Generator().manual_seed(0))
Y = X[:, :3].argmax(1)


class Listed(Dataset):
    def __init__(self, make):
        self.make = make

    def __len__(self):
        return 64

    def __getitem__(self, index):
        return self.make(index)


class ByName(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, left, right):
        return self.head(self.body(torch.cat([left, right], -1)).tanh())


class WithState(ByName):
    def forward(self, x):
        state = self.body(x).tanh()
        return {"state": state, "logits": self.head(state)}


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(9, 5), nn.Linear(5, 3)

    def forward(self, tokens):
        return self.head(self.embed(tokens).mean(-2))


def words(i):
    found = torch.randint(0, 9, (3 + i % 3,), generator=torch.Generator().manual_seed(i))
    return found, int(found.sum()) % 3


FORMS = {
    "by name": {
        "train": Listed(lambda i: {"left": X[i, :2], "right": X[i, 2:], "label": int(Y[i])}), "model": ByName,
    },
    "in a row": {"train": Listed(lambda i: (X[i, :2], X[i, 2:], int(Y[i]))), "model": ByName},
    "one part of the outputs": {"train": (X, Y), "model": WithState},
    "sequences": {"train": Listed(words), "model": Words},
}  # fmt: skip


def prepared(given):
    made = Experiment(
        **{"lr": 0.1, "epochs": 3, "batch_size": 16, "schedule": "cosine", "weight_decay": 0.0,
           "val": 0.25, **given}
    )  # fmt: skip
    made, splits = prepare(made, load_splits(made, CPU, 0))
    return [made.with_params(cell) for cell in CELLS], splits


@pytest.mark.parametrize("form", FORMS)
def test_fused_trials_are_those_one_by_one(form):
    compare(*prepared(FORMS[form]))


def test_outputs_of_several_parts_are_trained_one_by_one():
    def loss(outputs, y):
        return F.cross_entropy(outputs["logits"], y) + 0.1 * outputs["state"].square().mean()

    made, splits = prepared({"train": (X, Y), "model": WithState, "loss": loss})
    with pytest.raises(CannotFuse, match="more than one tensor"):
        FusedTraining(made, splits, seed=3, device=CPU)
