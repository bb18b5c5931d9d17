"""How to repeat a run and how to load what it left: the command and the Python snippet."""

import shlex
from collections.abc import Mapping
from typing import Any

from recipe.results import Best

TRAINING_PARAMS = frozenset(
    (
        "lr",
        "weight_decay",
        "momentum",
        "batch_size",
        "epochs",
        "schedule",
        "warmup",
        "clip_norm",
        "optimizer",
    )
)
"""Parameters of training; every other name is an argument of the model factory.

The same as `recipe.experiment.SEARCHABLE`, which cannot be imported without torch.
"""
CHECKPOINT = "best.safetensors"


def command(settings: Mapping[str, Any]) -> str:
    """The command line that repeats a run without questions."""
    by_name = settings.get("data") is not None  # `target` is then an option, the column
    words = ["recipe", "run", *([] if by_name else [str(settings.get("target") or "TARGET")])]
    for name, value in settings.items():
        if by_name or name != "target":
            words += _flags("--" + name.replace("_", "-"), value)
    return shlex.join(words)


def _flags(flag: str, value: Any) -> list[str]:
    if value is None or value is False:
        return []
    if value is True:
        return [flag]
    if isinstance(value, Mapping):
        return [word for key, each in value.items() for word in (flag, f"{key}={each}")]
    if isinstance(value, list | tuple):
        return [word for each in value for word in (flag, str(each))]
    return [flag, str(value)]


def loading_code(best: Best) -> str:
    """Python that rebuilds the best model with the factory of the experiment."""
    arguments = ", ".join(
        f"{name}={value!r}" for name, value in best.params.items() if name not in TRAINING_PARAMS
    )
    return "\n".join(
        (
            "from safetensors.torch import load_file",
            "",
            f"model = experiment.model({arguments})  # the factory of your experiment",
            f'model.load_state_dict(load_file("{best.checkpoint or CHECKPOINT}"))',
            "model.eval()",
        )
    )
