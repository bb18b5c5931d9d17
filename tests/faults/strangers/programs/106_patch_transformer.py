import gzip
import os

import numpy as np
import torch
from torch import nn
from recipe import Experiment

PATCH = 7
folder = os.environ["RECIPE_TEST_DATA"] + "/mnist10k/"


def read(name, offset):
    return np.frombuffer(gzip.open(folder + name).read(), np.uint8, -1, offset)


images = torch.from_numpy(read("t10k-images-idx3-ubyte.gz", 16).astype(np.float32)).view(-1, 1, 28, 28) / 127.5 - 1
labels = torch.from_numpy(read("t10k-labels-idx1-ubyte.gz", 8).astype(np.int64))


class Block(nn.Module):
    def __init__(self, dim, heads, dropout):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        h = self.norm1(x)
        x = x + self.drop(self.attn(h, h, h, need_weights=False)[0])
        return x + self.drop(self.mlp(self.norm2(x)))


class TinyViT(nn.Module):
    def __init__(self, dim=48, depth=2, heads=4, dropout=0.9, max_patches=256):
        super().__init__()
        self.to_patch = nn.Conv2d(1, dim, PATCH, stride=PATCH)
        self.pos = nn.Parameter(0.02 * torch.randn(max_patches, 1, dim))
        self.blocks = nn.Sequential(*[Block(dim, heads, dropout) for _ in range(depth)])
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(dim, 10))

    def forward(self, x):
        x = self.to_patch(x).flatten(2).transpose(1, 2)
        x = x + self.pos[:x.size(0)]
        x = self.norm(self.blocks(x))
        return self.head(x.mean(1))


experiment = Experiment(
    model=TinyViT,
    train=(images[:3000], labels[:3000]),
    val=(images[9000:], labels[9000:]),
    optimizer="adamw",
    lr=2e-3,
    weight_decay=0.01,
    batch_size=50,
    epochs=12,
    schedule="cosine",
)
