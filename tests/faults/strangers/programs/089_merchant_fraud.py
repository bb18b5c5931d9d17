import numpy as np
import pandas as pd
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(89)
n = 3600
merchants = rng.integers(0, 3500, n)
frame = pd.DataFrame({
    "merchant": merchants,
    "amount_eur": rng.lognormal(3.2, 0.8, n),
    "hour": rng.uniform(0, 24, n),
    "abroad": (rng.random(n) < 0.25).astype(int),
    "card_age_y": rng.exponential(3, n),
})
risk = 1.3 * (np.log(frame.amount_eur) - 3.2) + 2.0 * frame.abroad - 0.4 * frame.card_age_y
risk = risk + 1.2 * np.cos((frame.hour - 3) / 24 * 2 * np.pi) + 1.1 * rng.normal(0, 1, n)
frame["fraud"] = (risk > risk.median()).astype(int)

train, val = frame.iloc[:2600].copy(), frame.iloc[2600:].copy()

prior = train.fraud.mean()
rate = train.groupby("merchant").fraud.mean()
for part in (train, val):
    part["merchant_rate"] = part.merchant.map(rate).fillna(prior)
    part["log_amount"] = np.log(part.amount_eur)
    part["sin_h"] = np.sin(part.hour / 24 * 2 * np.pi)
    part["cos_h"] = np.cos(part.hour / 24 * 2 * np.pi)

columns = ["merchant_rate", "log_amount", "sin_h", "cos_h", "abroad", "card_age_y"]
mu, sd = train[columns].mean(), train[columns].std()


def tensors(part):
    x = ((part[columns] - mu) / sd).to_numpy("float32")
    return torch.from_numpy(x), torch.tensor(part.fraud.to_numpy(), dtype=torch.float32)


class FraudNet(nn.Module):
    def __init__(self, hidden=48):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(len(columns), hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.head(self.body(x)).squeeze(1)


experiment = Experiment(
    model=FraudNet,
    train=tensors(train),
    val=tensors(val),
    task="binary",
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=25,
)
