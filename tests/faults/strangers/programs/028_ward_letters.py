import torch
from torch import nn
from recipe import Experiment

VOCAB, MAXLEN, CLASSES = 40, 120, 4


class Notes(torch.utils.data.Dataset):
    """The last real word of a note decides its class; most notes are short."""

    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.x = torch.zeros(n, MAXLEN, dtype=torch.long)
        self.lengths = torch.randint(3, 26, (n,), generator=g)
        self.lengths[: n // 100] = MAXLEN
        self.y = torch.randint(0, CLASSES, (n,), generator=g)
        for i in range(n):
            k = int(self.lengths[i])
            self.x[i, :k] = torch.randint(1, VOCAB, (k,), generator=g)
            word = 1 + 9 * int(self.y[i]) + int(torch.randint(0, 9, (1,), generator=g))
            self.x[i, k - 1] = word

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.lengths[i], self.y[i]


class NoteLSTM(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, 16)
        self.rnn = nn.LSTM(16, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, CLASSES)

    def forward(self, x, lengths):
        out, _ = self.rnn(self.emb(x))
        last = out[:, -1]
        return self.fc(last)


experiment = Experiment(
    model=NoteLSTM,
    train=Notes(900, 1),
    val=Notes(300, 2),
    optimizer="adam",
    lr=5e-3,
    batch_size=50,
    epochs=6,
)
