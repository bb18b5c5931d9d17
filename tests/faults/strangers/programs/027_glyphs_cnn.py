import numpy as np
import torch
from torch import nn
from sklearn.datasets import load_digits
from recipe import Experiment

raw = load_digits()
rng = np.random.default_rng(1)
images = raw.images.astype(np.float32) / 16 * 255
images = np.clip(images + rng.normal(0, 25, images.shape), 0, 255).astype(np.float32)
labels = raw.target
order = rng.permutation(len(labels))
tr, va = order[:1300], order[1300:]


def tensors(rows, scale=True):
    x = torch.tensor(images[rows]).unsqueeze(1)
    if scale:
        x = x / 255
    return x, torch.tensor(labels[rows])


class GlyphNet(nn.Module):
    def __init__(self, channels=16):
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.fc1 = nn.Linear(channels * 16, 48)
        self.fc2 = nn.Linear(48, 10)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        x = torch.relu(self.conv1(x))
        x = torch.max_pool2d(torch.tanh(self.conv2(x)), 2)
        x = torch.tanh(self.fc1(x.flatten(1)))
        return self.softmax(self.fc2(x))


experiment = Experiment(
    model=GlyphNet,
    train=tensors(tr),
    val=tensors(va, scale=False),
    optimizer="sgd",
    lr=0.05,
    momentum=0.9,
    batch_size=32,
    epochs=10,
)
