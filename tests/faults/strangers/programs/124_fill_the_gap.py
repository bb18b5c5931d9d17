import gzip, os
import numpy as np
import torch
from torch import nn
from recipe import Experiment

f = gzip.open(os.environ["RECIPE_TEST_DATA"] + "/mnist10k/t10k-images-idx3-ubyte.gz")
pics = np.frombuffer(f.read(), np.uint8, -1, 16).reshape(-1, 28, 28)[:2500].astype(np.float32)
pics = torch.from_numpy((pics - pics.mean()) / pics.std())[:, None]

gen = torch.Generator().manual_seed(8)
hole = torch.zeros_like(pics)
for h in hole:
    r, c = torch.randint(6, 14, (2,), generator=gen).tolist()
    h[:, r:r + 8, c:c + 8] = 1

damaged = torch.cat([pics * (1 - hole), hole], 1)
target = torch.cat([pics, hole], 1)


class GapLoss(nn.Module):
    """Squared error where the picture has to be filled in."""

    def forward(self, output, target):
        picture, gap = target[:, :1], target[:, 1:]
        weight = 1 - gap
        return (weight * (output - picture) ** 2).sum() / weight.sum()


def r2_in_gap(output, target):
    picture, gap = target[:, :1], target[:, 1:].bool()
    true, guess = picture[gap], output[gap]
    return float(1 - ((true - guess) ** 2).sum() / ((true - true.mean()) ** 2).sum())


class Inpainter(nn.Module):
    def __init__(self, c=16, code=128):
        super().__init__()
        self.encode = nn.Sequential(
            nn.Conv2d(2, c, 4, 2, 1), nn.ReLU(),
            nn.Conv2d(c, 2 * c, 4, 2, 1), nn.ReLU(),
            nn.Flatten(), nn.Linear(2 * c * 49, code), nn.ReLU(),
        )
        self.decode = nn.Sequential(
            nn.Linear(code, 2 * c * 49), nn.ReLU(), nn.Unflatten(1, (2 * c, 7, 7)),
            nn.ConvTranspose2d(2 * c, c, 4, 2, 1), nn.ReLU(),
            nn.ConvTranspose2d(c, 1, 4, 2, 1), nn.Sigmoid(),
        )

    def forward(self, x):
        return self.decode(self.encode(x))


experiment = Experiment(
    model=Inpainter,
    train=(damaged[:2000], target[:2000]),
    val=(damaged[2000:], target[2000:]),
    task="regression",
    loss=GapLoss(),
    metric=r2_in_gap,
    optimizer="adam",
    lr=2e-3,
    batch_size=50,
    epochs=18,
)
