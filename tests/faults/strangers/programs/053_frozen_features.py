"""A fixed bank of oriented filters (not trained, on purpose) and a trained classifier on top."""
import math
import torch
from torch import nn
from sklearn.datasets import load_digits
from recipe import Experiment


def gabor_bank(size=5, angles=8):
    r = torch.arange(size) - size // 2
    y, x = torch.meshgrid(r.float(), r.float(), indexing="ij")
    filters = []
    for k in range(angles):
        a = math.pi * k / angles
        u = x * math.cos(a) + y * math.sin(a)
        env = torch.exp(-(x ** 2 + y ** 2) / 4)
        f = env * torch.cos(1.6 * u)
        filters.append((f - f.mean()) / f.norm())
    return torch.stack(filters).unsqueeze(1)


class FilterBankClassifier(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.bank = nn.Conv2d(1, 8, 5, padding=2, bias=False)
        with torch.no_grad():
            self.bank.weight.copy_(gabor_bank())
        self.bank.weight.requires_grad_(False)
        self.pool = nn.AvgPool2d(2)
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(8 * 16, hidden), nn.ReLU(), nn.Linear(hidden, 10))

    def forward(self, x):
        return self.classifier(self.pool(torch.relu(self.bank(x))))


digits = load_digits()
x = torch.tensor(digits.images / 16.0, dtype=torch.float32).unsqueeze(1)
y = torch.tensor(digits.target)
p = torch.randperm(len(x), generator=torch.Generator().manual_seed(10))
x, y = x[p], y[p]

experiment = Experiment(
    model=FilterBankClassifier,
    train=(x[:1300], y[:1300]),
    val=(x[1300:], y[1300:]),
    optimizer="adam",
    lr=5e-3,
    batch_size=32,
    epochs=25,
)
