"""Short pulse shapes, stored as two entries of a codebook that follows running means."""
import torch
from torch import nn
from torch.nn import functional as F
from recipe import Experiment

LENGTH = 32


def pulses(n, seed):
    g = torch.Generator().manual_seed(seed)
    t = torch.linspace(0, 1, LENGTH)
    kind = torch.randint(4, (n, 1), generator=g)
    at = torch.randint(1, 5, (n, 1), generator=g) / 5 + 0.01 * torch.randn(n, 1, generator=g)
    d = (t - at) / 0.08
    shapes = torch.stack([torch.exp(-d ** 2), d * torch.exp(-d ** 2), torch.tanh(d), (d.abs() < 1).float()], 1)
    wave = shapes.gather(1, kind[:, :, None].expand(-1, 1, LENGTH))[:, 0]
    return wave + 0.03 * torch.randn(n, LENGTH, generator=g)


class Codebook(nn.Module):
    def __init__(self, entries, dim, decay=0.95):
        super().__init__()
        self.decay = decay
        self.register_buffer("codes", torch.randn(entries, dim))
        self.register_buffer("size", torch.ones(entries))
        self.register_buffer("total", self.codes.clone())

    def forward(self, z):
        pick = torch.cdist(z, self.codes).argmin(1)
        found = self.codes[pick]
        if self.training:
            with torch.no_grad():
                onehot = F.one_hot(pick, len(self.codes)).float()
                self.size.mul_(self.decay).add_(onehot.sum(0), alpha=1 - self.decay)
                self.total.mul_(self.decay).add_(onehot.T @ z, alpha=1 - self.decay)
                self.codes.copy_(self.total / (self.size[:, None] + 1e-3))
                idle = self.size < 0.3
                fresh = z[torch.randint(len(z), (int(idle.sum()),), device=z.device)]
                self.codes[idle] = fresh
                self.total[idle] = fresh
                self.size[idle] = 1.0
        return z + (found - z).detach(), ((z - found.detach()) ** 2).mean(1, keepdim=True)


class PulseCoder(nn.Module):
    def __init__(self, entries=24, dim=6):
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(LENGTH, 64), nn.ReLU(), nn.Linear(64, 2 * dim))
        self.first = Codebook(entries, dim)
        self.second = Codebook(entries, dim)
        self.decode = nn.Sequential(nn.Linear(2 * dim, 64), nn.ReLU(), nn.Linear(64, LENGTH))

    def forward(self, wave):
        a, b = self.encode(wave).chunk(2, 1)
        a, far_a = self.first(a)
        b, far_b = self.second(b)
        return torch.cat([self.decode(torch.cat([a, b], 1)), far_a + far_b], 1)


def loss(output, wave):
    return F.mse_loss(output[:, :-1], wave) + 0.25 * output[:, -1].mean()


def explained(output, wave):
    output, wave = torch.as_tensor(output), torch.as_tensor(wave)
    return float(1 - ((output[:, :-1] - wave) ** 2).mean() / ((wave - wave.mean(0)) ** 2).mean())


train, val = pulses(2500, 1), pulses(600, 2)

experiment = Experiment(
    model=PulseCoder,
    train=(train, train),
    val=(val, val),
    task="regression",
    loss=loss,
    metric=explained,
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=25,
)
