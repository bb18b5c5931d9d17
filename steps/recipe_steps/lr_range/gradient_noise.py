"""How much gradients of batches differ, and so the batch size beyond which steps hardly fall."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import torch
from torch import Tensor

from recipe.plugin import (
    Batch,
    Context,
    Scalar,
    Training,
    derive_seed,
    epoch_batches,
    model_input,
    seeded,
)

BATCHES = 16
"""Of the declared size, whose gradients are compared at the same weights: the mean of all of them
is the gradient of a batch 16 times as large."""
FULLEST = 0.5
"""Share of the training data from which a batch is hardly drawn any more."""


@dataclass
class _Sum:
    """Of the gradients of some batches."""

    total: list[Tensor] = field(default_factory=list)
    squares: float = 0.0
    count: int = 0

    def add(self, gradients: Sequence[Tensor]) -> None:
        self.count += 1
        self.squares += _square(gradients)
        if self.total:
            torch._foreach_add_(self.total, list(gradients))
        else:
            self.total = [gradient.clone() for gradient in gradients]


def _square(tensors: Sequence[Tensor]) -> float:
    norms = torch.stack(list(torch._foreach_norm(list(tensors))))  # noqa: SLF001
    return float((norms.cpu().double() ** 2).sum())


def noise_of(sums: Sequence[_Sum], batch: int, items: int) -> float:
    """The simple noise scale of McCandlish et al. 2018 ("An empirical model of large-batch
    training", appendix A.1), in items: at this batch size a step makes half of the progress that
    the gradient of all data would, and with far larger ones the number of steps hardly falls.

    With g the gradient of a batch of B of n items, |g|^2 is on average |G|^2 + S / B (1 - B / n);
    batches and the mean of k of them give G and S, and the scale is S / |G|^2. Infinite where the
    mean is no longer than noise alone would make it.
    """
    count = sum(each.count for each in sums)
    mean = [
        sum(parts[1:], parts[0]) / count for parts in zip(*(e.total for e in sums), strict=True)
    ]
    length = _square(mean)
    scatter = max(0.0, (sum(each.squares for each in sums) - count * length) / (count - 1))
    true = length - scatter / count
    drawn = 1 - batch / items if items > batch else 1.0
    return scatter * batch / drawn / true if true > 0 else math.inf


def noise_marks(ctx: Context, training: Training) -> dict[str, Scalar]:
    """The noise scale at the weights that a training has reached, from all batches, and the range
    that it has from each half of them. It cannot be told beyond the items that were looked at:
    where it is larger, `noise_at_least` says how many these are. Nothing where a batch is most of
    the data.
    """
    size, items = training.experiment.batch_size, len(ctx.data.train)
    if size > FULLEST * items:
        return {}
    halves = _Sum(), _Sum()
    with seeded(derive_seed(training.seed, "gradient noise"), training.device):
        training.model.train()
        for number, batch in enumerate(islice(_whole_batches(training), BATCHES)):
            halves[number % 2].add(_gradients(training, batch))
            ctx.spend(1)
    if min(half.count for half in halves) < BATCHES // 2:
        return {}
    whole, most = noise_of(halves, size, items), float(BATCHES * size)
    scales = sorted([whole, *(noise_of([half], size, items) for half in halves)])
    if not whole < most:
        return {"noise_at_least": most, "noise_low": min(scales[0], most)}
    return {"noise_scale": whole, "noise_low": scales[0], "noise_high": min(scales[-1], most)}


def _whole_batches(training: Training) -> Iterator[Batch]:
    """Of fresh orders of the data, the last ones left out where they are smaller."""
    size = training.experiment.batch_size
    for epoch in range(BATCHES):
        seed = derive_seed(training.seed, "gradient noise")
        for x, y in epoch_batches(training.experiment, training.data, seed, epoch):
            if len(y) == size:
                yield x, y


def _gradients(training: Training, batch: Batch) -> list[Tensor]:
    x, y = batch
    params = [p for p in training.model.parameters() if p.requires_grad]

    def clear() -> None:
        for param in params:
            param.grad = None

    clear()
    training.passes.gradients(model_input(training.experiment, training.mode, x), y, clear)
    found = [torch.zeros_like(p) if p.grad is None else p.grad for p in params]
    clear()
    return found
