"""A language model of characters, on a text that every Python brings along.

Try it with:  recipe run examples/text.py
"""

from pydoc_data.topics import topics  # what help("types") prints: parts of the Python reference

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recipe import Experiment
from recipe.tasks.language_modelling import windows

CHAPTERS = ["types", "debugger", "typesseq", "formatstrings", "string-methods", "compound"]
LENGTH = 32

text = "\n".join(topics[chapter] for chapter in CHAPTERS)
alphabet = sorted(set(text))
number = {character: i for i, character in enumerate(alphabet)}
tokens = torch.tensor([number[character] for character in text])
cut = len(tokens) * 9 // 10  # the end of the text is held out: no window stands in both parts


class CharacterModel(nn.Module):
    """One block of causal attention: each position sees the characters up to its own."""

    def __init__(self, embedding: int = 32, hidden: int = 64) -> None:
        super().__init__()
        self.character = nn.Embedding(len(alphabet), embedding)
        self.position = nn.Embedding(LENGTH, embedding)
        self.widen = nn.Linear(embedding, hidden)
        self.before_mixing, self.before_thinking = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.asks, self.mixes = nn.Linear(hidden, 3 * hidden), nn.Linear(hidden, hidden)
        self.thinks = nn.Sequential(
            nn.Linear(hidden, 4 * hidden), nn.GELU(), nn.Linear(4 * hidden, hidden)
        )
        self.output = nn.Linear(hidden, len(alphabet))

    def forward(self, x: Tensor) -> Tensor:
        """Characters [N, T] to logits [N, T, alphabet]."""
        state = self.widen(self.character(x) + self.position.weight[: x.shape[1]])
        heads = self.asks(self.before_mixing(state)).unflatten(-1, (12, -1)).transpose(1, 2)
        queries, keys, values = heads.chunk(3, 1)  # [N, 4 heads, T, hidden / 4] each
        seen = F.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        state = state + self.mixes(seen.transpose(1, 2).flatten(2))
        return self.output(state + self.thinks(self.before_thinking(state)))


experiment = Experiment(
    model=CharacterModel,
    # Inputs [N, 32], and as targets the same windows one character further on.
    train=windows(tokens[:cut], LENGTH),
    val=windows(tokens[cut:], LENGTH),
    task="language_model",
    optimizer="adam",
    batch_size=64,
    epochs=8,
    name="text",
)
