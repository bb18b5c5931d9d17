"""Next-token prediction: cross-entropy over a vocabulary at every position."""

import torch
from torch import Tensor
from torch.nn import functional as F

from recipe.tasks.base import counts_items
from recipe.tasks.classification import Classification


class LanguageModel(Classification):
    """Outputs [N, T, V], targets [N, T] of token indices."""

    name = "language_model"
    tolerance = 0.005

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy averaged over all tokens."""
        return F.cross_entropy(outputs.flatten(0, -2), targets.flatten())

    @counts_items
    def sums(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """[tokens right, tokens counted]."""
        return super().sums(outputs.flatten(0, -2), targets.flatten())

    def class_axis(self, outputs: Tensor, targets: Tensor) -> int:  # noqa: ARG002
        """The last one, also of as many words as there are steps."""
        return outputs.ndim - 1

    @property
    def _axis_alone(self) -> int:
        return -1

    def n_outputs(self, outputs: Tensor) -> int:
        """The size of the vocabulary."""
        return outputs.shape[-1]

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

    def shape_problem(self, outputs: Tensor, targets: Tensor) -> str | None:
        """Outputs need the shape of the targets and a vocabulary axis behind."""
        if outputs.ndim < 2 or outputs.shape[:-1] != targets.shape:
            return (
                f"outputs of shape {list(outputs.shape)} against tokens of shape "
                f"{list(targets.shape)}; expected {[*targets.shape, 'vocabulary']}"
            )
        return None


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
