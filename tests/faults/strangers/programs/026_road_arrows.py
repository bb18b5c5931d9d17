import torch
from torch import nn
from recipe import Experiment

CLASSES = ("left", "right", "ahead", "stop")


def draw_sign(k, gen):
    img = torch.zeros(18, 18)
    r, c = int(torch.randint(6, 12, (1,), generator=gen)), int(torch.randint(6, 12, (1,), generator=gen))
    if k in (0, 1):
        img[r, c - 5:c + 6] = 1
        tip, d = (c - 5, 1) if k == 0 else (c + 5, -1)
        for s in range(1, 4):
            img[r - s, tip + d * s] = 1
            img[r + s, tip + d * s] = 1
    elif k == 2:
        img[r - 5:r + 6, c] = 1
        for s in range(1, 4):
            img[r - 5 + s, c - s] = 1
            img[r - 5 + s, c + s] = 1
    else:
        img[r - 3:r + 4, c - 3] = 1; img[r - 3:r + 4, c + 3] = 1
        img[r - 3, c - 3:c + 4] = 1; img[r + 3, c - 3:c + 4] = 1
    return img + 0.4 * torch.randn(18, 18, generator=gen)


def signs(n, seed):
    gen = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 4, (n,), generator=gen)
    x = torch.stack([draw_sign(int(k), gen) for k in y]).unsqueeze(1)
    return x, y


def augment(batch):
    noise = 0.05 * torch.randn_like(batch)
    batch = batch + noise
    flip = torch.rand(len(batch)) < 0.5
    return torch.where(flip[:, None, None, None], batch.flip(-1), batch)


class SignNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 5, padding=2)
        self.conv2 = nn.Conv2d(12, 24, 5, padding=2)
        self.drop = nn.Dropout(0.95)
        self.fc1 = nn.Linear(24 * 16, 32)
        self.fc2 = nn.Linear(32, 4)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.conv1(x).relu(), 2)
        x = nn.functional.max_pool2d(self.conv2(x).relu(), 2)
        x = self.fc1(x.flatten(1)).relu()
        return self.fc2(self.drop(x))


experiment = Experiment(
    model=SignNet, train=signs(1500, 1), val=signs(400, 2), augment=augment, classes=CLASSES,
    optimizer="adam", lr=2e-3, batch_size=50, epochs=8,
)
