"""Whether the order of tokens matters to a model, and what a code of their places brings."""

import pytest
import torch
from torch import nn

import recipe
from recipe.testing import judge_scalars
from recipe_steps.inspect import Inspect

WORDS, LENGTH, FIRST, SECOND = 12, 10, 1, 2


class Attention(nn.Module):
    def __init__(self, *, places=False, recurrent=False):
        super().__init__()
        self.table = nn.Embedding(WORDS, 16)
        self.places = nn.Parameter(torch.randn(LENGTH, 16)) if places else None
        layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True)
        self.body = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.before = nn.GRU(16, 16, batch_first=True) if recurrent else None
        self.head = nn.Linear(16, 2)

    def forward(self, tokens):
        hidden = self.table(tokens)
        if self.places is not None:
            hidden = hidden + self.places
        if self.before is not None:
            hidden = self.before(hidden)[0]
        return self.head(self.body(hidden).mean(1))


class Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.head = nn.EmbeddingBag(WORDS, 16), nn.Linear(16, 2)

    def forward(self, tokens):
        return self.head(self.table(tokens))


def which_is_first(items, seed):
    """Texts in which one word stands before another one, or behind it."""
    draw = torch.Generator().manual_seed(seed)
    texts = torch.randint(3, WORDS, (items, LENGTH), generator=draw)
    labels = torch.randint(0, 2, (items,), generator=draw)
    for text, label in zip(texts, labels, strict=True):
        early, late = sorted(torch.randperm(LENGTH, generator=draw)[:2].tolist())
        text[early], text[late] = (FIRST, SECOND) if label else (SECOND, FIRST)
    return texts, labels


MODELS = {
    "attention": (Attention, True),
    "attention with places": (lambda: Attention(places=True), False),
    "behind a recurrent layer": (lambda: Attention(recurrent=True), False),
    "a bag of words": (Bag, True),
}


@pytest.mark.parametrize(("make", "ignored"), MODELS.values(), ids=MODELS)
def test_a_model_that_sees_a_set_of_tokens_is_noted(make, ignored, tmp_path):
    experiment = recipe.Experiment(
        model=make, train=which_is_first(200, 0), val=which_is_first(100, 1)
    )
    result = recipe.run(
        experiment, until="inspect", out=tmp_path, device="cpu", verify_budget="off"
    )
    found = [f.rule for step in result.steps for f in step.findings]
    assert ("order-ignored" in found) == ignored
    assert result.verdict == "pass"


def test_what_it_says():
    (found,) = judge_scalars(Inspect(), {"order_ignored": True, "attends": True})
    assert found.severity == "note"
    assert "Attention" in found.message
    assert judge_scalars(Inspect(), {"order_ignored": False, "attends": True}) == ()
    assert judge_scalars(Inspect(), {}) == ()


@pytest.mark.slow
def test_codes_of_places_are_proved_where_order_matters(tmp_path):
    experiment = recipe.Experiment(
        model=Attention, train=which_is_first(1500, 0), val=which_is_first(300, 1),
        optimizer="adam", lr=5e-3, batch_size=50, epochs=10,
    )  # fmt: skip
    result = recipe.run(experiment, out=tmp_path, device="cpu", budget="60epochs", skip=["finish"])
    assert result.diagnosis[0] == "order-ignored"
    outcome = next(f.remedy for f in result.findings if f.rule == "order-ignored")
    assert outcome.verified
    assert outcome.after > outcome.before + 0.2


@pytest.mark.slow
def test_where_words_alone_tell_the_answer_it_stays_a_note(tmp_path):
    texts, _ = which_is_first(900, 0)
    labels = (texts == 5).sum(1).gt((texts == 7).sum(1)).long()
    experiment = recipe.Experiment(
        model=Attention, train=(texts[:600], labels[:600]), val=(texts[600:], labels[600:]),
        optimizer="adam", lr=5e-3, batch_size=50, epochs=10,
    )  # fmt: skip
    result = recipe.run(experiment, out=tmp_path, device="cpu", budget="60epochs", skip=["finish"])
    assert "order-ignored" not in result.diagnosis
    assert result.verdict == "pass"
