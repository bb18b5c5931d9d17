"""A target that a test can run in a second: three blobs, a small network."""

from dataclasses import replace
from functools import cache

import torch
from torch import nn

from recipe import Experiment, log_uniform


def blobs(n: int = 240) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    y = torch.arange(n) % 3
    centres = torch.tensor([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]])
    return centres[y] + 0.6 * torch.randn(n, 2, generator=generator), y


def network(width: int = 16) -> nn.Module:
    return nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, 3))


experiment = Experiment(
    model=network, train=blobs(), batch_size=32, lr=0.05, epochs=6, weight_decay=1e-4, name="tiny"
)
halved = replace(experiment, batch_size=3, epochs=2, name="halved")
"""Its coarse grid is cut in the middle of its one epoch."""


def products(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    source = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 8, generator=source)
    return x, (x[:, 0] * x[:, 1] + x[:, 2] > 0).long()


def wide(width: int = 64) -> nn.Module:
    return nn.Sequential(nn.Linear(8, width), nn.ReLU(), nn.Linear(width, 2))


rounds = Experiment(
    model=wide, train=products(256, 0), val=products(400, 1), batch_size=16,
    space={"lr": log_uniform(0.05, 0.1)}, epochs=3, name="rounds",
)  # fmt: skip
"""Too short to learn its task: longer training is tried in further rounds, and adopted."""


def deep(outputs: int = 3) -> nn.Module:
    return nn.Sequential(
        nn.Linear(8, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(),
        nn.Linear(24, outputs),
    )  # fmt: skip


@cache
def learnt() -> dict[str, torch.Tensor]:
    """Weights of the same network after the products of other items."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model, (x, y) = deep(2), products(512, 5)
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        for _ in range(150):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    return model.state_dict()


def moved(weights: str | None = None) -> nn.Module:
    model = deep()
    if weights == "products":
        state = {n: v for n, v in learnt().items() if not n.startswith("5.")}
        model.load_state_dict(state, strict=False)
    return model


def signs(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    x, y = products(n, seed)
    return x, y + (x[:, 0] * x[:, 1] > 1).long() * y


transferred = Experiment(
    model=moved, train=signs(120, 11), val=signs(300, 12), head="5", weights="products",
    batch_size=32, epochs=4, name="transferred",
)  # fmt: skip
"""From two classes to three, with weights by name."""


def deep_of_two() -> nn.Module:
    return deep(2)


tested = Experiment(
    model=deep_of_two, train=products(256, 0), val=products(200, 1), test=products(300, 2),
    batch_size=16, lr=0.05, epochs=4, name="tested",
)  # fmt: skip
"""With test data and batch norm."""
