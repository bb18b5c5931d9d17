import torch
from torch import nn
from recipe import Experiment

# is the number of ones among bits 2, 7 and 11 odd?
BITS = 16
SECRET = [2, 7, 11]


def codes(n, seed):
    g = torch.Generator().manual_seed(seed)
    bits = torch.randint(0, 2, (n, BITS), generator=g)
    odd = bits[:, SECRET].sum(1) % 2
    return bits.float() * 2 - 1, odd


class CodeNet(nn.Module):
    def __init__(self, hidden=128):
        super().__init__()
        self.inner = nn.Linear(BITS, hidden)
        self.outer = nn.Linear(hidden, 2)

    def forward(self, x):
        return self.outer(torch.relu(self.inner(x)))


train_codes, train_odd = codes(6000, 0)
val_codes, val_odd = codes(1000, 1)

# the same code word may come up more than once, but not in both parts
powers = 2 ** torch.arange(BITS)
as_number = lambda c: ((c > 0).long() * powers).sum(1)
seen = set(as_number(train_codes).tolist())
fresh = torch.tensor([int(v) not in seen for v in as_number(val_codes)])
val_codes, val_odd = val_codes[fresh], val_odd[fresh]


def make_model(hidden: int = 128) -> nn.Module:
    return CodeNet(hidden)


experiment = Experiment(
    model=make_model,
    train=(train_codes, train_odd),
    val=(val_codes, val_odd),
    optimizer="sgd",
    lr=0.01,
    momentum=0.9,
    batch_size=64,
    epochs=16,
    schedule="constant",
)
