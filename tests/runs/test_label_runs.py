"""Whole runs on labels as people have them: words, padding, numbers that differ between parts."""

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import recipe
from label_variations import Listed, learning, table
from recipe import Experiment
from recipe.trained.prediction import predict

NAMES = ["cat", "dog", "cow", "hen"]


def run(experiment, folder, **how):
    said = []
    result = recipe.run(
        experiment, out=folder, seed=0, device="cpu", fresh=True, exact=True, budget="60epochs",
        verify_budget="off", observe=said.append, **how,
    )  # fmt: skip
    return result, " ".join(str(getattr(event, "text", "")) for event in said)


def network():
    return nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 4))


def rows():
    source = torch.Generator().manual_seed(0)
    x = torch.randn(600, 16, generator=source)
    weights = torch.randn(16, 4, generator=source)
    return x, (x @ weights + 0.3 * torch.randn(600, 4, generator=source)).argmax(1)


@pytest.mark.slow
def test_words_as_labels(tmp_path, without_plots):
    x, y = rows()
    train, val = (
        Listed(lambda i, start=start: (x[start + i], NAMES[int(y[start + i])]), n)
        for start, n in ((0, 480), (480, 120))
    )
    experiment = Experiment(model=network, train=train, val=val)
    result, said = run(experiment, tmp_path)
    assert "labels are words, so they are numbered: cat is 0, cow is 1, dog is 2, hen is 3" in said
    assert not result.diagnosis
    assert result.best.val_score > 0.8
    answers = list(predict(result.folder, "val", experiment))
    right = [a.answer == NAMES[int(y[480 + i])] for i, a in enumerate(answers)]
    assert sum(right) / len(right) > 0.8


class Tagger(nn.Module):
    """A class for every step of a sequence."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 32, padding_idx=0)
        self.cell = nn.LSTM(32, 32, batch_first=True)
        self.last = nn.Linear(32, 4)

    def forward(self, x):
        return self.last(self.cell(self.embed(x))[0])


usual = nn.CrossEntropyLoss(ignore_index=0)


def without_padding(outputs, targets):
    return usual(outputs.reshape(-1, 4), targets.reshape(-1))


@pytest.mark.slow
def test_padding_in_a_loss_function(tmp_path, without_plots):
    source = torch.Generator().manual_seed(0)
    tokens = torch.randint(1, 20, (300, 12), generator=source)
    padding = torch.arange(12)[None] >= torch.randint(4, 13, (300, 1), generator=source)
    tags = (tokens % 3 + 1).masked_fill(padding, 0)
    tokens = tokens.masked_fill(padding, 0)
    experiment = Experiment(
        model=Tagger, train=(tokens[:240], tags[:240]), val=(tokens[240:], tags[240:]),
        loss=without_padding,
    )  # fmt: skip
    result, said = run(experiment, tmp_path)
    assert "The loss leaves out label 0, so the score does too." in said
    assert not result.diagnosis
    assert result.best.val_score > 0.95


@pytest.mark.slow
def test_validation_labels_numbered_otherwise(tmp_path, without_plots):
    x, y = rows()
    other = torch.tensor([1, 2, 3, 0])
    experiment = Experiment(
        model=network, train=(x[:480], y[:480]), val=(x[480:], other[y[480:]]), epochs=20
    )
    result, _ = run(experiment, tmp_path)
    assert result.diagnosis[0] == "validation-labels-renumbered"
    (found,) = [f for f in result.findings if f.rule == "validation-labels-renumbered"]
    assert "under other numbers (1 for 0, 2 for 1, 3 for 2, 0 for 3)" in found.message


class Checkpointed(nn.Module):
    """A block of it is computed again in the backward pass."""

    def __init__(self, raw):
        super().__init__()
        self.first = nn.Identity() if raw else nn.Linear(16, 16)
        self.block = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Dropout(0.1))
        self.last = nn.Linear(64, 4)

    def forward(self, x):
        return self.last(checkpoint(self.block, self.first(x), use_reentrant=True))


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("raw", [True, False])
def test_a_block_that_is_computed_again(tmp_path, without_plots, raw):
    """Of a raw input nothing in it gets a gradient: that is an alarm."""
    experiment = learning(table(inputs=16), model=lambda: Checkpointed(raw))
    result, _ = run(experiment, tmp_path, until="inspect")
    found = [f.message for f in result.findings if f.rule == "parameters-without-gradient"]
    assert len(found) == raw
    assert all("block.0.weight" in message for message in found)
