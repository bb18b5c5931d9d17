"""A language model of characters, on a text that every Python brings along.

Try it with:  recipe run examples/text.py
"""

from pydoc_data.topics import topics  # what help("types") prints: parts of the Python reference

import torch
from torch import Tensor, nn

from recipe import Experiment
from recipe.tasks.language_modelling import windows

CHAPTERS = ["types", "debugger", "typesseq", "formatstrings", "string-methods", "compound"]
LENGTH = 64

text = "\n".join(topics[chapter] for chapter in CHAPTERS)
alphabet = sorted(set(text))
number = {character: i for i, character in enumerate(alphabet)}
tokens = torch.tensor([number[character] for character in text])
cut = len(tokens) * 9 // 10  # the end of the text is held out: no window stands in both parts


class CharacterModel(nn.Module):
    """Reads characters from left to right, and guesses the next one at every position."""

    def __init__(self, embedding: int = 32, hidden: int = 64) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(alphabet), embedding)
        self.gru = nn.GRU(embedding, hidden, batch_first=True)
        self.output = nn.Linear(hidden, len(alphabet))

    def forward(self, x: Tensor) -> Tensor:
        """Characters [N, T] to logits [N, T, alphabet]."""
        states, _ = self.gru(self.embedding(x))
        return self.output(states)


experiment = Experiment(
    model=CharacterModel,
    # Inputs [N, 64], and as targets the same windows one character further on.
    train=windows(tokens[:cut], LENGTH),
    val=windows(tokens[cut:], LENGTH),
    task="language_model",
    optimizer="adam",
    batch_size=32,
    epochs=8,
    clip_norm=1.0,  # recurrent networks now and then have a huge gradient
    name="text",
)
