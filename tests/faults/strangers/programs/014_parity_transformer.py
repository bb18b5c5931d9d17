import torch
import torch.nn as nn
from recipe import Experiment

"""Most frequent symbol among those after the separator: a small pre-norm transformer with [CLS]."""

SYMBOLS, SEP, CLS, LEN = 5, 5, 6, 20


def sequences(n, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.randint(0, SYMBOLS, (n, LEN), generator=g)
    y = torch.randint(0, SYMBOLS, (n,), generator=g)
    for i in range(n):
        p = int(torch.randint(3, 12, (1,), generator=g))
        x[i, p] = SEP
        rest = LEN - p - 1
        k = rest // 2 + 1
        where = torch.randperm(rest, generator=g)[:k] + p + 1
        x[i, where] = y[i]
    return torch.cat([torch.full((n, 1), CLS), x], 1), y


class TinyTransformer(nn.Module):
    def __init__(self, d=32, heads=2, depth=2):
        super().__init__()
        self.tok = nn.Embedding(SYMBOLS + 2, d)
        self.pos = nn.Embedding(LEN + 1, d)
        layer = nn.TransformerEncoderLayer(d, heads, 64, dropout=0.1, activation="gelu",
                                           batch_first=True, norm_first=True)
        self.enc = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.ln = nn.LayerNorm(d)
        self.head = nn.Linear(d, SYMBOLS)

    def forward(self, x):
        h = self.tok(x) + self.pos(torch.arange(x.size(1), device=x.device))
        return self.head(self.ln(self.enc(h)[:, 0]))


experiment = Experiment(
    model=lambda: TinyTransformer(),
    train=sequences(2500, 1),
    val=sequences(500, 2),
    optimizer="adamw",
    lr=2e-3,
    weight_decay=0.05,
    batch_size=64,
    epochs=10,
    warmup=0.1,
    schedule="cosine",
)
