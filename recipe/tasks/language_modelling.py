"""Next-token prediction: cross-entropy over a vocabulary at every position."""

import torch
from torch import Tensor

from recipe.tasks.tokens import TokenTask


class LanguageModel(TokenTask):
    """Outputs [N, T, V], targets [N, T] of token indices."""

    name = "language_model"
    answers = "vocabulary"
    tolerance = 0.005

    def perfect_score(self, inputs: Tensor, targets: Tensor) -> float:
        """The share that even perfect memory can predict from the tokens to the left.

        Sequences that share a prefix and then part ways cannot both be right: of each prefix
        only its most frequent continuation counts.
        """
        follows: dict[tuple[int, ...], dict[int, int]] = {}
        counted = self.counted(targets)
        for tokens, nexts, counts in zip(
            inputs.tolist(), targets.tolist(), counted.tolist(), strict=True
        ):
            for position, token in enumerate(nexts):
                if counts[position]:
                    known = follows.setdefault(tuple(tokens[: position + 1]), {})
                    known[token] = known.get(token, 0) + 1
        right = sum(max(known.values()) for known in follows.values())
        return right / max(1, int(counted.sum()))


def windows(tokens: Tensor, length: int, stride: int | None = None) -> tuple[Tensor, Tensor]:
    """Cut a stream of tokens [n] into inputs [N, length] and the tokens that follow them.

    Raises:
        ValueError: the stream is shorter than one window.

    """
    stride = stride or length
    if len(tokens) <= length:
        raise ValueError(f"{len(tokens)} tokens are too few for windows of {length}.")
    starts = torch.arange(0, len(tokens) - length, stride)
    index = starts[:, None] + torch.arange(length)
    return tokens[index], tokens[index + 1]
