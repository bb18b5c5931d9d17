"""CIFAR-10 from folders of images: transforms, a small CNN, and augmentation on the batch.

Set CIFAR10 to a folder that holds train/, val/ and test/, each with one folder of images per
class, then:  recipe run examples/cifar10.py
"""

import os
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from recipe import Experiment, UsageError

PADDING = 4
# No random transform here: the images are then decoded once, and kept as tensors.
TRANSFORM = v2.Compose([
    v2.ToImage(),
    v2.ToDtype(torch.float32, scale=True),  # 0..255 becomes 0..1
    v2.Normalize(mean=[0.491, 0.482, 0.447], std=[0.247, 0.243, 0.262]),
])  # fmt: skip


def images(split: str) -> ImageFolder:
    """One split: `train`, `val` or `test`."""
    folder = Path(os.environ.get("CIFAR10", "cifar10"))
    if not (folder / split).is_dir():
        raise UsageError(
            f"There is no folder {str(folder / split)!r}: set the environment variable CIFAR10 "
            "to a folder with train/, val/ and test/, each with one folder of images per class."
        )
    return ImageFolder(str(folder / split), TRANSFORM)


def augment(x: Tensor) -> Tensor:
    """Flip half the images and move each by up to 4 pixels, black coming in at the edges.

    Every image of the batch [N, C, H, W] draws its own. Flip and shift are one affine map per
    image, and sampling the nearest pixel copies values exactly: milliseconds per batch.
    """
    n, _, height, width = x.shape
    flip = 1 - 2 * torch.randint(0, 2, (n,), device=x.device)
    down, right = torch.randint(-PADDING, PADDING + 1, (2, n), device=x.device)
    maps = torch.zeros(n, 2, 3, device=x.device)  # in units where the image spans -1 to 1
    maps[:, 0, 0], maps[:, 0, 2] = flip, right * 2 / width
    maps[:, 1, 1], maps[:, 1, 2] = 1, down * 2 / height
    grid = F.affine_grid(maps, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, mode="nearest", padding_mode="zeros", align_corners=False)


def block(inputs: int, outputs: int) -> nn.Module:
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2))


def cnn() -> nn.Module:
    """3 x 32 x 32 -> 32 x 16 x 16 -> 64 x 8 x 8 -> 64 x 4 x 4 -> 10 logits."""
    return nn.Sequential(
        block(3, 32), block(32, 64), block(64, 64), nn.Flatten(), nn.Linear(64 * 4 * 4, 10)
    )


def experiment() -> Experiment:
    """No `lr`: there is no baseline, and the recipe looks for a rate by itself."""
    return Experiment(
        model=cnn, train=images("train"), val=images("val"), test=images("test"),
        optimizer="sgd", batch_size=128, epochs=16, augment=augment, name="cifar10",
    )  # fmt: skip
