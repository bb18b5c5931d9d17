import math
import torch
import torch.nn as nn
from recipe import Experiment

N_POINTS = 64
g = torch.Generator().manual_seed(404)


NUMBERS = torch.tensor([0, 1, 2, 2])  # sine, square, saw, triangle


def waves(n, number=torch.arange(4)):
    kind = torch.randint(0, 4, (n,), generator=g)
    t = torch.linspace(0, 1, N_POINTS).repeat(n, 1)
    f = 3 + torch.rand(n, 1, generator=g) * 2
    ph = torch.rand(n, 1, generator=g)
    phase = (f * t + ph) % 1.0
    sine = torch.sin(2 * math.pi * phase)
    square = torch.where(phase < 0.5, 1.0, -1.0)
    saw = 2 * phase - 1
    tri = 1 - 4 * (phase - 0.5).abs()
    x = torch.stack([sine, square, saw, tri], 1)[torch.arange(n), kind]
    x = x + 0.35 * torch.randn(n, N_POINTS, generator=g)
    return x.unsqueeze(1), number[kind]


class WaveNetSmall(nn.Module):
    def __init__(self, ch=16):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(1, ch, 7, padding=3), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(ch, ch * 2, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(ch * 2, ch * 2, 5, padding=2), nn.ReLU(),
            nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(ch * 2, 4),
        )

    def forward(self, x):
        return self.net(x)


def step(model, optimizer, batch):
    x, y = batch
    model.train()
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1e-4)
    optimizer.step()
    return loss.item()


experiment = Experiment(
    model=lambda ch=16: WaveNetSmall(ch),
    train=waves(2000, NUMBERS),
    val=waves(500),
    update=step,
    optimizer="sgd",
    lr=0.05,
    momentum=0.9,
    batch_size=32,
    epochs=8,
)
