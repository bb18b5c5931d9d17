"""Supervised contrastive embedding of 20 'persons'."""
import torch
from torch import nn
from torch.nn import functional as F
from recipe import Experiment

PERSONS, PIX = 20, 64
fixed = torch.Generator().manual_seed(7)
identity = torch.randn(PERSONS, PIX, generator=fixed)
light = torch.randn(4, PIX, generator=fixed)


def portraits(n, seed):
    g = torch.Generator().manual_seed(seed)
    who = torch.randint(0, PERSONS, (n,), generator=g)
    x = identity[who] + 1.2 * torch.randn(n, 4, generator=g) @ light + 1.7 * torch.randn(n, PIX, generator=g)
    return x, who


class EmbeddingNet(nn.Module):
    def __init__(self, out=24):
        super().__init__()
        self.a = nn.Linear(PIX, 128)
        self.b = nn.Linear(128, out)

    def forward(self, x):
        return F.normalize(self.b(F.relu(self.a(x))), dim=1)


def supcon(z, labels, temperature=0.15):
    n = len(z)
    logits = z @ z.T / temperature
    self_mask = torch.eye(n, dtype=torch.bool, device=z.device)
    logits = logits.masked_fill(self_mask, -1e9)
    positives = (labels[:, None] == labels[None]) & ~self_mask
    logp = logits - logits.logsumexp(1, keepdim=True)
    count = positives.sum(1)
    per_anchor = -(logp * positives).sum(1) / count.clamp(min=1)
    return per_anchor[count > 0].mean()


experiment = Experiment(
    model=EmbeddingNet,
    train=portraits(2000, 10),
    val=portraits(500, 11),
    task="embedding",
    loss=supcon,
    metric="recall_at_1",
    optimizer="adam",
    lr=2e-3,
    batch_size=100,
    epochs=24,
)
