"""Will a patient come back within 30 days? Bags of diagnosis codes per patient, plus age and weight."""
import numpy as np
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(91)
CODES, N = 60, 2400
severity = rng.normal(0, 1, CODES)

patients = [f"p{k:05d}" for k in range(N)]
diagnoses = dict.fromkeys(patients, [])
score = np.zeros(N)
for k, patient in enumerate(patients):
    codes = rng.choice(CODES, rng.integers(1, 7), replace=False)
    diagnoses[patient].extend(codes.tolist())
    score[k] = severity[codes].sum()

age = rng.uniform(20, 90, N)
weight_kg = rng.normal(76, 13, N)
score = score + 0.02 * (age - 55) + 0.3 * rng.normal(0, 1, N)
returned = (score > np.median(score)).astype("float32")

bags = np.zeros((N, CODES), dtype="float32")
for k, patient in enumerate(patients):
    bags[k, diagnoses[patient]] = 1.0
vitals = np.column_stack([(age - 55) / 20, (weight_kg - 76) / 13]).astype("float32")
features = torch.tensor(np.hstack([bags, vitals]))
returned = torch.tensor(returned)


class ReturnNet(nn.Module):
    def __init__(self, hidden=64, p=0.2):
        super().__init__()
        self.codes = nn.Linear(CODES, hidden)
        self.vitals = nn.Linear(2, hidden)
        self.drop = nn.Dropout(p)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        h = torch.relu(self.codes(x[:, :CODES]) + self.vitals(x[:, CODES:]))
        return self.head(self.drop(h)).view(-1)


experiment = Experiment(
    model=ReturnNet,
    train=(features[:1800], returned[:1800]),
    val=(features[1800:], returned[1800:]),
    task="binary",
    optimizer="adam",
    lr=2e-3,
    batch_size=32,
    epochs=12,
)
