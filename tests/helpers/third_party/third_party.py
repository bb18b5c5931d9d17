"""A package of somebody else: a step with a rule and its remedy, a task, and a source of data.

What it needs of the recipe comes from `recipe.plugin` alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from recipe.plugin import (
    Context,
    Evidence,
    Experiment,
    Figure,
    Finding,
    Remedy,
    RemedyInput,
    Rule,
    Source,
    Task,
    TensorData,
    counts_items,
    evaluate,
    finding,
    rule,
)


def _larger_rate(given: RemedyInput) -> Experiment | None:
    lr = given.experiment.lr
    return None if lr is None else replace(given.experiment, lr=1000 * lr)


@rule("warn", remedy=Remedy("take a thousand times the rate", _larger_rate, as_declared=True))
def nearly_no_rate(evidence: Evidence) -> Finding | None:
    """What: the declared rate is below a ten-thousandth.

    Why: weights hardly move.

    Fix: take a larger one.
    """
    lr = evidence.number("lr")
    if lr is None or lr >= 1e-4:
        return None
    return finding("warn", f"The rate is {lr:g}.", "Take a larger one.")


class Rates:
    """Looks at the declared rate, and at what a fresh model scores."""

    name: ClassVar = "rates"
    title: ClassVar = "Look at the rate"
    version: ClassVar = 1
    requires: ClassVar = frozenset({"inspect"})
    rules: ClassVar[tuple[Rule, ...]] = (nearly_no_rate,)
    figures: ClassVar = (Figure("targets", "The first targets", ("targets",)),)

    def measure(self, ctx: Context) -> Evidence:
        """The rate, the score of a fresh model, and some targets."""
        train = ctx.data.train
        _, score = evaluate(ctx.experiment.model().to(ctx.device), ctx.experiment, ctx.data.val)
        targets = train.y[:8].flatten().tolist() if isinstance(train, TensorData) else []
        return Evidence({"lr": ctx.experiment.lr, "fresh_score": score}, {"targets": targets})


class AbsoluteError(Task):
    """Real values, scored by the share of them that are hit within a tenth."""

    name = "absolute-error"
    metric = "hits"
    target_kind = "real"

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean absolute error."""
        return (outputs - targets).abs().mean()

    @counts_items
    def sums(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Hits, and how many values there are."""
        hits = ((outputs - targets).abs() < 0.1).double()
        return torch.stack([hits.sum(), torch.tensor(float(hits.numel())).double()])

    def score(self, sums: Tensor) -> float:
        """The share of hits."""
        return float(sums[0] / sums[1])

    def expected_initial_loss(
        self, targets: Tensor, n_outputs: int, bias: Tensor | None = None
    ) -> float:
        """Of a model that answers zero."""
        return float(targets.abs().mean())


class Lines:
    """Reads numbers from the lines of a file."""

    def read(self, path: Path) -> tuple[Sequence[str], Tensor]:
        """One input a line."""
        lines = path.read_text("utf-8").split()
        return lines, torch.tensor([[float(line)] for line in lines])


def parabola() -> Source:
    """A hundred numbers and their squares."""
    x = torch.linspace(-1, 1, 100)[:, None]
    return Source(
        name="parabola", kind="table", task="absolute-error", train=(x, x**2), val=0.25, test=None,
        shape=(1,), outputs=1, reader=Lines(), notes=("made up.",),
    )  # fmt: skip


def network() -> nn.Module:
    """One hidden layer."""
    return nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))


def experiment() -> Experiment:
    """The parabola by its own task, at a rate that is far too small."""
    source = parabola()
    return Experiment(
        model=network, train=source.train, val=source.val, task=AbsoluteError(), optimizer="adam",
        lr=1e-5, epochs=60, batch_size=10, name=source.name,
    )  # fmt: skip
