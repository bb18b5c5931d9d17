"""One layer in several places of a list, and what layers of their own bring."""

import pytest
import torch
from torch import nn

import recipe
from recipe.models.mended_calls import layers_apart
from recipe.testing import judge_scalars
from recipe_steps.inspect import Inspect
from recipe_steps.inspect.shared_layers import shared_layers


class Tables(nn.Module):
    """A table for each of six answers; or one, under six names."""

    def __init__(self, *, shared):
        super().__init__()
        tables = [nn.Embedding(5, 8)] * 6 if shared else [nn.Embedding(5, 8) for _ in range(6)]
        self.tables, self.head = nn.ModuleList(tables), nn.Linear(8, 2)

    def forward(self, answers):
        embedded = [table(answers[:, place]) for place, table in enumerate(self.tables)]
        return self.head(torch.stack(embedded).sum(0).tanh())


def test_what_is_shared():
    relu = nn.ReLU()
    assert shared_layers(nn.Sequential(nn.Linear(2, 2), relu, nn.Linear(2, 2), relu)) == {}
    assert shared_layers(Tables(shared=False)) == {}
    known = shared_layers(Tables(shared=True))
    assert known == {"shared_times": 6, "shared_in": "tables", "shared_kind": "Embedding"}


def test_each_place_gets_weights_of_its_own():
    model = layers_apart(lambda: Tables(shared=True))()
    assert shared_layers(model) == {}
    weights = [table.weight for table in model.tables]
    assert not any(a.equal(b) for a in weights for b in weights if a is not b)
    assert len(list(model.parameters())) == 6 + 2


def test_what_it_says():
    (found,) = judge_scalars(Inspect(), shared_layers(Tables(shared=True)))
    assert found.severity == "note"
    assert "6 places in tables" in found.message
    assert judge_scalars(Inspect(), {"shared_times": None}) == ()
    assert judge_scalars(Inspect(), {}) == ()


@pytest.mark.slow
def test_layers_of_their_own_are_proved(tmp_path):
    draw = torch.Generator().manual_seed(0)
    answers = torch.randint(0, 5, (1600, 6), generator=draw)
    labels = (answers[:, :3].sum(1) > answers[:, 3:].sum(1)).long()
    experiment = recipe.Experiment(
        model=lambda: Tables(shared=True), train=(answers[:1200], labels[:1200]),
        val=(answers[1200:], labels[1200:]), optimizer="adam", lr=1e-2, batch_size=50, epochs=8,
    )  # fmt: skip
    result = recipe.run(experiment, out=tmp_path, device="cpu", budget="60epochs", skip=["finish"])
    assert result.diagnosis[0] == "layers-shared"
    found = next(f for f in result.findings if f.rule == "layers-shared")
    assert found.remedy.verified
    assert found.remedy.after > found.remedy.before + 0.1
