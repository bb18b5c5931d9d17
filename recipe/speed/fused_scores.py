"""Losses and scores of many trials' outputs at once."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

from recipe.core import clock
from recipe.data.datasets import Splits
from recipe.data.joining import join
from recipe.experiment import Experiment
from recipe.speed.fused_model import FusedModel
from recipe.training.epoch import Epoch
from recipe.training.evaluation import GRACE
from recipe.training.execution_mode import ExecutionMode
from recipe.training.plan import activation_sample


class FusedScores:
    """By the loss and the score of one experiment, which all trials share."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.task, self.loss_function = experiment.resolved_task, experiment.loss_function

    def losses(self, outputs: Tensor, y: Any) -> Tensor:
        """Every trial's loss [K] from outputs [K, N, ...]."""
        if self.experiment.loss is None:
            return self.task.losses(outputs, y)
        losses: Tensor = vmap(self.loss_function, (0, None))(outputs, y)
        return losses

    def sums(self, outputs: Tensor, y: Any) -> Tensor:
        """The sums of every trial's score, [K, ...]."""
        sums: Tensor = vmap(self.task.sums, (0, None))(outputs, y)
        return sums

    @torch.no_grad()
    def validate(
        self, trials: FusedModel, data: Splits, mode: ExecutionMode, epochs: Sequence[Epoch]
    ) -> None:
        """Write loss, score and activations on the validation data into every trial's epoch."""
        trials.model.eval()
        parameters, metric = trials.views(trials.weights), self.experiment.metric_function
        loss_sum: Tensor | None = None
        parts, targets, count = [], [], 0
        for x, y in data.val.eval_batches():
            clock.check(-GRACE)
            outputs = trials.outputs(parameters, mode.lay_out(x))
            loss = self.losses(outputs, y) * len(x)
            loss_sum = loss if loss_sum is None else loss_sum + loss
            count += len(x)
            parts.append(outputs.cpu() if metric else self.sums(outputs, y))
            targets.append(y.cpu() if metric else y)
        if loss_sum is None:
            return
        scored = torch.cat(parts, 1) if metric else torch.stack(parts).sum(0)
        x, _ = next(iter(data.val.eval_batches()))
        x = mode.lay_out(x[: activation_sample(data.train)])
        shares = trials.activation_shares(parameters, x)
        for row, (epoch, loss) in enumerate(zip(epochs, loss_sum.tolist(), strict=True)):
            if epoch.diverged:
                continue
            score = metric(scored[row], join(targets).clone()) if metric else None
            epoch.figures["val_loss"] = loss / count
            epoch.figures["val_score"] = (
                self.task.score(scored[row]) if score is None else float(score)
            )
            epoch.figures |= {name: values[row] for name, values in shares.items()}
