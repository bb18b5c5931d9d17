"""The `compute_metrics` of a `transformers.Trainer` as a score of the recipe's."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import Tensor

from recipe.core.errors import UsageError
from recipe.data.trees import natural


def metric_of(trainer: Any, notes: list[str]) -> "ByComputeMetrics | None":
    """The score of `compute_metrics` that the best model is chosen by, or the first one."""
    if trainer.compute_metrics is None:
        return None
    name = trainer.args.metric_for_best_model
    name = None if name is None else name.removeprefix("eval_")
    if name == "loss":
        return None
    lower = name is not None and trainer.args.greater_is_better is False
    notes.append("Score: " + (f"{name} of compute_metrics." if name else
                              "the first entry of compute_metrics."))  # fmt: skip
    return ByComputeMetrics(
        trainer.compute_metrics, trainer.preprocess_logits_for_metrics, name, lower=lower
    )


class ByComputeMetrics:
    """A metric of the recipe's by a Trainer's `compute_metrics`."""

    def __init__(
        self, function: Callable[..., Any], before: Callable[..., Any] | None, name: str | None,
        *, lower: bool,
    ) -> None:  # fmt: skip
        """Take the functions.

        Args:
            function: EvalPrediction -> dict of numbers.
            before: (logits, labels) -> what of the logits is kept.
            name: of the number; None for the first.
            lower: whether less of it is better.

        """
        self.function, self.before, self.name, self.lower = function, before, name, lower
        self.__name__ = f"minus_{name}" if lower else name or "score"
        self.__qualname__ = f"{getattr(function, '__qualname__', 'metric')} {self.__name__}"

    def __call__(self, outputs: Any, targets: Any) -> float:
        """The score, higher is better.

        Raises:
            UsageError: `compute_metrics` gives no such number.

        """
        from transformers import EvalPrediction

        logits, labels = natural(outputs), natural(targets)
        if self.before is not None:
            logits = self.before(logits, labels)
        found = self.function(EvalPrediction(_arrays(logits), _arrays(labels)))
        name = self.name or next(iter(found), None)
        for key in (name, f"eval_{name}"):
            if key in found:
                return -float(found[key]) if self.lower else float(found[key])
        raise UsageError(
            f"compute_metrics gives {', '.join(map(str, found)) or 'nothing'}, and no {name!r}: "
            "set metric_for_best_model to one of them."
        )


def _arrays(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, Mapping):
        return {key: _arrays(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_arrays(part) for part in value)
    return np.asarray(value)
