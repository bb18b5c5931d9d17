import random
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader
from torch.nn.utils.rnn import pad_sequence
from recipe import Experiment

TAGS = {"O": 0, "STREET": 1, "NUMBER": 2, "CITY": 3}
STREETS = ["oak", "mill", "king", "park", "london", "north"]
CITIES = ["london", "york", "bath", "leeds", "dover"]
TALK = ["please", "send", "it", "to", "from", "items", "parcel", "the", "box", "with"]
NUMBERS = [str(k) for k in range(1, 40)]
VOCAB = {w: k + 2 for k, w in enumerate(sorted(set(STREETS + CITIES + TALK + NUMBERS + ["street", "road", "in"])))}


def sentence(rand):
    words = [(rand.choice(TALK), "O") for _ in range(rand.randint(1, 5))]
    if rand.random() < 0.4:
        words += [(rand.choice(NUMBERS), "O"), ("items", "O"), ("to", "O")]
    words += [(rand.choice(NUMBERS), "NUMBER"), (rand.choice(STREETS), "STREET"), (rand.choice(["street", "road"]), "STREET")]
    words += [("in", "O"), (rand.choice(CITIES), "CITY")]
    words += [(rand.choice(TALK), "O") for _ in range(rand.randint(0, 4))]
    return words


class Addresses(Dataset):
    def __init__(self, n, seed):
        rand = random.Random(seed)
        self.items = [sentence(rand) for _ in range(n)]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        words, tags = zip(*self.items[i])
        return torch.tensor([VOCAB.get(w, 1) for w in words]), torch.tensor([TAGS[t] for t in tags])


def collate(batch):
    ids, tags = zip(*batch)
    return pad_sequence(ids, batch_first=True), pad_sequence(tags, batch_first=True, padding_value=-100)


class Tagger(nn.Module):
    def __init__(self, d=24, hidden=32):
        super().__init__()
        self.emb = nn.Embedding(len(VOCAB) + 2, d, padding_idx=0)
        self.rnn = nn.LSTM(d, hidden, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * hidden, len(TAGS))

    def forward(self, ids):
        h, _ = self.rnn(self.emb(ids))
        return self.out(h).transpose(1, 2)


def tag_accuracy(out, tags):
    known = tags != -100
    return float((out.argmax(1) == tags)[known].float().mean())


experiment = Experiment(
    model=Tagger,
    train=DataLoader(Addresses(700, 1), batch_size=32, shuffle=True, collate_fn=collate),
    val=DataLoader(Addresses(200, 2), batch_size=200, collate_fn=collate),
    loss=nn.CrossEntropyLoss(ignore_index=-100),
    metric=tag_accuracy,
    optimizer="adam",
    lr=3e-3,
    epochs=6,
)
