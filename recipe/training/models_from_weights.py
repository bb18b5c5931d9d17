"""The model that a run chose, built by the factory, with its weights."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from recipe.core.checksums import is_intact
from recipe.core.chosen_model import Chosen, Member
from recipe.core.errors import UsageError
from recipe.core.files import read_plain
from recipe.experiment import Experiment
from recipe.machine.device import CPU
from recipe.models.building import build_model
from recipe.models.pretrained import SCRATCH
from recipe.training.ensemble import Ensemble

MODELS = "models"
"""In a run folder: the weights that a step kept."""


def model_of(
    experiment: Experiment, chosen: Chosen, folder: Path, device: torch.device = CPU
) -> nn.Module:
    """The chosen model, in evaluation mode.

    Args:
        experiment: resolved, as it was trained.
        chosen: which trainings it is made of.
        folder: the run folder.
        device: where to put it.

    Raises:
        UsageError: weights are missing, or do not fit the model.

    """
    models = [_with_weights(experiment, member, folder, device) for member in chosen.members]
    if len(models) == 1:
        return models[0]
    return Ensemble(models, experiment.resolved_task.together).to(device).eval()


def _with_weights(
    experiment: Experiment, member: Member, folder: Path, device: torch.device
) -> nn.Module:
    from safetensors import SafetensorError
    from safetensors.torch import load

    model = build_model(_bare(experiment, member.params), 0, device)
    path = _inside(folder, member.weights)
    try:
        model.load_state_dict(load(_intact(path)))
    except (OSError, SafetensorError) as error:
        raise UsageError(
            f"The weights {str(path)!r} cannot be read ({error}): copy the whole run folder, or "
            "run the recipe again."
        ) from error
    except RuntimeError as error:
        first = " ".join(str(error).split(":", 1)[-1].split())[:200]
        raise UsageError(
            f"The weights {str(path)!r} do not fit the model of the experiment ({first}): load the "
            "experiment as it was when the run was made."
        ) from error
    return model.eval()


def _inside(folder: Path, weights: str) -> Path:
    """A file of the run folder: what leads out of it belongs to somebody else."""
    path = folder / weights
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(
            f"The weights {weights!r} lie outside the run folder {str(folder)!r}: copy the whole "
            "run folder, or run the recipe again."
        )
    return path


def _intact(path: Path) -> bytes:
    content = read_plain(path, sys.maxsize)
    if not is_intact(content):
        raise OSError("it is not what was written")
    return content


def _bare(experiment: Experiment, params: Mapping[str, Any]) -> Experiment:
    """With the hyperparameters that shape the model, nothing frozen, and without the weights that
    the training began with: those it ended with are loaded.
    """
    left_out = ("optimizer", "schedule", "begin_from", "freeze")
    shaping = {name: value for name, value in params.items() if name not in left_out}
    start = None if experiment.weights is None else SCRATCH
    return experiment.with_params({**shaping, "begin_from": start, "freeze": 0})
