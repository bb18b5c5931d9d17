"""Which of five invented languages does a name come from? Character LSTM with packed sequences."""
import random
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils.data import Dataset
from recipe import Experiment

LETTERS = "abcdefghijklmnopqrstuvwxyz"
rnd = random.Random(14)


def syllables():
    cons = rnd.sample([c for c in LETTERS if c not in "aeiou"], 9)
    vows = rnd.sample("aeiou", 4)
    return [c + v for c in cons for v in vows if rnd.random() < 0.6]


LANGS = [syllables() for _ in range(5)]
MAX = 12


class Names(Dataset):
    def __init__(self, n):
        self.rows = []
        for _ in range(n):
            lang = rnd.randrange(5)
            name = "".join(rnd.choice(LANGS[lang]) for _ in range(rnd.randint(3, 5)))
            if rnd.random() < 0.5:
                name += rnd.choice(LETTERS)
            self.rows.append((name, lang))

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        name, lang = self.rows[i]
        ids = torch.zeros(MAX, dtype=torch.long)
        ids[: len(name)] = torch.tensor([LETTERS.index(c) + 1 for c in name])
        return ids, len(name), lang


class NameLSTM(nn.Module):
    def __init__(self, hidden=48):
        super().__init__()
        self.emb = nn.Embedding(27, 16, padding_idx=0)
        self.lstm = nn.LSTM(16, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 5)

    def forward(self, ids, lengths):
        packed = pack_padded_sequence(self.emb(ids), lengths.long().cpu(), batch_first=True, enforce_sorted=False)
        _, (h, _) = self.lstm(packed)
        return self.fc(h[-1])


experiment = Experiment(model=NameLSTM, train=Names(2000), val=Names(500),
                        optimizer="adam", lr=5e-3, batch_size=50, epochs=8)
