import random
import re

import torch
from torch import nn
from torch.utils.data import Dataset
from recipe import Experiment

GOOD = ["Lovely", "Clean", "Quiet", "Friendly", "Bright", "Tasty", "Cosy"]
BAD = ["Dirty", "Noisy", "Rude", "Dark", "Stale", "Broken", "Cold"]
THINGS = ["room", "staff", "breakfast", "bath", "lobby", "bed", "garden", "bar"]
FILL = ["we", "stayed", "two", "nights", "in", "may", "the", "view", "was", "there", "again", "with", "kids"]


def comment(r):
    parts, mood = [], 0
    for _ in range(r.choice([1, 3, 5])):
        part = r.choice(THINGS)
        sign = r.choice([1, -1])
        word = r.choice(GOOD if sign > 0 else BAD)
        if r.random() < 0.3:
            parts.append(f"{word}? No, not {word} {part}.")
            sign = -sign
        else:
            parts.append(f"{word} {part}.")
        mood += sign
        parts += r.sample(FILL, r.randint(0, 3))
    return " ".join(parts), int(mood > 0)


def words(text):
    return re.findall(r"[A-Za-z]+", text)


r = random.Random(2024)
train_rows = [comment(r) for _ in range(2600)]
val_rows = [comment(r) for _ in range(600)]
vocab = {"<pad>": 0, "<unk>": 1}
for text, _ in train_rows:
    for w in words(text.lower()):
        vocab.setdefault(w, len(vocab))


class Comments(Dataset):
    def __init__(self, rows, length=36):
        self.rows, self.length = rows, length

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        text, label = self.rows[i]
        ids = [vocab.get(w, 1) for w in words(text)][: self.length]
        return torch.tensor(ids + [0] * (self.length - len(ids))), label


class Encoder(nn.Module):
    def __init__(self, dim=48, heads=4):
        super().__init__()
        self.token = nn.Embedding(len(vocab), dim)
        self.place = nn.Parameter(torch.randn(36, dim) * 0.1)
        self.query = nn.Parameter(torch.randn(1, 1, dim) * 0.1)
        self.near = nn.Conv1d(dim, dim, 5, padding=2)
        self.attend = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.out = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2))

    def forward(self, ids):
        keep = ids != 0
        h = self.token(ids) + self.place
        h = h + torch.relu(self.near(h.transpose(1, 2))).transpose(1, 2)
        query = self.query.expand(len(ids), -1, -1)
        pooled, _ = self.attend(query, h, h, key_padding_mask=keep, need_weights=False)
        return self.out(pooled[:, 0])


experiment = Experiment(
    model=Encoder,
    train=Comments(train_rows),
    val=Comments(val_rows),
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=15,
)
