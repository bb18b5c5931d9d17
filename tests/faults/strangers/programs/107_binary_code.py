import gzip, os
import numpy as np
import torch
from torch import nn
from recipe import Experiment


def mnist():
    base = os.environ["RECIPE_TEST_DATA"] + "/mnist10k/t10k-"
    with gzip.open(base + "images-idx3-ubyte.gz") as f:
        x = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 784)
    with gzip.open(base + "labels-idx1-ubyte.gz") as f:
        y = np.frombuffer(f.read(), np.uint8, offset=8)
    return torch.tensor(x / 255.0, dtype=torch.float32), torch.tensor(y.astype("int64"))


x, y = mnist()


class Bits(nn.Module):
    """A hash code of -1 and +1."""

    def forward(self, a):
        soft = torch.tanh(a)
        hard = torch.where(soft >= 0, 1.0, -1.0)
        return hard


class HashNet(nn.Module):
    def __init__(self, bits=12, hidden=128):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(784, hidden), nn.ReLU(),
            nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, bits),
        )
        self.bits = Bits()
        self.decoder = nn.Sequential(nn.Linear(bits, 64), nn.ReLU(), nn.Linear(64, 10))

    def forward(self, images):
        code = self.bits(self.encoder(images))
        return self.decoder(code)


experiment = Experiment(
    model=HashNet,
    train=(x[:3000], y[:3000]),
    val=(x[3000:4000], y[3000:4000]),
    optimizer="adam",
    lr=1e-3,
    batch_size=64,
    epochs=15,
)
