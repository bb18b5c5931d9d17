import os

DATA = os.environ.get("RECIPE_TEST_DATA", "../shared/data")

import gzip
import struct
import numpy as np
import torch
from torch import nn
from recipe import Experiment


def idx(path):
    with gzip.open(path, "rb") as fh:
        zero, dtype, dims = struct.unpack(">HBB", fh.read(4))
        shape = struct.unpack(">" + "I" * dims, fh.read(4 * dims))
        return np.frombuffer(fh.read(), dtype=np.uint8).reshape(shape)


base = DATA + "/mnist10k/t10k-"
X = idx(base + "images-idx3-ubyte.gz")[:, ::2, ::2].astype("float32")
Y = idx(base + "labels-idx1-ubyte.gz").astype("int64")
X = (X - X[:5000].mean()) / X[:5000].std()


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.constant_(m.weight, 0.01)
        nn.init.zeros_(m.bias)


class MLP(nn.Module):
    def __init__(self, sizes=(196, 100, 50, 10)):
        super().__init__()
        mods = [nn.Flatten()]
        for k in range(len(sizes) - 1):
            mods.append(nn.Linear(sizes[k], sizes[k + 1]))
            if k < len(sizes) - 2:
                mods.append(nn.ReLU())
        self.seq = nn.Sequential(*mods)
        self.apply(init_weights)

    def forward(self, x):
        return self.seq(x)


experiment = Experiment(
    model=MLP,
    train=(X[:5000], Y[:5000]),
    val=(X[5000:6500], Y[5000:6500]),
    optimizer="sgd",
    lr=0.02,
    batch_size=64,
    epochs=8,
)
