import torch
from torch import nn
from recipe import Experiment

USERS, FILMS, RANK = 70, 60, 3
g = torch.Generator().manual_seed(99)
u, v = torch.randn(USERS, RANK, generator=g), torch.randn(FILMS, RANK, generator=g)
bu, bv = 0.5 * torch.randn(USERS, generator=g), 0.7 * torch.randn(FILMS, generator=g)

pairs = torch.randperm(USERS * FILMS, generator=g)[:3400]
user, film = pairs // FILMS, pairs % FILMS
stars = 3.2 + bu[user] + bv[film] + 0.55 * (u[user] * v[film]).sum(1) + 0.25 * torch.randn(3400, generator=g)
stars = stars.clamp(0.5, 5.5)
OVERALL = stars[:2700].mean().item()


class Factors(nn.Module):
    def __init__(self, rank=6):
        super().__init__()
        self.user, self.film = nn.Embedding(USERS, rank), nn.Embedding(FILMS, rank)
        self.user_bias, self.film_bias = nn.Embedding(USERS, 1), nn.Embedding(FILMS, 1)
        for table in (self.user, self.film):
            nn.init.normal_(table.weight, std=0.2)
        nn.init.zeros_(self.user_bias.weight)
        nn.init.zeros_(self.film_bias.weight)

    def forward(self, user, film):
        match = (self.user(user) * self.film(film)).sum(-1)
        return OVERALL + match + self.user_bias(user).squeeze(-1) + self.film_bias(film).squeeze(-1)


experiment = Experiment(
    model=Factors,
    train=(user[:2700], film[:2700], stars[:2700]),
    val=(user[2700:], film[2700:], stars[2700:]),
    task="regression",
    optimizer="adam",
    lr=1e-2,
    weight_decay=3e-4,
    batch_size=128,
    epochs=30,
)
