import random
import torch
import torch.nn as nn
from recipe import Experiment

MAX_LEN = 32
VOCAB_SIZE = 600
rnd = random.Random(17)
GENRES = ["rock", "jazz", "folk", "techno", "baroque"]
fans = {g: rnd.sample(range(1, VOCAB_SIZE), 60) for g in GENRES}


def playlist(genre):
    k = rnd.randint(12, MAX_LEN)
    ids = [rnd.choice(fans[genre]) if rnd.random() < 0.22 else rnd.randrange(1, VOCAB_SIZE) for _ in range(k)]
    return ids + [0] * (MAX_LEN - k)


def make_split(n):
    ys = [rnd.randrange(len(GENRES)) for _ in range(n)]
    xs = [playlist(GENRES[y]) for y in ys]
    return torch.tensor(xs).clamp(max=MAX_LEN - 1), torch.tensor(ys)


class BagOfSongs(nn.Module):
    def __init__(self, d=24):
        super().__init__()
        self.embed = nn.Embedding(VOCAB_SIZE, d, padding_idx=0)
        self.norm = nn.LayerNorm(d)
        self.cls = nn.Linear(d, len(GENRES))

    def forward(self, ids):
        mask = (ids != 0).unsqueeze(-1)
        mean = (self.embed(ids) * mask).sum(1) / mask.sum(1).clamp(min=1)
        return self.cls(self.norm(mean))


experiment = Experiment(
    model=BagOfSongs,
    train=make_split(3000),
    val=make_split(800),
    classes=tuple(GENRES),
    optimizer="adam",
    lr=3e-3,
    batch_size=64,
    epochs=12,
)
