"""Masks the wrong way round inside of a model, and ids that a clamp made into one."""

import pytest
import torch
from torch import nn

import recipe
from recipe_steps.inspect.cut_tokens import piled_up

LENGTH, WORDS = 30, 40


def padded_texts(items, seed):
    """Texts [items, 30] of 10 to 28 words, 0 behind them, and which of two words is commoner."""
    draw = torch.Generator().manual_seed(seed)
    texts = torch.randint(1, WORDS, (items, LENGTH), generator=draw)
    length = torch.randint(10, LENGTH - 1, (items, 1), generator=draw)
    texts[torch.arange(LENGTH) >= length] = 0
    return texts, ((texts == 5).sum(1) > (texts == 7).sum(1)).long()


class Attends(nn.Module):
    """A learnt code for each of LENGTH places: sequences cannot be cut to try what padding does."""

    def __init__(self, *, inverted):
        super().__init__()
        self.inverted = inverted
        self.words, self.places = nn.Embedding(WORDS, 16), nn.Parameter(torch.randn(LENGTH, 16))
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.ask, self.answer = nn.Parameter(torch.randn(1, 1, 16)), nn.Linear(16, 2)

    def forward(self, texts):
        hidden = self.words(texts) + self.places
        mask = (texts != 0) if self.inverted else (texts == 0)
        asked = self.ask.expand(len(texts), -1, -1)
        return self.answer(self.attention(asked, hidden, hidden, key_padding_mask=mask)[0][:, 0])


class Pools(nn.Module):
    """The mean of the embeddings of the words, or of what stands behind them."""

    def __init__(self, *, inverted):
        super().__init__()
        self.inverted = inverted
        self.words, self.places = nn.Embedding(WORDS, 16), nn.Parameter(torch.randn(LENGTH, 16))
        self.answer = nn.Linear(16, 2)

    def forward(self, texts):
        kept = ((texts == 0) if self.inverted else (texts != 0)).float()[..., None]
        hidden = (self.words(texts) + self.places) * kept
        return self.answer(hidden.sum(1) / kept.sum(1).clamp(min=1))


class Last(nn.Module):
    """Reads a few words before the end of a text: by a convolution, or by a recurrent layer."""

    def __init__(self, kind):
        super().__init__()
        self.words = nn.Embedding(WORDS, 16)
        self.kind = kind
        self.read = nn.GRU(16, 16, batch_first=True) if kind == "gru" else nn.Conv1d(16, 16, 9)
        self.answer = nn.Linear(16, 2)

    def forward(self, texts):
        hidden = self.words(texts)
        if self.kind == "gru":
            hidden = self.read(hidden)[0]
        else:
            hidden = self.read(nn.functional.pad(hidden.mT, (8, 0))).mT
        end = (texts != 0).sum(1) - 1
        return self.answer(hidden[torch.arange(len(texts)), end])


def found(model, tmp_path, train=None):
    experiment = recipe.Experiment(
        model=model, train=train or padded_texts(300, 0), val=padded_texts(100, 1)
    )
    result = recipe.run(
        experiment, until="inspect", out=tmp_path, device="cpu", verify_budget="off"
    )
    assert result.steps[0].status != "error"
    return {f.rule: f for step in result.steps for f in step.findings}


def letters(items, seed):
    """As texts, but of four letters."""
    texts, labels = padded_texts(items, seed)
    return torch.where(texts == 0, 0, 1 + texts % 4), labels


@pytest.mark.parametrize("texts", [padded_texts, letters])
@pytest.mark.parametrize("kind", [Attends, Pools])
def test_a_mask_the_wrong_way_round_inside_of_the_model(kind, texts, tmp_path):
    told = found(lambda: kind(inverted=True), tmp_path, train=texts(300, 0))["inputs-ignored"]
    assert told.severity == "fail"
    assert "all but the last 4" in told.message


@pytest.mark.parametrize(
    "make",
    [
        lambda: Attends(inverted=False),
        lambda: Pools(inverted=False),
        lambda: Last("gru"),
        lambda: Last("convolution"),
    ],
    ids=["attends", "pools", "gru", "convolution"],
)
def test_models_that_read_their_texts_are_sound(make, tmp_path):
    assert "inputs-ignored" not in found(make, tmp_path)


def test_ids_cut_off_by_a_clamp(tmp_path):
    texts, labels = padded_texts(300, 0)
    told = found(
        lambda: Pools(inverted=False), tmp_path, train=(texts.clamp(max=9), labels)
    )["token-ids-cut"]  # fmt: skip
    assert "have the id 9" in told.message
    assert "token-ids-cut" not in found(lambda: Pools(inverted=False), tmp_path / "sound")


def test_what_is_no_pile():
    draw = torch.Generator().manual_seed(0)
    zipf = torch.multinomial(1 / torch.arange(1.0, 301), 20000, True, generator=draw)
    assert piled_up(zipf, 10_000) == {}  # the commonest word has the smallest id
    assert piled_up(299 - zipf, 10_000) == {}  # and here the largest
    spread = torch.randint(50, (5000,), generator=draw)
    assert piled_up(spread, 500) == {}  # a table larger than needed does no harm
    unknown = torch.where(torch.rand(5000, generator=draw) < 0.5, 49, spread)
    assert piled_up(unknown, 50) == {}  # the last row of the table stands for unknown words
    assert piled_up(unknown, 500) == {
        "cut_at": 49, "cut_share": pytest.approx(0.51, abs=0.02), "cut_table": 500,
    }  # fmt: skip
