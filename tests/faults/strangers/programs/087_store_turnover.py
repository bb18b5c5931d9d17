import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset
from recipe import Experiment

rng = np.random.default_rng(87)
N_DAYS = 2600

# one row per store and day; the export is sorted by turnover class
size = rng.uniform(80, 900, N_DAYS)                      # square metres
temp = rng.normal(12, 8, N_DAYS)                         # degrees Celsius
weekday = rng.integers(0, 7, N_DAYS)
promo = rng.random(N_DAYS) < 0.3
turnover = 1.6 * np.log(size) + 1.8 * promo + 1.6 * (weekday >= 4) - ((temp - 15) / 12) ** 2
turnover = turnover + rng.normal(0, 0.35, N_DAYS)
label = np.digitize(turnover, np.quantile(turnover, [0.25, 0.5, 0.75]))
table = np.column_stack([size, temp, promo, np.eye(7)[weekday]]).astype("float32")
order = np.argsort(label, kind="stable")
table, label = table[order], label[order]




class Rows(Dataset):
    """Some rows of the table, with the columns brought to mean 0 and deviation 1."""

    def __init__(self, indices, mean, std):
        self.indices = indices
        self.mean, self.std = mean, std

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, i):
        k = self.indices[i]
        x = torch.tensor((table[k] - self.mean) / self.std)
        return x, int(label[k])


class JitteredRows(Rows):
    """The same for training, with a little measuring noise."""

    def __getitem__(self, i):
        x = table[i] + 1.0 * np.random.randn(table.shape[1]).astype("float32")
        x = torch.tensor((x - self.mean) / self.std)
        return x, int(label[i])


shuffled = rng.permutation(N_DAYS)
train_idx, val_idx = shuffled[:1900], shuffled[1900:]
mean, std = table[train_idx].mean(0), table[train_idx].std(0)

experiment = Experiment(
    model=lambda: nn.Sequential(nn.Linear(10, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 4)),
    train=JitteredRows(train_idx, mean, std),
    val=Rows(val_idx, mean, std),
    optimizer="adam",
    lr=3e-3,
    batch_size=64,
    epochs=15,
)
