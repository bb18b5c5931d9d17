import torch
from torch import nn
from recipe import Experiment

# toy endgame: are king and rook on the same quadrant / on a line / at a knight's distance / apart?


ALL = torch.cartesian_prod(*[torch.arange(8)] * 4)
ALL = ALL[torch.randperm(len(ALL), generator=torch.Generator().manual_seed(3))]


def positions(sq):
    n = len(sq)
    dx = (sq[:, 0] - sq[:, 2]).abs()
    dy = (sq[:, 1] - sq[:, 3]).abs()
    label = torch.full((n,), 3)
    label[(sq[:, 0] // 4 == sq[:, 2] // 4) & (sq[:, 1] // 4 == sq[:, 3] // 4)] = 0
    label[((dx == 1) & (dy == 2)) | ((dx == 2) & (dy == 1))] = 2
    label[(dx == 0) | (dy == 0)] = 1
    planes = torch.zeros(n, 4, 8)
    planes.scatter_(2, sq[:, :, None], 1.0)
    return planes.flatten(1), label


class EndgameNet(nn.Module):
    def __init__(self, width=128):
        super().__init__()
        self.first = nn.Linear(32, width)
        self.second = nn.Linear(width, width)
        self.third = nn.Linear(width, width)
        self.last = nn.Linear(width, 4)
        self.dropout = nn.Dropout(0.85)

    def forward(self, x):
        x = self.first(x)
        x = self.second(x)
        x = self.dropout(x)
        x = self.third(x)
        return self.last(x)


x_tr, y_tr = positions(ALL[:3300])
x_va, y_va = positions(ALL[3300:])

def optimizer(params, lr, weight_decay=0.0, **kw):
    return torch.optim.AdamW(params, lr=lr, weight_decay=weight_decay)


experiment = Experiment(
    model=EndgameNet,
    train=(x_tr, y_tr),
    val=(x_va, y_va),
    optimizer=optimizer,
    lr=1.5e-3,
    batch_size=128,
    epochs=15,
)
