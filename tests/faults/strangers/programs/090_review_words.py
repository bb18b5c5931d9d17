"""Short reviews with padded words: positive or negative? 'not' turns the next word round."""
import random
import torch
from torch import nn
from collections import Counter
from recipe import Experiment

random.seed(90)
GOOD = "great nice lovely fast clean friendly quiet tasty".split()
BAD = "awful slow dirty rude noisy bland broken cold".split()
FILL = "the room was and staff food we it is very for a place hotel at night day bed bar tea".split()
MAXLEN = 8


def review():
    while True:
        words, mood = [], 0
        for _ in range(random.randint(2, 5)):
            words += random.choices(FILL, k=random.randint(0, 3))
            tone = random.choice([1, -1])
            word = random.choice(GOOD if tone > 0 else BAD)
            if random.random() < 0.5:
                words += ["not"]
                tone = -tone
            words.append(word)
            mood += tone
        if mood:
            return words, int(mood > 0)


reviews = [review() for _ in range(3000)]
counts = Counter(w for words, _ in reviews for w in words)
vocab = {w: i for i, (w, _) in enumerate(counts.most_common())}


def encode(items):
    ids = torch.zeros(len(items), MAXLEN, dtype=torch.long)
    for row, (words, _) in enumerate(items):
        codes = [vocab.get(w, 0) for w in words]
        code = torch.tensor([c for c in codes if c][:MAXLEN], dtype=torch.long)   # known words only
        ids[row, : len(code)] = code
    labels = torch.tensor([mood for _, mood in items], dtype=torch.float32)
    return ids, labels


class ReviewConv(nn.Module):
    def __init__(self, d=32, width=64):
        super().__init__()
        self.emb = nn.Embedding(len(vocab) + 1, d, padding_idx=0)
        self.conv = nn.Conv1d(d, width, 3, padding=1)
        self.out = nn.Linear(width, 1)

    def forward(self, ids):
        h = torch.relu(self.conv(self.emb(ids).transpose(1, 2)))
        h = h.masked_fill((ids == 0)[:, None], 0.0)
        return self.out(h.sum(2) / 5).squeeze(1)


experiment = Experiment(
    model=ReviewConv,
    train=encode(reviews[:2400]),
    val=encode(reviews[2400:]),
    task="binary",
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=12,
)
