import torch
from torch import nn
from recipe import Experiment

BANDS, GASES = 60, 5


def absorbance(n, seed):
    lines = torch.Generator().manual_seed(31)
    place = torch.rand(GASES, 3, generator=lines) * BANDS
    depth = torch.rand(GASES, 3, generator=lines) + 0.4
    g = torch.Generator().manual_seed(seed)
    gas = torch.randint(GASES, (n,), generator=g)
    k = torch.arange(float(BANDS))
    dips = depth[gas][..., None] * torch.exp(-0.5 * ((k - place[gas][..., None]) / 1.2) ** 2)
    amount = 0.5 + torch.rand(n, 1, generator=g)
    signal = amount * dips.sum(1) + 0.3 * torch.randn(n, BANDS, generator=g)
    return 0.01 * signal, gas


def model():
    net = nn.Linear(BANDS, GASES, bias=False)
    nn.init.zeros_(net.weight)
    return net


experiment = Experiment(
    model=model,
    train=absorbance(1500, 1),
    val=absorbance(500, 2),
    optimizer="sgd",
    lr=400.0,
    batch_size=100,
    epochs=20,
)
