import torch
from torch import nn
from recipe import Experiment


def swing(n, seed, steps=24):
    """Noisy angle of a pendulum; classes: free, damped, driven, stuck-slip."""
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 4, (n,), generator=g)
    a = torch.randn(n, generator=g) * 0.5
    v = torch.randn(n, generator=g) * 0.5
    out = []
    for t in range(steps):
        drive = torch.where(y == 2, 0.9 * torch.sin(torch.tensor(1.3 * t)), torch.tensor(0.0))
        damp = torch.where(y == 1, 0.35, 0.0)
        v = v + 0.5 * (-torch.sin(a) - damp * v + drive)
        v = torch.where((y == 3) & (v.abs() < 0.15), torch.zeros(()), v)
        a = a + 0.5 * v
        a = a.clamp(-3, 3)
        out.append(a + 0.08 * torch.randn(n, generator=g))
    angle = torch.stack(out, 1)
    return torch.stack([torch.sin(angle), torch.cos(angle), angle], -1), y


class SwingClassifier(nn.Module):
    def __init__(self, hidden_size=40, num_layers=1):
        super().__init__()
        self.lstm = nn.LSTM(input_size=3, hidden_size=hidden_size, num_layers=num_layers)
        self.head = nn.Linear(hidden_size, 4)

    def forward(self, x):
        # x: (batch, steps, features)
        output, (h_n, c_n) = self.lstm(x)
        return self.head(output[:, -1, :])


train_x, train_y = swing(2500, 100)
val_x, val_y = swing(600, 200)

experiment = Experiment(
    model=lambda: SwingClassifier(),
    train=(train_x, train_y),
    val=(val_x, val_y),
    optimizer="adam",
    lr=5e-3,
    batch_size=64,
    epochs=12,
)
