import numpy as np
import torch
import torch.nn as nn
from recipe import Experiment

"""Did event A happen before event B?  Tokens are event codes of a log."""

EVENTS, LENGTH = 20, 16
A, B = 1, 2


def event_logs(n, seed):
    rng = np.random.RandomState(seed)
    logs = rng.randint(3, EVENTS, size=(n, LENGTH))
    labels = rng.randint(0, 2, size=n)
    for row, lab in zip(logs, labels):
        i, j = sorted(rng.choice(LENGTH, 2, replace=False))
        row[i], row[j] = (A, B) if lab else (B, A)
    return torch.from_numpy(logs), torch.from_numpy(labels)


class OrderTransformer(nn.Module):
    def __init__(self, dim=32, heads=4, layers=2):
        super().__init__()
        self.embed = nn.Embedding(EVENTS, dim)
        layer = nn.TransformerEncoderLayer(dim, heads, dim_feedforward=64, dropout=0.0,
                                           batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(dim)
        self.out = nn.Linear(dim, 2)

    def forward(self, tokens):
        h = self.embed(tokens)
        h = self.norm(self.encoder(h))
        return self.out(h.mean(dim=1))


experiment = Experiment(
    model=OrderTransformer,
    train=event_logs(3000, 0),
    val=event_logs(600, 1),
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=10,
)
