import numpy as np
import torch
from torch import nn
from recipe import Experiment

TOPICS = 8
VOCAB = 200
rng = np.random.RandomState(33)
topic_words = rng.dirichlet(np.full(VOCAB, 0.08), size=TOPICS)


def articles(n):
    """An article has one to three topics; the input is a bag of words."""
    X = np.zeros((n, VOCAB), dtype=np.float32)
    Y = np.zeros((n, TOPICS), dtype=np.float32)
    for i in range(n):
        chosen = rng.choice(TOPICS, rng.randint(1, 4), replace=False)
        Y[i, chosen] = 1
        mix = 0.5 * topic_words[chosen].mean(0) + 0.5 / VOCAB
        X[i] = rng.multinomial(60, mix)
    return np.log1p(X), Y


train_x, train_y = articles(2500)
val_x, val_y = articles(600)


class MultiLabelNet(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(VOCAB, hidden), nn.ReLU(), nn.Dropout(0.3), nn.Linear(hidden, TOPICS))

    def forward(self, x):
        return self.net(x)


experiment = Experiment(
    model=MultiLabelNet,
    train=(torch.tensor(train_x), torch.tensor(train_y)),
    val=(torch.tensor(val_x), torch.tensor(val_y)),
    task="multilabel",
    optimizer="adam",
    lr=3e-3,
    batch_size=50,
    epochs=12,
)
