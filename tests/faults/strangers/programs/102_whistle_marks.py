"""Mark the whistles in a noisy recording: one label per sample, training on random excerpts."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset
from recipe import Experiment

LENGTH, CROP = 256, 128


def recordings(n, seed):
    rng = np.random.default_rng(seed)
    t = np.arange(LENGTH)
    wave = rng.normal(0, 0.6, (n, LENGTH))
    mark = np.zeros((n, LENGTH), dtype="int64")
    for k in range(n):
        for _ in range(rng.integers(1, 4)):
            start, width = rng.integers(0, LENGTH - 40), rng.integers(20, 50)
            part = slice(start, start + width)
            wave[k, part] += np.sin(2 * np.pi * rng.uniform(0.12, 0.2) * t[part] + rng.uniform(0, 6))
            mark[k, part] = 1
    return wave.astype("float32"), mark


def excerpt(a, rng):
    start = rng.integers(0, LENGTH - CROP + 1)
    return a[start : start + CROP]


class Excerpts(Dataset):
    def __init__(self, n, seed):
        self.wave, self.mark = recordings(n, seed)
        self.rng = np.random.default_rng(seed)

    def __len__(self):
        return len(self.wave)

    def __getitem__(self, i):
        wave = excerpt(self.wave[i], self.rng)
        mark = excerpt(self.mark[i], self.rng)
        return torch.tensor(wave)[None], torch.tensor(mark)


def segmenter(width=16):
    return nn.Sequential(
        nn.Conv1d(1, width, 9, padding=4), nn.BatchNorm1d(width), nn.ReLU(),
        nn.Conv1d(width, width, 9, padding=8, dilation=2), nn.BatchNorm1d(width), nn.ReLU(),
        nn.Conv1d(width, 2, 9, padding=4),
    )


def whistle_f1(logits, mark):
    found = logits.argmax(1)
    hit = ((found == 1) & (mark == 1)).sum()
    return float(2 * hit / ((found == 1).sum() + (mark == 1).sum()).clamp(min=1))


wave, mark = recordings(200, 7)
experiment = Experiment(
    model=segmenter,
    train=Excerpts(600, 3),
    val=(torch.tensor(wave)[:, None], torch.tensor(mark)),
    loss=nn.CrossEntropyLoss(),
    metric=whistle_f1,
    optimizer="adam",
    lr=5e-3,
    batch_size=32,
    epochs=12,
)
