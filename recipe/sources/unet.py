"""A small U-Net (Ronneberger et al. 2015): what a first segmentation begins with."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

DEPTH = 3
"""Times that the image is halved."""


class UNet(nn.Module):
    """Down by pooling, up by interpolation, joined with what was seen on the way down."""

    def __init__(self, shape: tuple[int, ...], outputs: int, width: int = 16,
                 dropout: float = 0.0) -> None:  # fmt: skip
        super().__init__()
        channels = [width * 2**level for level in range(DEPTH + 1)]
        before = [shape[0], *channels[:-1]]
        self.down = nn.ModuleList(_block(a, b) for a, b in zip(before, channels, strict=True))
        self.up = nn.ModuleList(
            _block(channels[level] + channels[level + 1], channels[level])
            for level in reversed(range(DEPTH))
        )
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Conv2d(width, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Images [N, C, H, W] of any size to logits [N, outputs, H, W]."""
        seen = []
        for level, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2, ceil_mode=True) if level else x)
            seen.append(x)
        x = self.dropout(seen.pop())
        for block in self.up:
            skip = seen.pop()
            x = F.interpolate(x, size=skip.shape[-2:], mode="nearest")
            x = block(torch.cat([skip, x], dim=1))
        logits: Tensor = self.output(x)
        return logits


def _block(channels: int, outputs: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
    )  # fmt: skip
