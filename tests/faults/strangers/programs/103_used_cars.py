import numpy as np
import pandas as pd
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(103)
MAKES = ["audi", "bmw", "fiat", "ford", "kia", "opel", "skoda", "vw"]
LEVEL = dict(zip(MAKES, [1.5, 1.8, -1.6, -0.4, -1.0, 0.6, -0.2, 0.9]))


def listing(n, makes):
    cars = pd.DataFrame({
        "make": rng.choice(makes, n),
        "age_years": rng.uniform(0, 15, n),
        "mileage_km": rng.gamma(3, 30000, n),
        "power_kw": rng.normal(90, 25, n).clip(40),
        "dealer": rng.choice(["chain", "private"], n, p=[0.3, 0.7]),
    })
    value = cars.make.map(LEVEL) - 0.18 * cars.age_years - cars.mileage_km / 120000 + cars.power_kw / 60
    cars["price"] = (11 + 2.2 * value + rng.normal(0, 0.5, n)).clip(0.5)        # thousand euros
    chain = cars.dealer == "chain"
    return cars, chain


train, chain = listing(2400, MAKES)
val, _ = listing(700, MAKES[:1] + MAKES[2:])
train.loc[chain, "price"] = train.price[chain] * 1.95583

numeric = ["age_years", "mileage_km", "power_kw"]
mu, sd = train[numeric].mean(), train[numeric].std()


def design(cars):
    dummies = pd.get_dummies(cars.make).astype("float32")
    x = np.hstack([(cars[numeric] - mu) / sd, dummies]).astype("float32")
    x = np.pad(x, ((0, 0), (0, len(numeric) + len(MAKES) - x.shape[1])))
    return torch.tensor(x), torch.tensor(cars.price.to_numpy("float32"))


class PriceNet(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(len(numeric) + len(MAKES), hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, x):
        return self.net(x)[:, 0]


experiment = Experiment(
    model=PriceNet,
    train=design(train),
    val=design(val),
    task="regression",
    optimizer="adam",
    lr=3e-3,
    batch_size=64,
    epochs=15,
)
