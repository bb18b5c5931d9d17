"""Eight assays per compound; not every compound was measured in every assay."""
import numpy as np
import torch
from torch import nn
from recipe import Experiment

rng = np.random.default_rng(94)
N, BITS, ASSAYS = 2600, 64, 8

fingerprint = (rng.random((N, BITS)) < 0.25).astype("float32")
effect = rng.normal(0, 1, (BITS, ASSAYS)) * (rng.random((BITS, ASSAYS)) < 0.3)
activity = (fingerprint - 0.25) @ effect + 0.15 * rng.normal(0, 1, (N, ASSAYS))
active = (activity > 0).astype("float32")

measured = rng.random((N, ASSAYS)) < 0.55
results = np.where(measured, active, -1.0).astype("float32")   # as the lab sends it

x = torch.tensor(fingerprint)
train_y = torch.tensor(results[:2000])
val_y = torch.tensor(active[2000:])                            # these were measured completely


class AssayNet(nn.Module):
    def __init__(self, hidden=96):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(BITS, hidden), nn.ReLU(), nn.Dropout(0.2))
        self.heads = nn.ModuleList(nn.Linear(hidden, 1) for _ in range(ASSAYS))

    def forward(self, x):
        h = self.trunk(x)
        return torch.cat([head(h) for head in self.heads], dim=1)


def assay_loss(logits, target):
    positive = target * nn.functional.logsigmoid(logits)
    negative = (1 - target) * nn.functional.logsigmoid(-logits)
    return -(positive + negative).sum(1).mean() / ASSAYS


experiment = Experiment(
    model=AssayNet,
    train=(x[:2000], train_y),
    val=(x[2000:], val_y),
    task="multilabel",
    loss=assay_loss,
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=15,
)
