"""A small model of our own for texts with a label."""

import torch
from torch import Tensor, nn

from recipe.sources.text_tables import PADDING, SEPARATOR


class BagOfEmbeddings(nn.Module):
    """The mean of a text's word embeddings, then two layers; of a pair of texts both means, their
    difference and their product (InferSent, Conneau et al. 2017).
    """

    def __init__(self, shape: tuple[int, ...], outputs: int, tokens: int, *, pair: bool = False,
                 width: int = 64, dropout: float = 0.0) -> None:  # fmt: skip
        """Take `tokens` different numbers.

        Args:
            shape: of one input; any length is taken.
            outputs: numbers per item.
            tokens: one more than the largest number of a token.
            pair: whether inputs hold two texts with a separator between them.
            width: of an embedding.
            dropout: before the last layer.

        """
        super().__init__()
        self.pair = pair
        self.length = shape[0]
        self.embedding = nn.Embedding(tokens, width, padding_idx=PADDING)
        self.hidden = nn.Linear(4 * width if pair else width, width)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens [N, T] to outputs [N, outputs]."""
        words = self.embedding(x)
        filled = (x != PADDING) & (x != SEPARATOR)
        if self.pair:
            behind = (x == SEPARATOR).cumsum(1) > 0
            first, second = _mean(words, filled & ~behind), _mean(words, filled & behind)
            state = torch.cat([first, second, (first - second).abs(), first * second], dim=1)
        else:
            state = _mean(words, filled)
        answer: Tensor = self.output(self.dropout(self.hidden(state).relu()))
        return answer


def _mean(words: Tensor, chosen: Tensor) -> Tensor:
    """The mean embedding [N, width] of the chosen tokens [N, T]; zero where there are none."""
    share = chosen.to(words.dtype)
    share = share / share.sum(1, keepdim=True).clamp_min(1)
    return (words * share[..., None]).sum(1)
