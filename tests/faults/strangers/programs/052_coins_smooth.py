import torch
import torch.nn as nn
from recipe import Experiment

NUM = 10


def coins(n, seed):
    """16 x 16 pictures of coins: relief patterns turned by a random small angle."""
    f = torch.Generator().manual_seed(500)
    freq = torch.randint(1, 5, (NUM, 2), generator=f).float()
    phase = torch.rand(NUM, 2, generator=f) * 6.28
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(0, NUM, (n,), generator=g)
    ang = 0.25 * torch.randn(n, 1, 1, generator=g)
    v, u = torch.meshgrid(torch.linspace(-1, 1, 16), torch.linspace(-1, 1, 16), indexing="ij")
    a = u * torch.cos(ang) + v * torch.sin(ang)
    b = v * torch.cos(ang) - u * torch.sin(ang)
    fr, ph = freq[y][:, :, None, None], phase[y][:, :, None, None]
    x = torch.sin(3 * fr[:, 0] * a + ph[:, 0]) + torch.sin(3 * fr[:, 1] * b + ph[:, 1])
    return (x + 0.6 * torch.randn(n, 16, 16, generator=g)).unsqueeze(1), y


class CoinNet(nn.Module):
    def __init__(self):
        super().__init__()
        def stage(i, o):
            return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True))
        self.features = nn.Sequential(stage(1, 12), nn.MaxPool2d(2), stage(12, 24), nn.MaxPool2d(2), stage(24, 24))
        self.head = nn.Linear(24 * 16, NUM)

    def forward(self, x):
        return self.head(self.features(x).flatten(1))


experiment = Experiment(
    model=CoinNet,
    train=coins(2000, 1),
    val=coins(500, 2),
    loss=nn.CrossEntropyLoss(label_smoothing=0.1),
    optimizer="sgd",
    lr=0.05,
    momentum=0.9,
    weight_decay=5e-4,
    batch_size=64,
    epochs=8,
    warmup=0.1,
    schedule="linear",
)
