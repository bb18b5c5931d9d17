"""What a language model writes: each token drawn by the model's own probabilities."""

import torch
from torch import nn

from recipe_steps.finish.text_sample import continued


class Next(nn.Module):
    """Says with certainty that the next token is the last one plus one, of five."""

    def forward(self, x):
        return 50.0 * nn.functional.one_hot((x + 1) % 5, 5).float()


class Even(nn.Module):
    def forward(self, x):
        return torch.zeros(*x.shape, 4)


def test_it_continues_from_what_it_has_written():
    assert continued(Next(), torch.tensor([0, 1]), 7, 0) == [2, 3, 4, 0, 1, 2, 3]


def test_tokens_are_drawn_and_a_seed_repeats_them():
    first = continued(Even(), torch.tensor([0, 1]), 400, 3)
    assert first == continued(Even(), torch.tensor([0, 1]), 400, 3)
    assert all(60 < first.count(token) < 140 for token in range(4))
