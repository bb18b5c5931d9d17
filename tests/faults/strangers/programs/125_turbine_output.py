import numpy as np
import pandas as pd
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(41)
N = 3400

log = pd.DataFrame({
    "wind_ms": rng.weibull(2.1, N) * 8.0,
    "direction_deg": rng.uniform(0, 360, N),
    "air_temp_c": rng.normal(9, 7, N),
    "hour": rng.integers(0, 24, N),
    "yaw_fault": rng.random(N) < 0.06,
})
shelter = 0.55 + 0.45 * np.cos(np.deg2rad(log.direction_deg - 235))
curve = 2000 / (1 + np.exp(-(log.wind_ms - 8) / 1.4))
density = 1.225 * 288 / (273 + log.air_temp_c) / 1.225
log["power_kw"] = curve * shelter * density * np.where(log.yaw_fault, 0.4, 1.0) + rng.normal(0, 40, N)


def features(frame):
    return np.column_stack([
        frame.wind_ms / 10,
        np.sin(frame.direction_deg),
        np.cos(frame.direction_deg),
        frame.air_temp_c / 20,
        np.sin(2 * np.pi * frame.hour / 24),
        np.cos(2 * np.pi * frame.hour / 24),
        frame.yaw_fault.astype(float),
    ])


X = torch.tensor(features(log), dtype=torch.float32)
Y = torch.tensor(log.power_kw.to_numpy() / 1000, dtype=torch.float32).unsqueeze(1)

experiment = Experiment(
    model=lambda: nn.Sequential(
        nn.Linear(7, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1)
    ),
    train=(X[:2800], Y[:2800]),
    val=(X[2800:], Y[2800:]),
    task="regression",
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=25,
)
