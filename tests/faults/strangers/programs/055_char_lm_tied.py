import torch
from torch import nn
from recipe import Experiment

# a language model on characters of a generated text; the output layer shares the embedding's weights
WORDS = ("the cat sat on a mat and the dog ran to the house when rain fell over green hills while "
         "birds sang old songs about the sea and men drank tea in small rooms near the station").split()


def story(n_words, seed):
    gen = torch.Generator().manual_seed(seed)
    nxt = torch.randint(0, len(WORDS), (len(WORDS), 4), generator=torch.Generator().manual_seed(0))
    w, out = 0, []
    for _ in range(n_words):
        out.append(WORDS[w])
        w = int(nxt[w, int(torch.randint(0, 4, (1,), generator=gen))])
    return " ".join(out)


ALPHABET = " abcdefghijklmnopqrstuvwxyz"
CONTEXT = 32


def blocks(text):
    ids = torch.tensor([ALPHABET.index(c) for c in text])
    n = (len(ids) - 1) // CONTEXT
    x = ids[: n * CONTEXT].view(n, CONTEXT)
    y = ids[1: n * CONTEXT + 1].view(n, CONTEXT)
    return x, y


class CharGRU(nn.Module):
    def __init__(self, dim=64):
        super().__init__()
        self.embed = nn.Embedding(len(ALPHABET), dim)
        self.gru = nn.GRU(dim, dim, batch_first=True)
        self.proj = nn.Linear(dim, dim)
        self.decoder = nn.Linear(dim, len(ALPHABET))
        nn.init.normal_(self.embed.weight, std=dim ** -0.5)
        self.decoder.weight = self.embed.weight

    def forward(self, x):
        h, _ = self.gru(self.embed(x))
        return self.decoder(torch.tanh(self.proj(h)))


train = blocks(story(7000, 1))
val = blocks(story(1500, 2))

experiment = Experiment(
    model=CharGRU,
    train=train,
    val=val,
    task="language_model",
    optimizer="adam",
    lr=8e-3,
    batch_size=32,
    epochs=6,
    clip_norm=1.0,
)
