import torch
import torch.nn as nn
import torch.nn.functional as F
from recipe import Experiment


def garments(n, seed, n_styles=12, dim=40):
    base = torch.Generator().manual_seed(0)
    styles = torch.randn(n_styles, 6, generator=base) * 1.3
    lift = torch.randn(6, dim, generator=base)
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(0, n_styles, (n,), generator=g)
    z = styles[y] + 0.5 * torch.randn(n, 6, generator=g)
    x = torch.tanh(z @ lift * 0.5) + 0.9 * torch.randn(n, dim, generator=g)
    return x, y


class Embedder(nn.Module):
    def __init__(self, dim=40, out=16):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(dim, 64), nn.ReLU(), nn.Linear(64, out))

    def forward(self, x):
        return F.normalize(self.net(x), dim=-1)


def batch_triplet_loss(emb, labels, margin=0.3):
    """For each anchor the hardest positive and the hardest negative of the batch."""
    dist = torch.cdist(emb, emb)
    same = labels[:, None] == labels[None, :]
    eye = torch.eye(len(labels), dtype=torch.bool)
    d_pos = dist.masked_fill(~same | eye, 0.0).max(dim=1).values
    d_neg = dist.masked_fill(same, 10.0).min(dim=1).values
    return F.relu(d_neg - d_pos + margin).mean()


experiment = Experiment(
    model=lambda: Embedder(),
    train=garments(2400, 1),
    val=garments(600, 2),
    task="embedding",
    loss=batch_triplet_loss,
    metric="recall_at_1",
    optimizer="adam",
    lr=1e-3,
    batch_size=120,
    epochs=12,
)
