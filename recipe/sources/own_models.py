"""Small models of our own: what a first run begins with."""

import math

from torch import Tensor, nn
from torch.nn import functional as F

LEAST_MAP = 4
"""Side of the feature map at which the small CNN stops halving."""
MOST_BLOCKS = 5
HEADS, LAYERS = 4, 2


def mlp(shape: tuple[int, ...], outputs: int, width: int = 128, dropout: float = 0.0) -> nn.Module:
    """Two hidden layers; images are flattened."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(math.prod(shape), width), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(width, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, outputs),
    )  # fmt: skip


def linear(shape: tuple[int, ...], outputs: int) -> nn.Module:
    """Softmax, logistic or linear regression: what anything deeper has to beat."""
    return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(shape), outputs))


def cnn(shape: tuple[int, ...], outputs: int, width: int = 32, dropout: float = 0.0) -> nn.Module:
    """Blocks of convolution, batch norm, ReLU and pooling down to 4 x 4, then the mean over it."""
    channels, *sides = shape
    blocks = min(MOST_BLOCKS, max(1, int(math.log2(max(1, min(sides) / LEAST_MAP)))))
    layers: list[nn.Module] = []
    for index in range(blocks):
        out = width * 2 ** min(index, 2)
        layers += [nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.BatchNorm2d(out),
                   nn.ReLU(), nn.MaxPool2d(2)]  # fmt: skip
        channels = out
    head = [
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(channels, outputs),
    ]
    return nn.Sequential(*layers, *head)


class Transformer(nn.Module):
    """Causal attention over characters: each position sees those up to its own."""

    def __init__(self, shape: tuple[int, ...], outputs: int, width: int = 64,
                 dropout: float = 0.0) -> None:  # fmt: skip
        super().__init__()
        self.character = nn.Embedding(outputs, width)
        self.position = nn.Embedding(shape[0], width)
        self.blocks = nn.ModuleList(_Block(width, dropout) for _ in range(LAYERS))
        self.norm, self.output = nn.LayerNorm(width), nn.Linear(width, outputs)
        nn.init.normal_(self.character.weight, std=0.02)  # as GPT-2: logits then start near zero
        nn.init.normal_(self.position.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """Characters [N, T] to logits [N, T, alphabet]."""
        state = self.character(x) + self.position.weight[: x.shape[1]]
        for block in self.blocks:
            state = block(state)
        logits: Tensor = self.output(self.norm(state))
        return logits


class _Block(nn.Module):
    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.asks, self.mixes = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.thinks = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(),
                                    nn.Linear(4 * width, width), nn.Dropout(dropout))  # fmt: skip

    def forward(self, state: Tensor) -> Tensor:
        """[N, T, width] to the same."""
        parts = self.asks(self.before(state)).unflatten(-1, (3 * HEADS, -1)).transpose(1, 2)
        queries, keys, values = parts.chunk(3, 1)  # [N, heads, T, width / heads] each
        seen = F.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        state = state + self.mixes(seen.transpose(1, 2).flatten(2))
        thought: Tensor = state + self.thinks(self.between(state))
        return thought
