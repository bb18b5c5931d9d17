"""Cuisine from ingredient ids. Training hides half of the ingredients and softens the labels."""
import torch
from torch import nn
from torch.utils.data import Dataset
from recipe import Experiment

INGREDIENTS, CUISINES, SLOTS = 150, 8, 20
g = torch.Generator().manual_seed(97)
taste = 1.0 * torch.randn(CUISINES, INGREDIENTS, generator=g)


class Dishes(Dataset):
    def __init__(self, n, hide=0.0):
        self.cuisine = torch.randint(CUISINES, (n,), generator=g)
        share = taste[self.cuisine].add(0.5 * torch.randn(n, INGREDIENTS, generator=g)).softmax(1)
        self.ids = torch.multinomial(share, SLOTS, generator=g) + 1
        self.hide = hide

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, i):
        ids = self.ids[i]
        if self.hide:
            ids = torch.where(torch.rand(SLOTS) < self.hide, 0, ids)
        return ids, self.cuisine[i]


class BagOfIngredients(nn.Module):
    def __init__(self, d=48, p=0.5):
        super().__init__()
        self.emb = nn.Embedding(INGREDIENTS + 1, d, padding_idx=0)
        self.mlp = nn.Sequential(nn.Dropout(p), nn.Linear(d, 64), nn.ReLU(), nn.Dropout(p), nn.Linear(64, CUISINES))

    def forward(self, ids):
        shown = (ids > 0).sum(1, keepdim=True).clamp(min=1)
        return self.mlp(self.emb(ids).sum(1) / shown)


experiment = Experiment(
    model=BagOfIngredients,
    train=Dishes(2400, hide=0.7),
    val=Dishes(600),
    loss=nn.CrossEntropyLoss(label_smoothing=0.2),
    optimizer="adamw",
    lr=5e-3,
    weight_decay=0.01,
    batch_size=64,
    epochs=15,
)
