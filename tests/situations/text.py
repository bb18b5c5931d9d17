"""Texts: Hugging Face models built from their configuration, and recurrent networks of one's own."""

import torch
import torch.nn.functional as F
from made_up import CLASSES, VOCABULARY, Listed, progressions, sentences
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from recipe import Experiment

SMALL = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 64, "max_position_embeddings": 64,
}  # fmt: skip
TRAINED = {"optimizer": "adamw", "lr": 1e-3, "batch_size": 32, "epochs": 4}


def tokens(pair):
    words, label = pair
    return {"input_ids": words, "attention_mask": [1] * len(words), "labels": label}


def bert(**given):
    import transformers

    return transformers.BertForSequenceClassification(
        transformers.BertConfig(num_labels=CLASSES, **SMALL, **given)
    )


class Shares(nn.Module):
    """A classifier of Hugging Face whose outputs are probabilities."""

    def __init__(self):
        super().__init__()
        self.inner = bert()

    def forward(self, input_ids, attention_mask=None):
        found = self.inner(input_ids, attention_mask=attention_mask)
        found.logits = found.logits.softmax(-1)
        return found


def padded(items):
    """As `DataCollatorWithPadding` does it, with 0 as pad token."""
    longest = max(len(item["input_ids"]) for item in items)
    return {
        key: torch.tensor([item[key] + [0] * (longest - len(item[key])) for item in items])
        for key in ("input_ids", "attention_mask")
    } | {"labels": torch.tensor([item["labels"] for item in items])}


def bert_with_collator():
    return Experiment(model=bert, train=Listed(sentences(300), tokens), collate=padded, **TRAINED)


def bert_with_collator_softmax():
    return Experiment(model=Shares, train=Listed(sentences(300), tokens), collate=padded, **TRAINED)


def bert_from_dicts():
    return Experiment(model=bert, train=Listed(sentences(300), tokens), **TRAINED)


def bert_frozen():
    def frozen():
        model = bert()
        for parameter in model.bert.parameters():
            parameter.requires_grad_(False)
        return model

    return Experiment(model=frozen, train=Listed(sentences(300), tokens), **TRAINED)


def gpt2():
    import transformers

    return transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=2, n_positions=64,
            bos_token_id=1, eos_token_id=2,
        )
    )  # fmt: skip


def with_labels(words):
    return {"input_ids": words, "attention_mask": [1] * len(words), "labels": words}


def causal():
    return Experiment(model=gpt2, train=Listed(progressions(300), with_labels), **TRAINED)


def causal_shifted_by_hand():
    def make(words):
        return {"input_ids": words[:-1], "labels": words[1:]}

    return Experiment(model=gpt2, train=Listed(progressions(300), make), **TRAINED)


def tagger():
    import transformers

    return transformers.BertForTokenClassification(transformers.BertConfig(num_labels=5, **SMALL))


def tags(pair):
    words, _ = pair
    labels = [-100, *[word % 5 for word in words[1:-1]], -100]
    return {"input_ids": words, "attention_mask": [1] * len(words), "labels": labels}


def token_classification():
    return Experiment(model=tagger, train=Listed(sentences(300), tags), **TRAINED)


def token_classification_padding_counted():
    def collate(items):
        longest = max(len(item["input_ids"]) for item in items)
        return {
            key: torch.tensor([item[key] + [0] * (longest - len(item[key])) for item in items])
            for key in ("input_ids", "attention_mask", "labels")
        }

    return Experiment(
        model=tagger, train=Listed(sentences(300), tags), collate=collate, **TRAINED
    )  # fmt: skip


def t5():
    import transformers

    return transformers.T5ForConditionalGeneration(
        transformers.T5Config(
            vocab_size=VOCABULARY, d_model=32, d_kv=16, d_ff=64, num_layers=2, num_heads=2,
            decoder_start_token_id=0, pad_token_id=0, eos_token_id=1, tie_word_embeddings=False,
        )
    )  # fmt: skip


def sequence_to_sequence():
    def make(words):
        return {"input_ids": words[:12], "attention_mask": [1] * 12, "labels": words[12:]}

    return Experiment(
        model=t5, train=Listed(progressions(300), make), loss="model",
        task="sequence_to_sequence", **TRAINED
    )  # fmt: skip


class Packed(nn.Module):
    """An LSTM that is told where sequences end."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, 16)
        self.lstm = nn.LSTM(16, 32, batch_first=True)
        self.head = nn.Linear(32, CLASSES)

    def forward(self, tokens, lengths):
        steps = pack_padded_sequence(self.embed(tokens), lengths, batch_first=True,
                                     enforce_sorted=False)  # fmt: skip
        return self.head(self.lstm(steps)[1][0][-1])


class LastStep(Packed):
    """The same without: what stands at the end may be padding."""

    def forward(self, tokens):
        return self.head(self.lstm(self.embed(tokens))[0][:, -1])


def pairs(count=300):
    return Listed(sentences(count), lambda pair: (torch.tensor(pair[0]), pair[1]))


def packed_lstm():
    return Experiment(model=Packed, train=pairs(), **TRAINED | {"lr": 1e-2})


def packed_lstm_last_step():
    return Experiment(model=LastStep, train=pairs(), **TRAINED | {"lr": 1e-2})


class Encoder(nn.Module):
    """A transformer of PyTorch that takes the mask by its usual name."""

    def __init__(self, *, softmax=False):
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, 32)
        layer = nn.TransformerEncoderLayer(32, 2, 64, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head, self.softmax = nn.Linear(32, CLASSES), softmax

    def forward(self, tokens, src_key_padding_mask=None):
        states = self.encoder(self.embed(tokens), src_key_padding_mask=src_key_padding_mask)
        real = torch.ones_like(tokens, dtype=torch.bool)
        if src_key_padding_mask is not None:
            real = ~src_key_padding_mask
        mean = (states * real[..., None]).sum(1) / real.sum(1, keepdim=True)
        outputs = self.head(mean)
        return outputs.softmax(1) if self.softmax else outputs


def encoder_with_mask():
    return Experiment(model=Encoder, train=pairs(), **TRAINED)


def encoder_with_mask_softmax():
    return Experiment(model=lambda: Encoder(softmax=True), train=pairs(), **TRAINED)


class Own(nn.Module):
    """A language model that returns its loss beside the logits when it is given the targets."""

    def __init__(self, *, causal=True):
        super().__init__()
        self.embed, self.places = nn.Embedding(VOCABULARY, 32), nn.Embedding(64, 32)
        self.block = nn.TransformerEncoderLayer(32, 2, 64, dropout=0.0, batch_first=True)
        self.head, self.causal = nn.Linear(32, VOCABULARY), causal

    def forward(self, idx, targets=None):
        steps = idx.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(steps) if self.causal else None
        states = self.embed(idx) + self.places(torch.arange(steps))
        logits = self.head(self.block(states, src_mask=mask))
        loss = None
        if targets is not None:
            loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        return logits, loss


def next_tokens(words):
    return torch.tensor(words[:-1]), torch.tensor(words[1:])


def own_loss():
    return Experiment(
        model=Own, train=Listed(progressions(300), next_tokens), loss="model",
        task="language_model", **TRAINED
    )  # fmt: skip


def own_loss_future():
    return Experiment(
        model=lambda: Own(causal=False), train=Listed(progressions(300), next_tokens),
        loss="model", task="language_model", **TRAINED
    )  # fmt: skip


def sequence_to_sequence_frozen():
    def frozen():
        model = t5()
        for parameter in model.shared.parameters():
            parameter.requires_grad_(True)
        for parameter in (*model.encoder.block.parameters(), *model.decoder.block.parameters()):
            parameter.requires_grad_(False)
        return model

    from dataclasses import replace

    return replace(sequence_to_sequence(), model=frozen)
