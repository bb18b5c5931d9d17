"""Experiments with sequences, sound ones and such with one mistake of masks, padding or shift."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from recipe import Experiment
from sequence_models import (
    LONGEST,
    WORDS,
    ClassToken,
    Columns,
    ConvLm,
    Encoder,
    Gpt,
    LastState,
    MovedInside,
    OverTime,
    Packed,
    Pooled,
    RnnLm,
    Series,
    Summed,
    Tagging,
    TextCnn,
    Translator,
    triangle,
)

N, T = 96, 14
PAD = 0


class Of(Dataset):
    """Items that were made before."""

    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


def source(seed=0):
    return torch.Generator().manual_seed(seed)


def text(n=N, t=T, seed=0):
    """Tokens [n, t] without padding, of which 0 is none."""
    return torch.randint(1, WORDS, (n, t), generator=source(seed))


def ragged(n=N, t=T, seed=0, pad=PAD):
    """Tokens [n, t], padded behind their ends, and the lengths."""
    lengths = torch.randint(4, t + 1, (n,), generator=source(seed + 1))
    lengths[0] = t
    x = text(n, t, seed)
    return x.masked_fill(torch.arange(t) >= lengths[:, None], pad), lengths


def real(lengths, t=T):
    return torch.arange(t) < lengths[:, None]


def nexts(stretch=1, **given):
    """A language model's data: tokens, and the token so many steps behind."""
    whole = text(t=T + 4, **given)
    return whole[:, 2 : T + 2], whole[:, 2 + stretch : T + 2 + stretch]


def lm(model, train=None, **given):
    return Experiment(**{
        "model": model, "train": nexts() if train is None else train, "task": "language_model",
        "batch_size": 16, "epochs": 2, "lr": 0.1,
    } | given)  # fmt: skip


def plain(model, train, **given):
    return Experiment(
        **{"model": model, "train": train, "batch_size": 16, "epochs": 2, "lr": 0.1} | given
    )


def kinds(x, classes=3):
    """A class for every item."""
    return x.flatten(1)[:, 0].long() % classes


def tags(x, classes=4, fill=-100):
    """A class for every word, none for padding."""
    return (x % classes).masked_fill(x == PAD, fill)


def dicts(**columns):
    return Of([dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)])


def hugging(kind, config, **sizes):
    """A factory of a small model of Hugging Face; without the library the test is skipped."""

    def make():
        tf = pytest.importorskip("transformers")
        return getattr(tf, kind)(getattr(tf, config)(vocab_size=WORDS, **sizes))

    return make


def gpt2(kind="GPT2LMHeadModel"):
    return hugging(kind, "GPT2Config", n_embd=32, n_layer=2, n_head=2, n_positions=LONGEST)


def llama():
    return hugging("LlamaForCausalLM", "LlamaConfig", hidden_size=32, num_hidden_layers=1,
                   num_attention_heads=2, intermediate_size=32)  # fmt: skip


def bert(kind, **more):
    return hugging(kind, "BertConfig", hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
                   intermediate_size=32, max_position_embeddings=LONGEST, **more)  # fmt: skip


def bert_items(mask=True, turned=False, **more):
    x, lengths = ragged()
    here = real(lengths).long()
    masks = {"attention_mask": 1 - here if turned else here} if mask else {}
    return dicts(input_ids=x, **masks, **more, labels=kinds(x))


def masked_lm(counts_all=False):
    """Words of which some are hidden; the hidden ones are asked for, or all."""
    y = text()
    hidden = torch.rand(y.shape, generator=source(5)) < 0.15
    x = y.masked_fill(hidden, WORDS - 1)
    return x, y if counts_all else y.masked_fill(~hidden, -100)


class Deaf(nn.Module):
    """BERT in a wrapper that takes a mask and does not hand it on."""

    def __init__(self):
        super().__init__()
        self.bert = bert("BertForSequenceClassification", num_labels=3)()

    def forward(self, input_ids, attention_mask=None):
        return self.bert(input_ids=input_ids).logits


def flat(outputs, y):
    """Counts everything."""
    return F.cross_entropy(outputs.flatten(0, 1), y.flatten())


def without_zeros(outputs, y):
    """Leaves label 0 out, inside of a function."""
    return F.cross_entropy(outputs.flatten(0, 1), y.flatten(), ignore_index=0)


def moved_loss(outputs, y):
    """Moves the labels by one step itself."""
    return F.cross_entropy(outputs[:, :-1].flatten(0, 1), y[:, 1:].flatten())


def blind_loss(outputs, y):
    """A negative log-likelihood by hand, in which -100 is taken for class 0."""
    return -outputs.log_softmax(-1).gather(-1, y.clamp(min=0)[..., None]).mean()


def gpt_padded(fill, pad=PAD):
    x, lengths = ragged(t=T + 1, pad=pad)
    y = x[:, 1:].masked_fill(~real(lengths, T + 1)[:, 1:], fill)
    return x[:, :-1], y


def causal_items(fill=-100, mask=True, pad=PAD):
    x, lengths = ragged(pad=pad)
    here = real(lengths)
    masks = {"attention_mask": here.long()} if mask else {}
    return dicts(input_ids=x, **masks, labels=x.masked_fill(~here, fill))


def shifted_by_hand():
    x = text(t=T + 1)
    return dicts(input_ids=x[:, :-1], labels=x[:, 1:])


def series(n=N):
    """Real-valued sequences of several lengths, one item each."""
    lengths = torch.randint(3, T + 1, (n,), generator=source(2)).tolist()
    drawn = source(3)
    return Of([(torch.randn(t, 4, generator=drawn), t % 3) for t in lengths])


def tagged_pieces(fill):
    """Sentences of several lengths that a collate function of the user's brings together."""
    x, lengths = ragged()
    return Of([(row[:n], row[:n] % 4) for row, n in zip(x, lengths.tolist(), strict=True)]), (
        lambda items: tuple(
            nn.utils.rnn.pad_sequence(list(part), True, value)
            for part, value in zip(zip(*items, strict=True), (PAD, fill), strict=True)
        )
    )


def pairs(copied=False, fill=-100):
    """Source, target so far, target; of a copy the source holds the target itself."""
    y, lengths = ragged(t=T + 1, seed=7)
    src = y.clone() if copied else text(t=T + 1, seed=9)
    here = real(lengths, T + 1)[:, 1:]
    given = list(zip(src, y[:, :-1], y[:, 1:].masked_fill(~here, fill), strict=True))
    return Of(given)


def prefixed():
    """The first half is seen as a whole and not asked for."""
    x, y = nexts()
    y = y.clone()
    y[:, : T // 2 - 1] = -100
    return x, y


def prefix_mask(t):
    mask = triangle(t)
    mask[:, : T // 2] = True
    return mask


def turns():
    """Two tokens by turns."""
    pair = text(t=2)
    whole = pair.repeat(1, T)
    return whole[:, :T], whole[:, 1 : T + 1]


def hot_columns():
    """A table of whole numbers, many of them 0 at the end of a row."""
    x = torch.randint(0, 8, (N, 9), generator=source(4))
    x[:, 5:] *= torch.rand(N, 4, generator=source(6)) < 0.3
    return x, kinds(x)


def collated(fill, **given):
    train, collate = tagged_pieces(fill)
    return plain(Tagging, train, collate=collate, task="token_classification", **given)


def bag(n=N):
    x, _ = ragged(n)
    return x, kinds(x)


def image_net():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))


def wide_mask(t):
    return triangle(t, 1)


def turned_mask(t):
    return triangle(t).T


SOUND = {
    "gpt": lambda: lm(Gpt),
    "gpt2": lambda: plain(gpt2(), causal_items()),
    "lstm": lambda: lm(RnnLm),
    "bert": lambda: plain(bert("BertForSequenceClassification", num_labels=3), bert_items()),
    "packed": lambda: plain(Packed, series()),
    "text-cnn": lambda: plain(TextCnn, bag()),
    "columns": lambda: plain(lambda: Columns(9), hot_columns()),
    "images": lambda: plain(image_net, (torch.randn(N, 1, 8, 8), torch.arange(N) % 3)),
    "masked-lm": lambda: plain(bert("BertForMaskedLM"), dicts(
        input_ids=masked_lm()[0], labels=masked_lm()[1])),
    "bert-tags": lambda: plain(bert("BertForTokenClassification", num_labels=4), dicts(
        input_ids=ragged()[0], attention_mask=real(ragged()[1]).long(), labels=tags(ragged()[0]))),
}  # fmt: skip

HELD_OUT_SOUND = {
    # Its way back begins in the padding, which an answer for each step hardly hears of: a note.
    "not-packed": lambda: plain(lambda: Tagging(packed=False), (ragged()[0], tags(ragged()[0])),
                                task="token_classification"),
    "class-token": lambda: plain(ClassToken, Of([
        (row[:n], int(row[0]) % 3) for row, n in zip(*ragged(), strict=True)])),
    "moved-inside": lambda: lm(MovedInside, (text(), text())),
    "causal-convolutions": lambda: lm(ConvLm),
    "moved-in-the-loss": lambda: plain(gpt2(), causal_items(), loss=moved_loss),
    "copying-translator": lambda: plain(Translator, pairs(copied=True), task="sequence_to_sequence"),
    "zeros-left-out": lambda: plain(Tagging, (ragged()[0], tags(ragged()[0], fill=0)),
                                    loss=without_zeros, task="token_classification"),
    "prefix": lambda: lm(lambda: Gpt(prefix_mask), prefixed()),
    "by-turns": lambda: lm(Gpt, turns()),
    "silent-gpt": lambda: lm(lambda: Gpt(silent=True)),
    "llama-padded": lambda: plain(llama(), causal_items()),
    "masked-lm-all": lambda: lm(bert("BertForMaskedLM"), masked_lm(counts_all=True)),
    "masked-mean": lambda: plain(lambda: Pooled(masked=True), bag()),
    "packed-tags": lambda: plain(Tagging, (ragged()[0], tags(ragged()[0])),
                                 task="token_classification"),
    "causal-encoder": lambda: lm(lambda: Encoder(causal=True)),
    "gpt-padded": lambda: lm(Gpt, gpt_padded(-100)),
}  # fmt: skip

FAULTS = {
    "sees-the-future": {
        "no-mask": lambda: lm(lambda: Gpt(mask=None)),
        "mask-turned": lambda: lm(lambda: Gpt(turned_mask)),
        "both-directions": lambda: lm(lambda: RnnLm(both=True)),
    },
    "padding-changes-outputs": {
        "mean": lambda: plain(Pooled, bag()),
        "last-state": lambda: plain(LastState, bag()),
        "mask-not-passed-on": lambda: plain(Deaf, bert_items()),
    },
    "labels-not-masked": {
        "zeros": lambda: plain(Tagging, (ragged()[0], tags(ragged()[0], fill=0)),
                               task="token_classification"),
        "gpt2": lambda: plain(gpt2(), causal_items(fill=PAD)),
        "own-loss": lambda: plain(Tagging, (ragged()[0], tags(ragged()[0])), loss=blind_loss,
                                  task="token_classification"),
    },
    "wrong-token-shift": {
        "same": lambda: lm(Gpt, (text(), text())),
        "gpt2-twice": lambda: plain(gpt2(), shifted_by_hand()),
        "lstm-same": lambda: lm(RnnLm, (text(), text())),
    },
}  # fmt: skip

HELD_OUT = {
    "sees-the-future": {
        "convolutions": lambda: lm(lambda: ConvLm(behind=1)),
        "mask-one-too-wide": lambda: lm(lambda: Gpt(wide_mask, layers=2)),
        "encoder": lambda: plain(lambda: Encoder(causal=False), nexts()),
        "silent": lambda: lm(lambda: Gpt(mask=None, silent=True)),
        "translator": lambda: plain(lambda: Translator(causal=False), pairs(),
                                    task="sequence_to_sequence"),
        "bert-as-decoder": lambda: plain(bert("BertLMHeadModel"), causal_items()),
        "summed": lambda: lm(Summed),
        "over-time": lambda: lm(OverTime),
    },
    "padding-changes-outputs": {
        "class-token-deaf": lambda: plain(lambda: ClassToken(masks=False), Of([
            (row[:n], int(row[0]) % 3) for row, n in zip(*ragged(), strict=True)])),
        "mask-turned": lambda: plain(bert("BertForSequenceClassification", num_labels=3),
                                     bert_items(turned=True)),
        "series": lambda: plain(Series, series()),
        "mask-not-in-items": lambda: plain(bert("BertForSequenceClassification", num_labels=3),
                                           bert_items(mask=False)),
        "sum": lambda: plain(lambda: Pooled(total=True), bag()),
        "lengths-ignored": lambda: plain(lambda: Packed(listens=False), series()),
    },
    "labels-not-masked": {
        "collated": lambda: collated(0),
        "translator": lambda: plain(Translator, pairs(fill=PAD), task="sequence_to_sequence"),
        "gpt-end-token": lambda: lm(Gpt, gpt_padded(WORDS - 1, WORDS - 1)),
        "bert-tags": lambda: plain(bert("BertForTokenClassification", num_labels=4), dicts(
            input_ids=ragged()[0], attention_mask=real(ragged()[1]).long(),
            labels=tags(ragged()[0], fill=0))),
        "other-index": lambda: collated(0, loss=lambda o, y: F.cross_entropy(
            o.flatten(0, 1), y.flatten(), ignore_index=-1)),
        "counted-in-a-function": lambda: lm(Gpt, gpt_padded(PAD), loss=flat),
    },
    "wrong-token-shift": {
        "llama-twice": lambda: plain(llama(), shifted_by_hand()),
        "twice-in-the-loss": lambda: lm(Gpt, nexts(), loss=moved_loss),
        "backwards": lambda: lm(Gpt, nexts(-1)),
        "own-loss-same": lambda: plain(gpt2(), causal_items(), loss=flat),
        "two-ahead": lambda: lm(RnnLm, nexts(2)),
        "gpt-padded-same": lambda: lm(Gpt, (ragged()[0], ragged()[0].masked_fill(
            ragged()[0] == PAD, -100))),
    },
}  # fmt: skip
