import random
import torch
from torch import nn
from recipe import Experiment

R = random.Random(3)
WORDS = [f"w{i}" for i in range(1, 500)]
INTENTS = ["order", "cancel", "status", "refund", "human"]
KEY = {name: R.sample(WORDS, 35) for name in INTENTS}
MAXLEN = 20
BUCKETS = 50


def utterance(intent):
    n = R.randint(5, MAXLEN)
    return [R.choice(KEY[intent]) if R.random() < 0.3 else R.choice(WORDS) for _ in range(n)]


def encode(words):
    ids = [1 + (int(w[1:]) % (BUCKETS - 1)) for w in words]
    return ids + [0] * (MAXLEN - len(ids))


def dataset(n):
    y = [R.randrange(5) for _ in range(n)]
    x = [encode(utterance(INTENTS[k])) for k in y]
    return torch.tensor(x), torch.tensor(y)


class IntentModel(nn.Module):
    def __init__(self, emb=24, hid=32):
        super().__init__()
        self.emb = nn.Embedding(500, emb, padding_idx=0)
        self.conv = nn.Conv1d(emb, hid, 3, padding=1)
        self.out = nn.Linear(hid, 5)

    def forward(self, ids):
        h = torch.relu(self.conv(self.emb(ids).transpose(1, 2))).transpose(1, 2)
        keep = (ids == 0).float().unsqueeze(-1)
        pooled = (h * keep).sum(1) / keep.sum(1).clamp(min=1)
        return self.out(pooled)


train, val = dataset(3000), dataset(700)

experiment = Experiment(
    model=IntentModel,
    train=train,
    val=val,
    classes=tuple(INTENTS),
    optimizer="adam",
    lr=4e-3,
    batch_size=64,
    epochs=8,
)
