import torch
from torch import nn
from recipe import Experiment

# the smallest useful net: 2 inputs, 6 hidden units, 1 output


def xor_cloud(n, seed):
    gen = torch.Generator().manual_seed(seed)
    corner = torch.randint(0, 2, (n, 2), generator=gen)
    x = (corner * 2.0 - 1.0) + 0.35 * torch.randn(n, 2, generator=gen)
    y = (corner[:, 0] ^ corner[:, 1]).float()
    return x, y


class XorNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 6)
        self.output = nn.Linear(6, 1)
        nn.init.normal_(self.hidden.weight, std=1.0)

    def forward(self, x):
        h = torch.tanh(self.hidden(x))
        return self.output(h).view(-1)


train = xor_cloud(800, 42)
val = xor_cloud(300, 43)

# how the corners are filled
for a in (0, 1):
    share = (train[1] == a).float().mean().item()
    assert 0.4 < share < 0.6


experiment = Experiment(
    name="xor",
    model=XorNet,
    train=train,
    val=val,
    task="binary",
    optimizer="sgd",
    lr=0.1,
    momentum=0.9,
    batch_size=20,
    epochs=15,
)
