import torch
from torch import nn
from recipe import Experiment

BASES = 4  # A C G T, 0 is padding
MAX = 40
MOTIFS = torch.tensor([[1, 2, 1, 4, 4], [3, 3, 1, 2, 4], [4, 1, 4, 1, 2]])


def reads(n, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.zeros(n, MAX, dtype=torch.long)
    y = torch.randint(0, 3, (n,), generator=g)
    for i in range(n):
        length = int(torch.randint(14, MAX, (1,), generator=g))
        x[i, :length] = torch.randint(1, BASES + 1, (length,), generator=g)
        for _ in range(2):
            p = int(torch.randint(0, length - 5, (1,), generator=g))
            x[i, p:p + 5] = MOTIFS[y[i]]
    return x, y


class ReadClassifier(nn.Module):
    def __init__(self, d_model=32, heads=4):
        super().__init__()
        self.tok = nn.Embedding(BASES + 1, d_model, padding_idx=0)
        self.pos = nn.Parameter(torch.randn(MAX, d_model) * 0.02)
        self.kmer = nn.Conv1d(d_model, d_model, 5, padding=2)
        self.attn = nn.MultiheadAttention(d_model, heads, batch_first=True)
        self.norm = nn.LayerNorm(d_model)
        self.query = nn.Parameter(torch.randn(1, 1, d_model) * 0.1)
        self.fc = nn.Linear(d_model, 3)

    def forward(self, x):
        pad = x != 0
        h = self.tok(x) + self.pos
        h = torch.relu(self.kmer(h.transpose(1, 2))).transpose(1, 2)
        q = self.query.expand(len(x), -1, -1)
        z, _ = self.attn(q, h, h, key_padding_mask=pad)
        return self.fc(self.norm(z.squeeze(1)))


experiment = Experiment(model=ReadClassifier, train=reads(2500, 5), val=reads(500, 6),
                        optimizer="adamw", lr=3e-3, weight_decay=0.01, batch_size=50, epochs=12)
