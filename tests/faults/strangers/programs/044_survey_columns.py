"""Predict a segment (4 kinds of customer) from six multiple-choice questions."""
import numpy as np
import torch
from torch import nn
from recipe import Experiment

QUESTIONS = 6
ANSWERS = 12
SEGMENTS = 4

rs = np.random.RandomState(2024)
effect = rs.normal(0, 1.0, (QUESTIONS, ANSWERS, SEGMENTS))


def interview(n):
    a = rs.randint(0, ANSWERS, (n, QUESTIONS))
    score = sum(effect[q, a[:, q]] for q in range(QUESTIONS))
    score = score + rs.gumbel(0, 0.5, score.shape)
    return torch.as_tensor(a), torch.as_tensor(score.argmax(1))


class SegmentNet(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.tables = nn.ModuleList([nn.Embedding(ANSWERS, dim)] * QUESTIONS)
        self.mlp = nn.Sequential(nn.ReLU(), nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, SEGMENTS))

    def forward(self, answers):
        h = 0
        for q, table in enumerate(self.tables):
            h = h + table(answers[:, q])
        return self.mlp(h)


train = interview(6000)
val = interview(1000)

experiment = Experiment(
    model=lambda dim=16: SegmentNet(dim),
    train=train,
    val=val,
    optimizer="adam",
    lr=5e-3,
    batch_size=100,
    epochs=12,
    space={"dim": [8, 16, 32]},
)
