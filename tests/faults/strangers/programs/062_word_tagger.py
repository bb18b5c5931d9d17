"""Tag words (noun, verb, adjective, function word) with padding that is left out of the loss."""
import random
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from recipe import Experiment

R = random.Random(91)
PAD, IGNORE = 0, -100
FUNC = range(1, 20)
AMBIG = range(20, 120)      # noun after a function word, verb after a noun
ADJ = range(120, 180)
TAGS = {"noun": 0, "verb": 1, "adj": 2, "func": 3}


def sentence():
    words, tags = [], []
    while len(words) < R.randint(5, 18):
        words.append(R.choice(FUNC)); tags.append(TAGS["func"])
        if R.random() < 0.4:
            words.append(R.choice(ADJ)); tags.append(TAGS["adj"])
        words.append(R.choice(AMBIG)); tags.append(TAGS["noun"])
        if R.random() < 0.6:
            words.append(R.choice(AMBIG)); tags.append(TAGS["verb"])
    return torch.tensor(words), torch.tensor(tags)


def treebank(n):
    pairs = [sentence() for _ in range(n)]
    x = pad_sequence([p[0] for p in pairs], batch_first=True, padding_value=PAD)
    y = pad_sequence([p[1] for p in pairs], batch_first=True, padding_value=IGNORE)
    return x, y


class Tagger(nn.Module):
    def __init__(self, dim=24, hidden=24):
        super().__init__()
        self.embedding = nn.Embedding(180, dim, padding_idx=PAD)
        self.rnn = nn.LSTM(dim, hidden, bidirectional=True, batch_first=True)
        self.tag = nn.Linear(2 * hidden, len(TAGS))

    def forward(self, x):
        return self.tag(self.rnn(self.embedding(x))[0])


def tag_loss(scores, tags):
    return nn.functional.cross_entropy(scores.flatten(0, 1), tags.flatten(), ignore_index=IGNORE)


experiment = Experiment(
    model=Tagger, train=treebank(800), val=treebank(200), task="token_classification", loss=tag_loss,
    optimizer="adam", lr=8e-3, batch_size=32, epochs=8,
)
