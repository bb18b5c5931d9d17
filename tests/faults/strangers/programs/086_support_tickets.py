import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence
from recipe import Experiment

VOCAB, TOPICS, MAXLEN = 120, 5, 24


def tickets(n, seed):
    g = torch.Generator().manual_seed(seed)
    topic = torch.randint(TOPICS, (n,), generator=g)
    length = torch.randint(6, MAXLEN + 1, (n,), generator=g)
    words = torch.randint(1, VOCAB, (n, MAXLEN), generator=g)
    own = 1 + topic[:, None] * 12 + torch.randint(12, (n, MAXLEN), generator=g)
    words = torch.where(torch.rand(n, MAXLEN, generator=g) < 0.35, own, words)
    words[torch.arange(MAXLEN)[None] >= length[:, None]] = 0
    return words, length, topic


class TicketRouter(nn.Module):
    def __init__(self, emb=32, hidden=48):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, emb, padding_idx=0)
        self.rnn = nn.GRU(emb, hidden, batch_first=True)
        self.out = nn.Linear(hidden, TOPICS)

    def forward(self, words, length):
        length, order = length.sort(descending=True)
        e = self.emb(words[order])
        packed = pack_padded_sequence(e, length.cpu(), batch_first=True)
        _, h = self.rnn(packed)
        return self.out(h[-1])


experiment = Experiment(
    model=TicketRouter,
    train=tickets(2000, 1),
    val=tickets(500, 2),
    optimizer="adam",
    lr=3e-3,
    batch_size=64,
    epochs=8,
)
