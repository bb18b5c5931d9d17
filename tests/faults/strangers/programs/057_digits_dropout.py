from sklearn.datasets import load_digits
import torch
import torch.nn as nn
from recipe import Experiment

P_DROP = 0.9  # regularisation
HIDDEN = 24

digits = load_digits()
pixels = torch.tensor(digits.images, dtype=torch.float32).flatten(1) / 16.0
target = torch.tensor(digits.target)

generator = torch.Generator().manual_seed(99)
idx = torch.randperm(len(pixels), generator=generator)
split = int(0.75 * len(idx))
tr_idx, va_idx = idx[:split], idx[split:]


class DigitsModel(nn.Module):
    def __init__(self, n_hidden: int, p: float) -> None:
        super().__init__()
        self.input_layer = nn.Linear(64, n_hidden)
        self.mid_layer = nn.Linear(n_hidden, n_hidden)
        self.output_layer = nn.Linear(n_hidden, 10)
        self.dropout = nn.Dropout(p)
        self.relu = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.dropout(self.relu(self.input_layer(x)))
        x = self.dropout(self.relu(self.mid_layer(x)))
        return self.output_layer(x)


def build() -> nn.Module:
    return DigitsModel(HIDDEN, P_DROP)


experiment = Experiment(
    model=build,
    train=(pixels[tr_idx], target[tr_idx]),
    val=(pixels[va_idx], target[va_idx]),
    optimizer="adam",
    lr=3e-3,
    batch_size=32,
    epochs=20,
)
