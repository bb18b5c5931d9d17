"""Healthy bases that the first corpus lacks: quick ones, of other kinds."""

from functools import cache

import torch
from bases import Base, digit_images, mlp, split, standardised
from sklearn.datasets import load_wine, make_friedman1
from torch import Tensor, nn

from recipe import Experiment

COUNTS = 12
"""Tokens of the language models."""


def source(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normed(inputs: int, outputs: int, width: int = 32):
    """A factory of a network with batch normalisation and dropout."""

    def make(dropout: float = 0.0) -> nn.Module:
        return nn.Sequential(
            nn.Linear(inputs, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, outputs),
        )  # fmt: skip

    return make


def wine(seed: int) -> Experiment:
    x, y = load_wine(return_X_y=True)
    x = standardised(torch.from_numpy(x).float())
    return Experiment(model=normed(13, 3), **split(x, torch.from_numpy(y).long(), seed, 0.4),
                      batch_size=16, optimizer="adam", lr=3e-3, epochs=20)  # fmt: skip


def friedman(seed: int) -> Experiment:
    x, y = make_friedman1(600, noise=0.7, random_state=0)
    x, y = torch.from_numpy(x).float(), torch.from_numpy(y).float()[:, None]
    return Experiment(model=mlp(10, 1, 48), **split(standardised(x), standardised(y), seed),
                      task="regression", batch_size=16, lr=0.02, epochs=20)  # fmt: skip


@cache
def shape_images() -> tuple[Tensor, Tensor]:
    """A bar that lies, a bar that stands, a square or a cross, somewhere, in noise."""
    draw = source(11)
    x, y = 0.5 * torch.randn(700, 3, 12, 12, generator=draw), torch.arange(700) % 4
    for image, label in zip(x, y.tolist(), strict=True):
        a, b = (int(torch.randint(1, 7, (), generator=draw)) for _ in range(2))
        colour = 1 + torch.rand(3, 1, 1, generator=draw)
        if label in (0, 3):
            image[:, a + 2 : a + 3, b : b + 5] += colour
        if label in (1, 3):
            image[:, a : a + 5, b + 2 : b + 3] += colour
        if label == 2:
            image[:, a : a + 3, b : b + 3] += colour
    return (x - x.mean()) / x.std(), y


def small_cnn() -> nn.Module:
    """Without normalisation."""
    return nn.Sequential(
        nn.Conv2d(3, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(),
        nn.Linear(24, 4),
    )  # fmt: skip


def shapes(seed: int) -> Experiment:
    return Experiment(model=small_cnn, **split(*shape_images(), seed), batch_size=32,
                      optimizer="adam", lr=5e-3, epochs=15)  # fmt: skip


class LastStep(nn.Module):
    """A recurrent network that answers at the end of a sequence of tokens or numbers."""

    def __init__(self, tokens: int, width: int = 24, outputs: int = 1) -> None:
        super().__init__()
        self.embed = nn.Embedding(tokens, 8) if tokens else nn.Identity()
        self.cell = nn.GRU(8 if tokens else 1, width, batch_first=True)
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.cell(self.embed(x))[0][:, -1])


def more_a_than_b(seed: int) -> Experiment:
    x = torch.randint(0, 4, (700, 11), generator=source(12))
    y = ((x == 0).sum(1) > (x == 1).sum(1)).float()
    return Experiment(model=lambda: LastStep(4), **split(x, y, seed), task="binary", batch_size=32,
                      optimizer="adam", lr=1e-2, epochs=15)  # fmt: skip


def waves(seed: int) -> Experiment:
    draw = source(13)
    speed = 0.2 + 0.6 * torch.rand(500, 1, generator=draw)
    begin = 6.28 * torch.rand(500, 1, generator=draw)
    series = torch.sin(begin + speed * torch.arange(17)) + 0.1 * torch.randn(
        500, 17, generator=draw
    )
    series = series / series.std()
    return Experiment(model=lambda: LastStep(0), **split(series[:, :16, None], series[:, 16:], seed),
                      task="regression", batch_size=16, optimizer="adam", lr=5e-3, epochs=12)  # fmt: skip


class Words(nn.Module):
    """A transformer's mean over the words of a text; token 0 is padding."""

    def __init__(self, *, masked: bool = True) -> None:
        super().__init__()
        self.masked = masked
        self.embed = nn.Embedding(20, 24, padding_idx=0)
        self.layer = nn.TransformerEncoderLayer(24, 2, 48, dropout=0.0, batch_first=True)
        self.head = nn.Linear(24, 3)

    def forward(self, x: Tensor) -> Tensor:
        empty = x == 0
        h = self.layer(self.embed(x), src_key_padding_mask=empty if self.masked else None)
        if not self.masked:
            return self.head(h.mean(1))
        kept = ~empty[..., None]
        return self.head((h * kept).sum(1) / kept.sum(1).clamp(min=1))


@cache
def texts() -> tuple[Tensor, Tensor]:
    """Which of three words stands in the text."""
    draw = source(14)
    x = torch.randint(4, 20, (600, 12), generator=draw)
    y = torch.arange(600) % 3
    length = torch.randint(3, 13, (600,), generator=draw)
    place = (torch.rand(600, generator=draw) * length).long()
    x[torch.arange(600), place] = y + 1
    x[torch.arange(12) >= length[:, None]] = 0
    return x, y


def words(seed: int) -> Experiment:
    return Experiment(model=Words, **split(*texts(), seed), batch_size=32, optimizer="adam", lr=3e-3,
                      epochs=10)  # fmt: skip


class Counter(nn.Module):
    """A causal transformer over numbers."""

    def __init__(self, *, causal: bool = True) -> None:
        super().__init__()
        self.causal = causal
        self.embed, self.place = nn.Embedding(COUNTS, 32), nn.Parameter(torch.zeros(10, 32))
        self.layer = nn.TransformerEncoderLayer(32, 2, 64, dropout=0.0, batch_first=True)
        self.head = nn.Linear(32, COUNTS)

    def forward(self, x: Tensor) -> Tensor:
        t = x.shape[1]
        ahead = torch.ones(t, t, dtype=torch.bool).triu(1) if self.causal else None
        return self.head(self.layer(self.embed(x) + self.place[:t], src_mask=ahead))


def counting(seed: int) -> Experiment:
    """Numbers that go up by one or two at a time, round and round."""
    draw = source(15)
    step = torch.randint(1, 3, (500, 1), generator=draw)
    first = torch.randint(0, COUNTS, (500, 1), generator=draw)
    x = (first + step * torch.arange(9)) % COUNTS
    return Experiment(model=Counter, **split(x[:, :-1], x[:, 1:], seed), task="language_model",
                      batch_size=16, optimizer="adam", lr=3e-3, epochs=6)  # fmt: skip


def autoencoder(seed: int) -> Experiment:
    x, _ = digit_images()
    x = x[:600].flatten(1)
    return Experiment(
        model=lambda: nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 16),
                                    nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 64)),
        **split(x, x.clone(), seed), task="regression", batch_size=32, optimizer="adam", lr=3e-3,
        epochs=20,
    )  # fmt: skip


@cache
def spotted() -> tuple[Tensor, Tensor]:
    """Where a bright square lies in noise."""
    draw = source(16)
    masks = torch.zeros(240, 1, 12, 12)
    for mask in masks:
        a, b = (int(torch.randint(0, 8, (), generator=draw)) for _ in range(2))
        mask[:, a : a + 4, b : b + 4] = 1
    x = 2 * masks + torch.randn(masks.shape, generator=draw)
    return (x - x.mean()) / x.std(), masks


def spots(seed: int) -> Experiment:
    return Experiment(
        model=lambda: nn.Sequential(nn.Conv2d(1, 12, 5, padding=2), nn.ReLU(),
                                    nn.Conv2d(12, 1, 5, padding=2)),
        **split(*spotted(), seed), task="binary_segmentation",
        batch_size=16, optimizer="adam", lr=5e-3, epochs=10,
    )  # fmt: skip


def three_answers(seed: int) -> Experiment:
    """Is it even, is it large, is it round?"""
    x, y = digit_images()
    labels = torch.stack([y % 2 == 0, y >= 5, (y == 0) | (y == 6) | (y == 8) | (y == 9)], 1)
    return Experiment(model=mlp(64, 3), **split(x[:900], labels[:900].float(), seed),
                      task="multilabel", batch_size=32, optimizer="adam", lr=3e-3, epochs=12)  # fmt: skip


MORE_BASES = (
    Base("wine-table", wine, "classes"),
    Base("friedman-table", friedman, "real"),
    Base("shapes-cnn", shapes, "classes", images=True),
    Base("letters-gru", more_a_than_b, "tokens"),
    Base("waves-gru", waves, "series"),
    Base("words-transformer", words, "tokens"),
    Base("counting-transformer", counting, "text"),
    Base("digits-autoencoder", autoencoder, "vectors"),
    Base("spots-segmentation", spots, "masks"),
    Base("three-answers", three_answers, "several"),
)
