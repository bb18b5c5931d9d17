"""Bot or human, from the times of twenty clicks (seconds since 1970)."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset
from recipe import Experiment

rng = np.random.default_rng(92)
CLICKS = 20


def click_times(n):
    bot = rng.random(n) < 0.5
    shape = np.where(bot, 9.0, 1.4)
    gaps = rng.gamma(shape[:, None], 1.0, (n, CLICKS)) / shape[:, None]
    gaps *= rng.lognormal(1.5, 0.5, (n, 1))
    start = rng.uniform(1_704_000_000, 1_735_000_000, (n, 1))
    return start + np.cumsum(gaps, 1), bot.astype("int64")


class Sessions(Dataset):
    def __init__(self, n):
        times, bot = click_times(n)
        self.times = torch.tensor(times, dtype=torch.float32)
        self.bot = torch.from_numpy(bot)

    def __len__(self):
        return len(self.bot)

    def __getitem__(self, i):
        gaps = self.times[i].diff()
        return torch.log1p(gaps), self.bot[i]


class GapNet(nn.Module):
    def __init__(self, channels=24):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv1d(1, channels, 3, padding=1), nn.BatchNorm1d(channels), nn.ReLU(),
            nn.Conv1d(channels, channels, 3, padding=1), nn.BatchNorm1d(channels), nn.ReLU(),
        )
        self.head = nn.Linear(2 * channels, 2)

    def forward(self, x):
        h = self.conv(x.unsqueeze(1))
        return self.head(torch.cat([h.mean(2), h.amax(2)], 1))


experiment = Experiment(
    model=GapNet,
    train=Sessions(1600),
    val=Sessions(500),
    optimizer="adamw",
    lr=1e-3,
    weight_decay=0.01,
    batch_size=64,
    epochs=12,
)
