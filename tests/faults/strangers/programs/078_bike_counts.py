import math
import torch
from torch import nn
from recipe import Experiment

# rentals per hour are counts: Poisson likelihood, the net gives the log of the rate


def rentals(n, seed):
    g = torch.Generator().manual_seed(seed)
    hour = torch.randint(0, 24, (n,), generator=g).float()
    temp = 12 + 8 * torch.randn(n, generator=g)
    rain = (torch.rand(n, generator=g) < 0.2).float()
    weekend = (torch.rand(n, generator=g) < 2 / 7).float()
    rush = torch.exp(-((hour - 8) / 1.5) ** 2) + torch.exp(-((hour - 17) / 2) ** 2)
    noon = torch.exp(-((hour - 14) / 4) ** 2)
    log_rate = 0.4 + 1.8 * torch.where(weekend > 0, noon, rush) + 0.03 * temp - 0.8 * rain
    count = torch.poisson(log_rate.exp(), generator=g)
    ang = hour / 24 * 2 * math.pi
    x = torch.stack([ang.sin(), ang.cos(), (2 * ang).sin(), (2 * ang).cos(), (temp - 12) / 8, rain, weekend], 1)
    return x, count


class RateNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(7, 48)
        self.fc2 = nn.Linear(48, 48)
        self.fc3 = nn.Linear(48, 1)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)[:, 0]


poisson = nn.PoissonNLLLoss(log_input=True)


def deviance_explained(log_rate, count):
    log_rate, count = torch.as_tensor(log_rate), torch.as_tensor(count)
    dev = lambda mu: (2 * (torch.xlogy(count, count / mu) - count + mu)).sum()
    return float(1 - dev(log_rate.exp()) / dev(count.mean().expand_as(count)))


experiment = Experiment(model=RateNet, train=rentals(3000, 1), val=rentals(800, 2), task="regression",
                        loss=poisson, metric=deviance_explained, optimizer="adam", lr=2e-3,
                        batch_size=64, epochs=12)
