import torch
from torch import nn
from recipe import Experiment


def customers(n: int, seed: int):
    g = torch.Generator().manual_seed(seed)
    tenure = torch.rand(n, generator=g) * 6
    calls = torch.poisson(torch.full((n,), 1.5), generator=g)
    bill = 40 + 25 * torch.randn(n, generator=g)
    contract = (torch.rand(n, generator=g) < 0.45).float()
    usage = torch.randn(n, 4, generator=g)
    z = 1.2 - 0.7 * tenure + 0.9 * calls - 1.8 * contract + 0.02 * (bill - 40) * (1 - contract) + 0.8 * usage[:, 0] * usage[:, 1] - 1.4
    y = (torch.rand(n, generator=g) < torch.sigmoid(1.5 * z)).float()
    x = torch.cat([torch.stack([tenure / 3 - 1, calls - 1.5, (bill - 40) / 25, contract * 2 - 1], 1), usage], 1)
    return x, y.unsqueeze(1)


class ChurnModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.stack = nn.Sequential(
            nn.Linear(8, 40),
            nn.Tanh(),
            nn.Linear(40, 40),
            nn.Tanh(),
            nn.Linear(40, 1),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return self.stack(x)


train_set = customers(3000, 0)
val_set = customers(1000, 1)
print("churn rate", train_set[1].mean().item())

experiment = Experiment(
    name="churn",
    model=ChurnModel,
    train=train_set,
    val=val_set,
    task="binary",
    loss=nn.BCEWithLogitsLoss(),
    metric="f1",
    optimizer="adam",
    lr=1e-3,
    batch_size=64,
    epochs=12,
)
