"""Next-command prediction: a small causal transformer over logs of a command line tool."""
import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import Dataset
from recipe import Experiment

V, T = 40, 25
g = torch.Generator().manual_seed(88)
SUCCESSOR = torch.stack([torch.randperm(V, generator=g)[:3] for _ in range(V)])
PROBS = torch.tensor([0.8, 0.15, 0.05])


def sessions(n):
    out = torch.zeros(n, T, dtype=torch.long)
    out[:, 0] = torch.randint(V, (n,), generator=g)
    for t in range(1, T):
        pick = torch.multinomial(PROBS.expand(n, 3), 1, generator=g)[:, 0]
        out[:, t] = SUCCESSOR[out[:, t - 1], pick]
    return out


class LogLines(Dataset):
    def __init__(self, ids):
        self.ids = ids

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, i):
        line = self.ids[i]
        return line[:-1], line[1:]


class TinyLM(nn.Module):
    def __init__(self, d=48, heads=4):
        super().__init__()
        self.tok = nn.Embedding(V, d)
        self.pos = nn.Embedding(T, d)
        layer = nn.TransformerEncoderLayer(d, heads, 96, dropout=0.0, batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, V)

    def forward(self, ids):
        n = ids.shape[1]
        mask = torch.triu(torch.full((n, n), float("-inf")), diagonal=1)
        h = self.tok(ids) + self.pos(torch.arange(n))
        return self.head(self.norm(self.body(h, mask=mask)))


def lm_loss(logits, labels):
    shift_logits = logits[:, :-1].reshape(-1, V)
    shift_labels = labels[:, 1:].reshape(-1)
    return F.cross_entropy(shift_logits, shift_labels)


def next_token_accuracy(logits, labels):
    return float((logits.argmax(-1) == labels).float().mean())


experiment = Experiment(
    model=TinyLM,
    train=LogLines(sessions(1000)),
    val=LogLines(sessions(300)),
    loss=lm_loss,
    metric=next_token_accuracy,
    optimizer="adamw",
    lr=2e-3,
    batch_size=32,
    epochs=8,
)
