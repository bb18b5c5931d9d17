import torch
from torch import nn
from recipe import Experiment

torch.manual_seed(77)
n = 2600
flow = torch.rand(n) * 4 + 0.5
temp = torch.randn(n)
pipe = torch.randint(0, 4, (n,))
bend = torch.tensor([0.2, 0.9, -0.5, 1.4])[pipe]
loss_bar = bend * flow + 0.35 * flow ** 2 * torch.sigmoid(temp) - 0.6 * temp
spread = 0.1 + 0.25 * (flow / 4) * (pipe == 3)
reading = loss_bar + spread * torch.randn(n)
x = torch.cat([torch.stack([flow - 2.5, temp], 1), nn.functional.one_hot(pipe, 4).float()], 1)
y = ((reading - reading[:2000].mean()) / reading[:2000].std()).unsqueeze(1)


class MeanAndSpread(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        self.mean = nn.Linear(hidden, 1)
        self.log_var = nn.Linear(hidden, 1)

    def forward(self, x):
        h = self.body(x)
        return torch.cat([self.mean(h), self.log_var(h).clamp(-8, 8)], 1)


def nll(output, target):
    mean, log_var = output[:, :1], output[:, 1:]
    return 0.5 * (log_var + (target - mean) ** 2 * torch.exp(log_var)).mean()


def explained(output, target):
    output, target = torch.as_tensor(output), torch.as_tensor(target)
    rest = ((output[:, :1] - target) ** 2).mean()
    return float(1 - rest / target.var())


experiment = Experiment(
    model=MeanAndSpread,
    train=(x[:2000], y[:2000]),
    val=(x[2000:], y[2000:]),
    task="regression",
    loss=nll,
    metric=explained,
    optimizer="adam",
    lr=2e-3,
    batch_size=50,
    epochs=30,
)
