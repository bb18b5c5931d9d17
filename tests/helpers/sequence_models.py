"""Small models of sequences, sound ones and such with a mistake."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

WORDS, WIDTH, LONGEST = 40, 24, 32


def triangle(t, diagonal=0):
    """True where a step may look."""
    return torch.ones(t, t, dtype=torch.bool).tril(diagonal)


class Gpt(nn.Module):
    """A decoder of one layer; `mask` makes the places that a step may look at of their number."""

    def __init__(self, mask=triangle, words=WORDS, layers=1, silent=False):
        super().__init__()
        self.mask = mask
        self.words, self.places = nn.Embedding(words, WIDTH), nn.Embedding(LONGEST, WIDTH)
        self.blocks = nn.ModuleList(
            nn.ModuleDict({
                "norm": nn.LayerNorm(WIDTH), "qkv": nn.Linear(WIDTH, 3 * WIDTH),
                "out": nn.Linear(WIDTH, WIDTH),
                "mlp": nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WIDTH), nn.GELU()),
            })
            for _ in range(layers)
        )  # fmt: skip
        self.head = nn.Linear(WIDTH, words)
        if silent:  # a usual start: every block begins as the identity
            for block in self.blocks:
                nn.init.zeros_(block["out"].weight)
                nn.init.zeros_(block["out"].bias)

    def forward(self, tokens):
        t = tokens.shape[1]
        mask = self.mask(t) if self.mask else None
        x = self.words(tokens) + self.places(torch.arange(t))
        for block in self.blocks:
            q, k, v = block["qkv"](block["norm"](x)).chunk(3, -1)
            x = x + block["out"](F.scaled_dot_product_attention(q, k, v, attn_mask=mask))
            x = x + block["mlp"](x)
        return self.head(x)


class RnnLm(nn.Module):
    """A recurrent language model."""

    def __init__(self, both=False, kind=nn.LSTM):
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH)
        self.cell = kind(WIDTH, WIDTH, batch_first=True, bidirectional=both)
        self.head = nn.Linear(WIDTH * (1 + both), WORDS)

    def forward(self, tokens):
        return self.head(self.cell(self.words(tokens))[0])


class ConvLm(nn.Module):
    """Convolutions over steps; `behind` of the padding stands behind the last step."""

    def __init__(self, behind=0):
        super().__init__()
        self.padding = (2 - behind, behind)
        self.words = nn.Embedding(WORDS, WIDTH)
        self.one, self.two = nn.Conv1d(WIDTH, WIDTH, 3), nn.Conv1d(WIDTH, WIDTH, 3)
        self.norm, self.head = nn.BatchNorm1d(WIDTH), nn.Linear(WIDTH, WORDS)

    def forward(self, tokens):
        x = self.words(tokens).mT
        for layer in (self.one, self.two):
            x = self.norm(layer(F.pad(x, self.padding))).relu()
        return self.head(x.mT)


class Summed(nn.Module):
    """A causal model to whose steps a summary of all of them is added."""

    def __init__(self):
        super().__init__()
        self.inner = RnnLm(kind=nn.GRU)
        self.context = nn.Linear(WIDTH, WORDS)

    def forward(self, tokens):
        whole = self.inner.words(tokens).mean(1, keepdim=True)
        return self.inner(tokens) + self.context(whole)


class OverTime(nn.Module):
    """A causal model that normalises over the steps."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH)
        self.cell = nn.GRU(WIDTH, WIDTH, batch_first=True)
        self.norm, self.head = nn.InstanceNorm1d(WIDTH), nn.Linear(WIDTH, WORDS)

    def forward(self, tokens):
        return self.head(self.norm(self.cell(self.words(tokens))[0].mT).mT)


class Encoder(nn.Module):
    """A transformer of PyTorch's own that says a word for every step."""

    def __init__(self, causal):
        super().__init__()
        self.causal = causal
        self.words, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(LONGEST, WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, 2, 32, batch_first=True)
        self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, WORDS)

    def forward(self, tokens):
        t = tokens.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(t) if self.causal else None
        x = self.words(tokens) + self.places(torch.arange(t))
        return self.head(self.body(x, mask=mask))


class MovedInside(nn.Module):
    """Moves its inputs by one step itself: output t has seen the tokens before t."""

    def __init__(self):
        super().__init__()
        self.inner = RnnLm()

    def forward(self, tokens):
        return self.inner(F.pad(tokens, (1, 0))[:, :-1])


class Translator(nn.Module):
    """Encoder and decoder, given the source and the target so far."""

    def __init__(self, causal=True):
        super().__init__()
        self.causal = causal
        self.words, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(LONGEST, WIDTH)
        self.body = nn.Transformer(WIDTH, 2, 1, 1, 32, batch_first=True)
        self.head = nn.Linear(WIDTH, WORDS)

    def forward(self, src, tgt):
        t = tgt.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(t) if self.causal else None
        given = [self.words(x) + self.places(torch.arange(x.shape[1])) for x in (src, tgt)]
        padded = src == 0
        made = self.body(
            *given, tgt_mask=mask, src_key_padding_mask=padded, memory_key_padding_mask=padded
        )
        return self.head(made)


class Pooled(nn.Module):
    """The mean of all words, or of those that are no padding; or their sum."""

    def __init__(self, classes=3, masked=False, total=False):
        super().__init__()
        self.masked, self.total = masked, total
        self.words, self.head = nn.Embedding(WORDS, WIDTH), nn.Linear(WIDTH, classes)

    def forward(self, tokens):
        x = self.words(tokens)
        if self.masked:
            real = (tokens != 0)[..., None]
            return self.head((x * real).sum(1) / real.sum(1))
        return self.head(x.sum(1) if self.total else x.mean(1))


class LastState(nn.Module):
    """What a recurrent layer says behind the last step."""

    def __init__(self, classes=3, kind=nn.LSTM, both=False):
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH, padding_idx=0)
        self.cell = kind(WIDTH, WIDTH, batch_first=True, bidirectional=both)
        self.head = nn.Linear(WIDTH * (1 + both), classes)

    def forward(self, tokens):
        return self.head(self.cell(self.words(tokens))[0][:, -1])


class Packed(nn.Module):
    """A recurrent layer that is told the lengths, or is told them and does not listen."""

    def __init__(self, classes=3, listens=True):
        super().__init__()
        self.listens = listens
        self.cell, self.head = nn.GRU(4, WIDTH, batch_first=True), nn.Linear(WIDTH, classes)

    def forward(self, x, lengths):
        if not self.listens:
            return self.head(self.cell(x)[1][-1])
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.head(self.cell(packed)[1][-1])


class Series(nn.Module):
    """A recurrent layer that knows no lengths."""

    def __init__(self, classes=3):
        super().__init__()
        self.cell, self.head = nn.GRU(4, WIDTH, batch_first=True), nn.Linear(WIDTH, classes)

    def forward(self, x):
        return self.head(self.cell(x)[0][:, -1])


class Tagging(nn.Module):
    """Both directions over words, packed or not; a class for each."""

    def __init__(self, classes=4, packed=True):
        super().__init__()
        self.packed = packed
        self.words = nn.Embedding(WORDS, WIDTH, padding_idx=0)
        self.cell = nn.LSTM(WIDTH, WIDTH, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * WIDTH, classes)

    def forward(self, tokens):
        x = self.words(tokens)
        if not self.packed:
            return self.head(self.cell(x)[0])
        lengths = (tokens != 0).sum(1).clamp(min=1).cpu()
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out, _ = pad_packed_sequence(self.cell(packed)[0], True, total_length=tokens.shape[1])
        return self.head(out)


class TextCnn(nn.Module):
    """Convolutions of several widths, and the largest answer of each."""

    def __init__(self, classes=3):
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH, padding_idx=0)
        self.layers = nn.ModuleList(nn.Conv1d(WIDTH, 12, size) for size in (2, 3))
        self.head = nn.Linear(24, classes)

    def forward(self, tokens):
        x = self.words(tokens).mT
        return self.head(torch.cat([layer(x).relu().amax(2) for layer in self.layers], 1))


class ClassToken(nn.Module):
    """A transformer that answers at a token of its own; padding is masked where it is told."""

    def __init__(self, classes=3, masks=True):
        super().__init__()
        self.masks = masks
        self.words = nn.Embedding(WORDS, WIDTH)
        self.start = nn.Parameter(torch.randn(1, 1, WIDTH))
        layer = nn.TransformerEncoderLayer(WIDTH, 2, 32, batch_first=True)
        self.body = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, classes)

    def forward(self, tokens, src_key_padding_mask=None):
        x = torch.cat([self.start.expand(len(tokens), -1, -1), self.words(tokens)], 1)
        mask = None
        if self.masks and src_key_padding_mask is not None:
            mask = F.pad(src_key_padding_mask, (1, 0))
        return self.head(self.body(x, src_key_padding_mask=mask)[:, 0])


class Columns(nn.Module):
    """A table of categories: an embedding for all columns, then a hidden layer."""

    def __init__(self, columns, classes=3):
        super().__init__()
        self.words = nn.Embedding(WORDS, 6)
        self.head = nn.Sequential(nn.Linear(6 * columns, 16), nn.ReLU(), nn.Linear(16, classes))

    def forward(self, x):
        return self.head(self.words(x).flatten(1))
