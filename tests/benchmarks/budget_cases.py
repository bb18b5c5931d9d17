"""Experiments whose runs are held against a budget of time: small and large, sound and faulty, and
some that took far longer than they were given.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torchvision.models import mobilenet_v2, resnet18

from recipe import Experiment

Pair = tuple[Tensor, Tensor]


def images(
    n: int, side: int, classes: int, seed: int, channels: int = 3, *, signal: float = 1.0
) -> Pair:
    """Noise, and in it a pattern of the class."""
    source = torch.Generator().manual_seed(seed)
    y = torch.randint(classes, (n,), generator=source)
    patterns = torch.randn(
        classes, channels, side, side, generator=torch.Generator().manual_seed(9)
    )
    return torch.randn(n, channels, side, side, generator=source) + signal * 0.3 * patterns[y], y


def rows(n: int, width: int, seed: int) -> Pair:
    """Two classes that a bent surface parts, with 5 % of wrong answers."""
    source = torch.Generator().manual_seed(seed)
    x = torch.randn(n, width, generator=source)
    y = (x[:, 0] * x[:, 1] + x[:, 2] > 0).long()
    return x, torch.where(torch.rand(n, generator=source) < 0.05, 1 - y, y)


def values(n: int, seed: int) -> Pair:
    """A smooth function of ten inputs, with noise."""
    source = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 10, generator=source)
    return x, (x[:, :1].sin() + x[:, 1:2] * x[:, 2:3]) + 0.1 * torch.randn(n, 1, generator=source)


def masks(n: int, seed: int, side: int = 64) -> Pair:
    """Discs, and where they are."""
    source = torch.Generator().manual_seed(seed)
    grid = torch.arange(side).float()
    centre = side * (0.25 + 0.5 * torch.rand(n, 2, 1, 1, generator=source))
    apart = (grid[None, :, None] - centre[:, 0]) ** 2 + (grid[None, None] - centre[:, 1]) ** 2
    inside = (apart < (side / 6) ** 2).long()
    return inside[:, None] + 0.5 * torch.randn(n, 1, side, side, generator=source), inside


def tokens(n: int, seed: int, length: int = 48, words: int = 60) -> Pair:
    """Each word follows from the two before, mostly."""
    source = torch.Generator().manual_seed(seed)
    text = torch.randint(words, (n, length + 1), generator=source)
    for place in range(2, length + 1):
        told = (3 * text[:, place - 1] + text[:, place - 2] + 1) % words
        text[:, place] = torch.where(torch.rand(n, generator=source) < 0.9, told, text[:, place])
    return text[:, :-1], text[:, 1:].contiguous()


def mlp(width: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(),
                         nn.Linear(64, outputs))  # fmt: skip


def cnn(classes: int = 10, *last: nn.Module) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 64, 128), nn.ReLU(), nn.Linear(128, classes), *last,
    )  # fmt: skip


class UNet(nn.Module):
    """Two levels down and up again."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.first, self.second = self.block(1, width), self.block(width, 2 * width)
        self.middle = self.block(2 * width, 4 * width)
        self.wide = nn.Upsample(scale_factor=2)
        self.back = self.block(6 * width, 2 * width)
        self.last = nn.Sequential(self.block(3 * width, width), nn.Conv2d(width, 2, 1))

    def block(self, before: int, after: int) -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        one = self.first(x)
        two = self.second(nn.functional.max_pool2d(one, 2))
        three = self.wide(self.middle(nn.functional.max_pool2d(two, 2)))
        found: Tensor = self.last(
            torch.cat([one, self.wide(self.back(torch.cat([two, three], 1)))], 1)
        )
        return found


class Words(nn.Module):
    """A small transformer that reads from left to right."""

    def __init__(self, words: int = 60, width: int = 64, length: int = 48) -> None:
        super().__init__()
        self.embed = nn.Embedding(words, width)
        self.place = nn.Parameter(0.02 * torch.randn(length, width))
        layer = nn.TransformerEncoderLayer(width, 4, 128, dropout=0.0, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(width, words)

    def forward(self, x: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        found: Tensor = self.head(self.layers(self.embed(x) + self.place, mask, is_causal=True))
        return found


table = Experiment(model=lambda: mlp(20, 2), train=rows(2000, 20, 0), val=rows(500, 20, 1),
                   epochs=20, name="table")  # fmt: skip
big_table = Experiment(model=lambda: mlp(20, 2), train=rows(40000, 20, 0), val=rows(8000, 20, 1),
                       lr=0.05, epochs=20, name="big-table")  # fmt: skip
regression = Experiment(model=lambda: mlp(10, 1), train=values(3000, 0), val=values(800, 1),
                        task="regression", optimizer="adam", lr=1e-3, epochs=30,
                        name="regression")  # fmt: skip
small_cnn = Experiment(model=cnn, train=images(2500, 32, 10, 0), val=images(500, 32, 10, 1),
                       lr=0.05, epochs=20, name="small-cnn")  # fmt: skip
noise = replace(small_cnn, train=images(2500, 32, 10, 0, signal=0.0),
                val=images(500, 32, 10, 1, signal=0.0), name="noise")  # fmt: skip
unet = Experiment(model=UNet, train=masks(200, 0), val=masks(60, 1), task="segmentation",
                  optimizer="adam", lr=1e-3, batch_size=16, epochs=20, name="unet")  # fmt: skip
pictures = Experiment(model=lambda: resnet18(num_classes=5), train=images(64, 64, 5, 0),
                      val=images(32, 64, 5, 1), epochs=30, name="pictures")  # fmt: skip
resnet = Experiment(model=lambda: resnet18(num_classes=10), train=images(2000, 64, 10, 0),
                    val=images(500, 64, 10, 1), lr=0.05, epochs=20, name="resnet")  # fmt: skip
mobile = Experiment(model=lambda: mobilenet_v2(num_classes=10), train=images(1000, 64, 10, 0),
                    val=images(300, 64, 10, 1), epochs=20, name="mobile")  # fmt: skip
language = Experiment(model=Words, train=tokens(1500, 0), val=tokens(300, 1), task="language_model",
                      optimizer="adamw", lr=1e-3, epochs=20, name="language")  # fmt: skip
softmax = replace(small_cnn, model=lambda: cnn(10, nn.Softmax(1)), name="softmax")
unscaled = replace(small_cnn, train=(255 * images(2500, 32, 10, 0)[0], images(2500, 32, 10, 0)[1]),
                   val=(255 * images(500, 32, 10, 1)[0], images(500, 32, 10, 1)[1]),
                   name="unscaled")  # fmt: skip
CASES = ("table", "big_table", "regression", "small_cnn", "noise", "unet", "pictures", "resnet",
         "mobile", "language", "softmax", "unscaled")  # fmt: skip
