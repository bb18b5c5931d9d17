"""Route support tickets to 6 teams by word order patterns."""
import numpy as np
import torch
from torch import nn
from recipe import Experiment

V, L, TEAMS = 300, 18, 6
rng = np.random.default_rng(8)
starters = rng.permutation(V)[:60].reshape(TEAMS, 10)
objects = rng.permutation(V)[:60].reshape(TEAMS, 10)


def ticket(team):
    words = rng.integers(0, V, L)
    p = rng.integers(0, L - 3)
    words[p] = rng.choice(starters[team])
    words[p + 1 + rng.integers(0, 2)] = rng.choice(objects[(team + 1) % TEAMS])
    return words


def make(n):
    y = rng.integers(0, TEAMS, n)
    return torch.tensor(np.stack([ticket(t) for t in y])), torch.tensor(y)


class Router(nn.Module):
    def __init__(self, emb=24, hidden=48):
        super().__init__()
        self.embedding = nn.Embedding(V, emb)
        self.lstm = nn.LSTM(emb, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, TEAMS)

    def forward(self, tokens):
        h, _ = self.lstm(self.embedding(tokens))
        return self.fc(h.max(dim=1).values)


def get_model():
    net = Router()
    for name, param in net.named_parameters():
        if not name.startswith("fc"):
            param.requires_grad = False
    return net


train_x, train_y = make(2400)
val_x, val_y = make(600)

experiment = Experiment(
    model=get_model,
    train=(train_x, train_y),
    val=(val_x, val_y),
    optimizer="adam",
    lr=4e-3,
    batch_size=48,
    epochs=8,
    clip_norm=1.0,
)
