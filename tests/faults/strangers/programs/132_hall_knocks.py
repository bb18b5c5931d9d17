import numpy as np
import torch
from torch import nn
from recipe import Experiment

RATE, SECONDS = 2000, 1.024
N_FFT, HOP = 64, 32
rng = np.random.default_rng(88)


def clip():
    n = int(RATE * SECONDS)
    wave = rng.normal(0, 0.25, n)
    events = []
    for _ in range(rng.integers(1, 4)):
        start, length = rng.integers(0, n - 300), rng.integers(120, 280)
        kind = rng.integers(0, 2)
        t = np.arange(length) / RATE
        tone = np.sin(2 * np.pi * (180 if kind == 0 else 520) * t + rng.uniform(0, 6))
        wave[start:start + length] += tone * np.hanning(length) * rng.uniform(0.8, 1.6)
        events.append((start, start + length, kind))
    return wave, events


def build(n):
    waves, notes = zip(*(clip() for _ in range(n)))
    waves = torch.tensor(np.stack(waves), dtype=torch.float32)
    spec = torch.stft(waves, N_FFT, HOP, window=torch.hann_window(N_FFT), return_complex=True)
    spec = torch.log(spec.abs() + 1e-2)[:, :32]
    active = torch.zeros(n, 2, spec.size(-1))
    for i, events in enumerate(notes):
        for start, end, kind in events:
            active[i, kind, start // N_FFT:end // N_FFT + 1] = 1
    return spec, active


train, val = build(500), build(150)
positive = train[1].mean((0, 2))
pos_weight = (positive / (1 - positive))[:, None]


class FrameTagger(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.net = nn.Sequential(
            nn.BatchNorm1d(32),
            nn.Conv1d(32, width, 3, padding=1), nn.ReLU(),
            nn.Conv1d(width, width, 3, padding=1), nn.ReLU(),
            nn.Conv1d(width, 2, 1),
        )

    def forward(self, spec):
        return self.net(spec)


def f1(output, target):
    hit, truth = torch.as_tensor(output) > 0, torch.as_tensor(target) > 0.5
    return float(2 * (hit & truth).sum() / (hit.sum() + truth.sum()).clamp(min=1))


experiment = Experiment(
    model=FrameTagger,
    train=train,
    val=val,
    task="multilabel",
    loss=nn.BCEWithLogitsLoss(pos_weight=pos_weight),
    metric=f1,
    optimizer="adam",
    lr=2e-3,
    batch_size=25,
    epochs=12,
)
