import torch
from torch import nn
from sklearn.datasets import load_wine
from recipe import Experiment

wine = load_wine()
features = torch.tensor(wine.data, dtype=torch.float32)
cultivar = torch.tensor(wine.target)

shuffled = torch.randperm(len(features), generator=torch.Generator().manual_seed(12))
features, cultivar = features[shuffled], cultivar[shuffled]
n_train = 120


class WineClassifier(nn.Module):
    def __init__(self, hidden=20):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(13, hidden),
            nn.Tanh(),
            nn.Linear(hidden, hidden),
            nn.Tanh(),
            nn.Linear(hidden, 3),
        )
        for m in self.net:
            if isinstance(m, nn.Linear):
                nn.init.xavier_uniform_(m.weight)
                nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.net(x)


def accuracy(outputs, targets):
    return (outputs.argmax(1) == targets).float().mean().item()


experiment = Experiment(
    model=WineClassifier,
    train=(features[:n_train], cultivar[:n_train]),
    val=(features[n_train:], cultivar[n_train:]),
    metric=accuracy,
    optimizer="sgd",
    lr=0.01,
    momentum=0.9,
    batch_size=16,
    epochs=30,
)
