import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from recipe import Experiment

PLAYERS, GAMES, TASTES = 60, 60, 3
rng = np.random.default_rng(12)
taste = rng.normal(size=(PLAYERS, TASTES))
trait = rng.normal(size=(GAMES, TASTES))
cells = rng.permutation(PLAYERS * GAMES)
player, game = np.divmod(cells, GAMES)
likes = (taste[player] * trait[game]).sum(1) + rng.normal(0, 0.3, len(cells)) > 0


class Plays(Dataset):
    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, k):
        r = self.rows[k]
        return torch.tensor([player[r], game[r]]), torch.tensor(float(likes[r]))


class Taste(nn.Module):
    def __init__(self, dim=6):
        super().__init__()
        self.table = nn.Embedding(PLAYERS + GAMES, dim)
        self.bias = nn.Embedding(PLAYERS + GAMES, 1)
        nn.init.normal_(self.table.weight, std=0.3)
        nn.init.zeros_(self.bias.weight)

    def forward(self, pair):
        vectors = self.table(pair)
        return (vectors[:, 0] * vectors[:, 1]).sum(-1) + self.bias(pair).sum((1, 2))


experiment = Experiment(
    model=Taste,
    train=DataLoader(Plays(np.arange(0, 2700)), batch_size=64, shuffle=True),
    val=DataLoader(Plays(np.arange(2700, 3600)), batch_size=300),
    task="binary",
    optimizer="adam",
    lr=0.01,
    weight_decay=1e-4,
    epochs=25,
)
