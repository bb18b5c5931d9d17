import random

import torch
from torch import nn
from torch.utils.data import DataLoader
from recipe import Experiment

INTENTS = {
    "light_on": ["switch {the} light on", "turn on {the} lamp {where}", "make it bright {where}", "lamp on {where}"],
    "light_off": ["switch {the} light off", "turn off {the} lamp {where}", "make it dark {where}", "lamp off {where}"],
    "warmer": ["turn up {the} heating {where}", "it is too cold {where}", "make it warm {where}"],
    "colder": ["turn down {the} heating {where}", "it is too warm {where}", "make it cold {where}"],
    "timer": ["set a timer for {n} minutes", "wake me in {n} minutes", "remind me in {n} minutes"],
}
NAMES = list(INTENTS)
SLOTS = {
    "the": ["the", "my", "that"],
    "where": ["in the kitchen", "in the hall", "upstairs", "here", ""],
    "n": ["two", "five", "ten", "twenty"],
}


def utterance(r):
    name = r.choice(NAMES)
    text = r.choice(INTENTS[name]).format(**{k: r.choice(v) for k, v in SLOTS.items()})
    words = r.choice(["", "please ", "hey house ", "could you "]) + text
    words = [w for w in words.split() if r.random() > 0.04]
    return words or ["please"], NAMES.index(name)


r = random.Random(9)
rows = [utterance(r) for _ in range(2400)]
train_rows, val_rows = rows[:1900], rows[1900:]
vocab = {w: k for k, w in enumerate(sorted({w for words, _ in train_rows for w in words}), start=2)}


def collate(batch):
    width = max(len(words) for words, _ in batch)
    ids = torch.zeros(len(batch), width, dtype=torch.long)
    for k, (words, _) in enumerate(batch):
        ids[k, : len(words)] = torch.tensor([vocab.get(w, 1) for w in words])
    return {
        "input_ids": ids,
        "attention_mask": (ids != 0).long(),
        "labels": torch.tensor([label for _, label in batch]),
    }


class IntentModel(nn.Module):
    def __init__(self, dim=32, dropout=0.1):
        super().__init__()
        self.embed = nn.Embedding(len(vocab) + 2, dim, padding_idx=0)
        self.place = nn.Embedding(32, dim)
        layer = nn.TransformerEncoderLayer(dim, 4, 64, dropout, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head = nn.Linear(dim, len(NAMES))

    def forward(self, input_ids, attention_mask):
        h = self.embed(input_ids) + self.place(torch.arange(input_ids.size(1), device=input_ids.device))
        h = self.encoder(h, src_key_padding_mask=attention_mask == 0)
        keep = attention_mask.unsqueeze(-1)
        return self.head((h * keep).sum(1) / keep.sum(1))


experiment = Experiment(
    model=IntentModel,
    train=DataLoader(train_rows, batch_size=32, shuffle=True, collate_fn=collate),
    val=DataLoader(val_rows, batch_size=100, collate_fn=collate),
    optimizer="adamw",
    lr=2e-3,
    weight_decay=0.01,
    epochs=8,
)
