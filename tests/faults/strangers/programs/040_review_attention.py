"""Sentiment of made-up reviews: attention pooling over word embeddings."""
import random
import torch
import torch.nn as nn
import torch.nn.functional as F
from recipe import Experiment

random.seed(5)
VOCAB, LEN = 400, 30
POS = list(range(10, 30))
NEG = list(range(30, 50))


def make_review():
    label = random.random() < 0.2
    n_hits = random.randint(2, 4)
    words = [random.randint(50, VOCAB - 1) for _ in range(LEN)]
    for _ in range(n_hits):
        words[random.randrange(LEN)] = random.choice(POS if label else NEG)
    if random.random() < 0.4:
        words[random.randrange(LEN)] = random.choice(NEG if label else POS)
    return words, int(label)


def corpus(n):
    rows = [make_review() for _ in range(n)]
    return torch.tensor([r[0] for r in rows]), torch.tensor([r[1] for r in rows])


class AttnPool(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(dim, dim), nn.Tanh(), nn.Linear(dim, 1))

    def forward(self, h):  # h: [batch, tokens, dim]
        a = torch.softmax(self.score(h), dim=1)
        return (a * h).sum(1)


class Classifier(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, dim)
        self.pool = AttnPool(dim)
        self.fc = nn.Linear(dim, 2)

    def forward(self, tokens):
        return self.fc(self.pool(self.emb(tokens)))


def nll(scores, target):
    return F.nll_loss(F.log_softmax(scores, dim=0), target)


x_train, y_train = corpus(3000)
x_val, y_val = corpus(800)

experiment = Experiment(
    model=Classifier,
    train=(x_train, y_train),
    val=(x_val, y_val),
    loss=nll,
    metric="f1_macro",
    optimizer="adam",
    lr=2e-3,
    batch_size=16,
    epochs=8,
)
