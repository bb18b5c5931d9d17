"""Experiments with sequences whose models and data have rarer forms."""

import torch
from torch import nn
from torch.nn import functional as F

from sequence_models import WIDTH, WORDS, Gpt, MovedInside, RnnLm, triangle
from sequence_samples import (
    Of,
    T,
    bag,
    bert_items,
    causal_items,
    dicts,
    flat,
    hugging,
    kinds,
    lm,
    moved_loss,
    nexts,
    plain,
    ragged,
    real,
    shifted_by_hand,
    tags,
    text,
)


class WithLoss(nn.Module):
    """Returns its loss too, where it is given targets."""

    def __init__(self, causal=True):
        super().__init__()
        self.inner = Gpt(triangle if causal else None)

    def forward(self, idx, targets=None):
        logits = self.inner(idx)
        loss = None if targets is None else F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        return logits, loss


class Mixer(nn.Module):
    """Steps that are mixed by weights of their places."""

    def __init__(self, causal=True):
        super().__init__()
        self.causal = causal
        self.words, self.head = nn.Embedding(WORDS, WIDTH), nn.Linear(WIDTH, WORDS)
        self.mix = nn.Linear(T, T, bias=False)

    def forward(self, tokens):
        x = self.words(tokens)
        weight = self.mix.weight.tril() if self.causal else self.mix.weight
        return self.head((x + weight @ x).relu())


class OneHotLm(nn.Module):
    """A recurrent language model that is given one-hot vectors."""

    def __init__(self, both=False):
        super().__init__()
        self.cell = nn.GRU(WORDS, WIDTH, batch_first=True, bidirectional=both)
        self.head = nn.Linear(WIDTH * (1 + both), WORDS)

    def forward(self, x):
        return self.head(self.cell(x)[0])


class Convolved(nn.Module):
    """A convolution, and the largest or the mean of what it says."""

    def __init__(self, mean=False):
        super().__init__()
        self.mean = mean
        self.words, self.head = nn.Embedding(WORDS, WIDTH), nn.Linear(12, 3)
        self.layer = nn.Conv1d(WIDTH, 12, 3, padding=1)

    def forward(self, tokens):
        x = self.layer(self.words(tokens).mT).relu()
        return self.head(x.mean(2) if self.mean else x.amax(2))


class FixedPlaces(nn.Module):
    """A transformer with as many places as its items have steps; the masks of nn.Transformer are
    true where a step is left out.
    """

    def __init__(self, turned=False):
        super().__init__()
        self.turned = turned
        self.words = nn.Embedding(WORDS, WIDTH, padding_idx=0)
        self.places = nn.Parameter(torch.randn(T, WIDTH) * 0.1)
        layer = nn.TransformerEncoderLayer(WIDTH, 2, WIDTH, 0.0, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, 3)

    def forward(self, input_ids, attention_mask):
        shown = attention_mask.bool()
        x = self.words(input_ids) + self.places
        x = self.encoder(x, src_key_padding_mask=shown if self.turned else ~shown)
        shown = shown[..., None].float()
        return self.head((x * shown).sum(1) / shown.sum(1))


class History(nn.Module):
    """The mean of what was bought before."""

    def __init__(self, padding=0):
        super().__init__()
        self.words = nn.EmbeddingBag(WORDS, WIDTH, mode="mean", padding_idx=padding)
        self.head = nn.Linear(WIDTH, 3)

    def forward(self, tokens):
        return self.head(self.words(tokens))


class ReadsAtTheEnd(nn.Module):
    """Given tokens and lengths, one after the other."""

    def __init__(self):
        super().__init__()
        self.words, self.head = nn.Embedding(WORDS, WIDTH), nn.Linear(WIDTH, 3)
        self.cell = nn.GRU(WIDTH, WIDTH, batch_first=True)

    def forward(self, tokens, lengths):
        return self.head(self.cell(self.words(tokens))[0][torch.arange(len(tokens)), lengths - 1])


class RnnTags(nn.Module):
    """A class for every word from the words before."""

    def __init__(self):
        super().__init__()
        self.words, self.head = nn.Embedding(WORDS, WIDTH), nn.Linear(WIDTH, 4)
        self.cell = nn.GRU(WIDTH, WIDTH, batch_first=True)

    def forward(self, tokens):
        return self.head(self.cell(self.words(tokens))[0])


def zero_weight(outputs, y):
    """Leaves class 0 out by its weight."""
    return F.cross_entropy(outputs.mT, y, weight=torch.tensor([0.0, 1, 1, 1]))


def classes_second(outputs, y):
    return F.cross_entropy(outputs.mT, y)


def one_hot(both):
    x, y = nexts()
    return lm(lambda: OneHotLm(both), (F.one_hot(x, WORDS).float(), y))


def roberta(turned=False):
    x, lengths = ragged(pad=1)
    here = real(lengths).long()
    items = dicts(
        input_ids=x, attention_mask=1 - here if turned else here, labels=kinds(x, classes=3)
    )
    return plain(hugging(
        "RobertaForSequenceClassification", "RobertaConfig", hidden_size=32, num_hidden_layers=1,
        num_attention_heads=2, intermediate_size=32, max_position_embeddings=40, pad_token_id=1,
        num_labels=3), items)  # fmt: skip


def distil(kind, classes, items):
    return plain(hugging(kind, "DistilBertConfig", dim=32, n_layers=1, n_heads=2, hidden_dim=32,
                         num_labels=classes), items)  # fmt: skip


def opt(items):
    return plain(hugging("OPTForCausalLM", "OPTConfig", hidden_size=32, num_hidden_layers=1,
                         num_attention_heads=2, ffn_dim=32, max_position_embeddings=64,
                         word_embed_proj_dim=32), items)  # fmt: skip


def translated(fill=-100):
    """Sources and targets whose lengths have nothing to do with each other."""
    (x, lengths), (y, ends) = ragged(), ragged(seed=5)
    return dicts(input_ids=x, attention_mask=real(lengths).long(),
                 labels=y.masked_fill(~real(ends), fill))  # fmt: skip


def t5(fill=-100):
    return plain(hugging("T5ForConditionalGeneration", "T5Config", d_model=32, d_kv=16, d_ff=32,
                         num_layers=1, num_heads=2, decoder_start_token_id=0, pad_token_id=0),
                 translated(fill), loss="model")  # fmt: skip


def bart(fill=-100):
    return plain(hugging("BartForConditionalGeneration", "BartConfig", d_model=32, encoder_layers=1,
                         decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
                         encoder_ffn_dim=32, decoder_ffn_dim=32, pad_token_id=0,
                         decoder_start_token_id=2, max_position_embeddings=64),
                 translated(fill), loss="model")  # fmt: skip


def listed(x, lengths):
    return Of([(row, n, int(row[0]) % 3) for row, n in zip(x, lengths, strict=True)])


SOUND = {
    "with-loss": lambda: plain(WithLoss, nexts(), loss="model"),
    "mixer": lambda: lm(Mixer),
    "one-hot": lambda: one_hot(both=False),
    "largest": lambda: plain(Convolved, bag()),
    "history": lambda: plain(History, bag()),
    "fixed-places": lambda: plain(FixedPlaces, bert_items()),
    "lengths-beside": lambda: plain(ReadsAtTheEnd, listed(*ragged())),
    "zero-weight": lambda: plain(RnnTags, (ragged()[0], tags(ragged()[0], fill=0)),
                                 loss=zero_weight, task="token_classification"),
    "roberta": roberta,
    "distilbert": lambda: distil("DistilBertForSequenceClassification", 3, bert_items()),
    "opt": lambda: opt(causal_items()),
    "t5": t5,
    "bart": bart,
}  # fmt: skip

FAULTS = {
    "sees-the-future": {
        "with-loss": lambda: plain(lambda: WithLoss(causal=False), nexts(), loss="model"),
        "mixer": lambda: lm(lambda: Mixer(causal=False)),
        "one-hot": lambda: one_hot(both=True),
        "own-loss": lambda: lm(lambda: RnnLm(both=True, kind=nn.GRU), loss=flat),
    },
    "padding-changes-outputs": {
        "mean-of-convolutions": lambda: plain(lambda: Convolved(mean=True), bag()),
        "history": lambda: plain(lambda: History(padding=None), bag()),
        "fixed-places": lambda: plain(
            lambda: FixedPlaces(turned=True), bert_items()
        ),
        "distilbert": lambda: distil("DistilBertForSequenceClassification", 3,
                                     bert_items(mask=False)),
        "roberta": lambda: roberta(turned=True),
    },
    "labels-not-masked": {
        "distilbert": lambda: distil("DistilBertForTokenClassification", 4, dicts(
            input_ids=ragged()[0], attention_mask=real(ragged()[1]).long(),
            labels=tags(ragged()[0], fill=3))),
        "opt": lambda: opt(causal_items(fill=1, pad=1)),
        "end-token": lambda: opt(causal_items(fill=WORDS - 1, pad=WORDS - 1, mask=False)),
        "t5": lambda: t5(fill=0),
        "bart": lambda: bart(fill=0),
    },
    "wrong-token-shift": {
        "opt": lambda: opt(shifted_by_hand()),
        "with-loss": lambda: lm(WithLoss, (text(), text())),
        "moved-inside": lambda: lm(MovedInside, nexts(), loss=moved_loss),
        "moved-in-the-loss-too": lambda: plain(RnnLm, nexts(), loss=moved_loss),
        "classes-second": lambda: lm(RnnLm, (text(), text()), loss=classes_second),
    },
}  # fmt: skip
