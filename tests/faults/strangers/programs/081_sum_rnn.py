import torch
import torch.nn as nn
from recipe import Experiment

STEPS = 25
HID = 48


class MyRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.Wx = nn.Parameter(torch.randn(2, HID) * 0.3)
        self.Wh = nn.Parameter(torch.randn(HID, HID))
        self.b = nn.Parameter(torch.zeros(HID))
        self.read = nn.Linear(HID, 1)

    def forward(self, seq):
        h = torch.zeros(seq.size(0), HID, device=seq.device)
        for t in range(seq.size(1)):
            h = torch.relu(seq[:, t] @ self.Wx + h @ self.Wh + self.b)
        return self.read(h).squeeze(-1)


def adding_problem(n, seed):
    gen = torch.Generator().manual_seed(seed)
    values = torch.rand(n, STEPS, generator=gen)
    marks = torch.zeros(n, STEPS)
    first = torch.randint(0, STEPS // 2, (n,), generator=gen)
    second = torch.randint(STEPS // 2, STEPS, (n,), generator=gen)
    rows = torch.arange(n)
    marks[rows, first] = 1
    marks[rows, second] = 1
    target = (values * marks).sum(1)
    return torch.stack([values, marks], -1), target - 1.0


experiment = Experiment(
    model=MyRNN,
    train=adding_problem(3000, 1),
    val=adding_problem(500, 2),
    task="regression",
    optimizer="adam",
    lr=1e-3,
    batch_size=64,
    epochs=14,
    clip_norm=1.0,
)
