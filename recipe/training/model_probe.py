"""One pass over a few items: what shows how a model is called and what it returns."""

import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from recipe.border.faults import error_location
from recipe.core.errors import UsageError, in_a_line
from recipe.data.trees import Values, described, natural
from recipe.experiment import Experiment
from recipe.models.adapted import Adapter
from recipe.models.building import build_model
from recipe.models.calling import Calling
from recipe.models.outputs import OutputPicker, find_output
from recipe.models.own_loss import OwnLoss
from recipe.models.randomness import seeded
from recipe.tasks import Task
from recipe.training.model_kinds import per_token

CPU = torch.device("cpu")


@dataclass
class Probe:
    """What one pass over a few items showed."""

    x: Values
    y: Values
    model: nn.Module
    adapter: Adapter = field(default_factory=Adapter)
    returned: Any = None
    """In training mode, or in evaluation mode where the other failed; None where both failed, which
    the first step tells of."""
    evaluated: Any = None
    """In evaluation mode."""

    def pick(self, task: Task, declared: Any) -> OutputPicker:
        """Where the outputs are in what it returned."""

        def fits(outputs: Tensor) -> bool:
            if not outputs.ndim or len(outputs) != len(self.y):
                return False
            y = self.y
            if not isinstance(y, Tensor):
                return True
            return per_token(outputs, y) or task.shape_problem(outputs, y) is None

        return find_output(self.returned, declared, fits)


def try_out(probe: Probe) -> None:
    """Fill in what the model returns in both modes."""
    found = {}
    for training in (False, True):
        model = probe.model.train(training)
        args, kwargs = arguments_of(probe)
        with suppress(Exception), torch.no_grad(), seeded(0, CPU):  # the first step says why not
            found[training] = model(*args, **kwargs)
    probe.evaluated = found.get(False)
    probe.returned = found.get(True, probe.evaluated)


def arguments_of(
    probe: Probe, calling: Calling | None = None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Of a call of the model with the sample, positional and by name."""
    calling = calling or probe.adapter.calling or Calling()
    return calling.arguments(natural(probe.x.clone()))


def ask(experiment: Experiment, probe: Probe, own: OwnLoss) -> dict[str, Any]:
    """What the model answers that is given the targets of the sample.

    Raises:
        UsageError: it fails.

    """
    model = build_model(experiment, 0, CPU).eval()
    args, kwargs = arguments_of(probe, Calling() if own.whole_batch else None)
    try:
        with torch.no_grad(), seeded(0, CPU):
            answer = own.asked(model, model.forward, args, kwargs, natural(probe.y))
    except UsageError:
        raise
    except Exception as error:
        odd = experiment.resolved_task.targets_problem(natural(probe.y))
        raise UsageError(
            f"The model cannot compute its own loss of {len(probe.x)} items (inputs "
            f"{described(probe.x)}; targets {described(probe.y)}): {in_a_line(error)} "
            f"({error_location(error)}){f'; {odd}' if odd else ''}."
        ) from error
    return answer.as_tree(OutputPicker(), len(probe.x))


def takes_all(loss: Callable[..., Any], probe: Probe) -> bool:
    """Whether a loss takes all that the model returns."""
    return value_of(loss, probe.returned, natural(probe.y)) is not None


def value_of(loss: Callable[..., Any], outputs: Any, targets: Any) -> float | None:
    """Of a loss; None where it refuses these outputs."""
    with suppress(Exception), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(loss(outputs, targets))
    return None
