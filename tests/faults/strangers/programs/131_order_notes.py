"""Which words of an order are amounts, goods, places or dates?"""
import random

import torch
from torch import nn
from torch.utils.data import Dataset
from recipe import Experiment

PAD, CLS, SEP = 0, 1, 2
GROUPS = {
    0: ["please", "send", "to", "and", "for", "the", "we", "need", "by", "also", "of", "from", "at", "on"],
    1: [str(k) for k in range(1, 30)],
    2: ["bolts", "paint", "cable", "hinges", "sand", "tiles", "pipes", "glue", "nails", "boards"],
    3: ["ulm", "bonn", "jena", "kiel", "trier", "mainz", "halle"],
    4: ["monday", "tuesday", "friday", "today", "tomorrow"],
}
VOCAB = {w: k + 3 for k, w in enumerate(w for g in GROUPS.values() for w in g)}


def order(r):
    words, tags = [], []
    for _ in range(r.randint(5, 14)):
        tag = r.choices([0, 1, 2, 3, 4], [4, 2, 2, 1, 1])[0]
        word = r.choice(GROUPS[tag])
        if tag == 1 and words and words[-1] in ("by", "on", "at"):
            tag = 4
        words.append(word)
        tags.append(tag)
    return words, tags


class Orders(Dataset):
    def __init__(self, n, seed, max_len=18):
        r = random.Random(seed)
        self.items = [order(r) for _ in range(n)]
        self.max_len = max_len

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        words, tags = self.items[i]
        ids = [CLS] + [VOCAB[w] for w in words] + [SEP]
        fill = self.max_len - len(ids)
        return {
            "input_ids": torch.tensor(ids + [PAD] * fill),
            "attention_mask": torch.tensor([1] * len(ids) + [0] * fill),
            "labels": torch.tensor(tags + [-100] * (self.max_len - len(tags))),
        }


class Tagger(nn.Module):
    def __init__(self, dim=48):
        super().__init__()
        self.words = nn.Embedding(len(VOCAB) + 3, dim, padding_idx=PAD)
        self.previous = nn.Linear(dim, dim)
        self.tag = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 64), nn.ReLU(), nn.Linear(64, 5))

    def forward(self, input_ids, attention_mask):
        h = self.words(input_ids) * attention_mask.unsqueeze(-1)
        before = nn.functional.pad(h, (0, 0, 1, 0))[:, :-1]
        return self.tag(h + self.previous(before)).transpose(1, 2)


experiment = Experiment(
    model=Tagger,
    train=Orders(1800, 1),
    val=Orders(500, 2),
    loss=nn.CrossEntropyLoss(ignore_index=-100),
    optimizer="adam",
    lr=2e-3,
    batch_size=32,
    epochs=8,
)
